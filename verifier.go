package webhook

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultVerifierBodyBytes = 1 << 20
	defaultTolerance         = 5 * time.Minute
)

// Errors of [Verifier.Verify] beside [ErrNoSecret], [ErrNoSignature] and
// [ErrBadSignature], to be tested with [errors.Is].
var (
	// ErrTimestamp: the Standard Webhooks timestamp is missing, is no whole
	// number of seconds, or is further from now than the tolerance.
	ErrTimestamp = errors.New("webhook: timestamp missing, malformed or outside the tolerance")

	// ErrBodyTooLarge: the body has more than Verifier.MaxBodyBytes. It is also
	// the RenderError of a body that would have more than Options.MaxBodyBytes.
	ErrBodyTooLarge = errors.New("webhook: body is larger than MaxBodyBytes")
)

// A Verifier is the receiver's side: it tells requests of a sender who knows a
// secret from all others. It knows Frappe's signature, Standard Webhooks 1.0
// and, if told to accept it, the plain secret header.
//
// A request must prove itself by at least one of them, and every one that it
// carries must be right: a good Frappe signature does not excuse a stale
// Standard one. Each may be by any of the secrets; an empty one verifies
// nothing. A header that comes twice is refused.
//
// When a secret is to be replaced, give the receiver the new one beside the old
// one first. During a sender's overlap Standard Webhooks proves both secrets, but
// Frappe's signature and the secret header are by the new one alone.
//
// What Frappe's signature and the secret header prove does not include the time
// or the delivery id: who has read such a request can send it again. Where that
// matters, use Standard Webhooks with RequireStandard, and remember the
// Webhook-Id values of the last minutes.
//
// The zero value refuses every request. A Verifier is safe for concurrent use
// while its fields are left alone.
type Verifier struct {
	// Secrets are those in force, in any order.
	Secrets []string

	// AcceptSecretHeader accepts X-Webhook-Secret, Frappe Cloud's scheme, as
	// proof, of whatever body comes with it. Without it the header is ignored.
	// Defaults to false.
	AcceptSecretHeader bool

	// RequireStandard refuses requests without a Standard Webhooks signature,
	// whatever else they prove. Without it, who has read a request signed in
	// both ways can take the Standard headers off and send it at any time.
	// Defaults to false.
	RequireStandard bool

	// SignatureHeader is the header of Frappe's signature, for senders that
	// renamed it. Defaults to X-Frappe-Webhook-Signature.
	SignatureHeader string

	// MaxBodyBytes bounds what is read of a body; negative means no bound.
	// Defaults to 1 MiB.
	MaxBodyBytes int64

	// Tolerance is how far a Standard Webhooks timestamp may be from now, in
	// both directions; negative accepts any time. Defaults to 5 minutes.
	Tolerance time.Duration
}

// NewVerifier returns a Verifier of the secrets with every default.
func NewVerifier(secrets ...string) *Verifier {
	return &Verifier{Secrets: secrets}
}

// Verify reads and returns the body of r if r proves that it comes from someone
// who knows a secret. Afterwards r.Body, r.ContentLength and r.GetBody are those
// of the verified bytes, and what was parsed of another body is forgotten.
//
// The bytes are those that were sent: a Content-Encoding is left to the caller,
// as are the URL and the headers, which no scheme covers (the delivery id and
// time of Standard Webhooks apart).
//
// The error wraps [ErrNoSecret], [ErrNoSignature], [ErrBadSignature],
// [ErrTimestamp], [ErrBodyTooLarge], or the error of reading the body. A request
// that its headers condemn is refused without reading the body. After an error
// the body is partly read and must not be used.
func (v *Verifier) Verify(r *http.Request) (body []byte, err error) {
	return v.verify(nil, r)
}

// Handler verifies requests before next sees them. Next can read the verified
// body from its request as usual. Other requests are answered here: 401 when
// nothing or something wrong is proven, 413 when the body is too large, 408 when
// reading it took too long, 400 when it could not be read. The answers do not
// say more than that.
func (v *Verifier) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := v.verify(w, r); err != nil {
			status := refusalStatus(err)
			http.Error(w, http.StatusText(status), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refusalStatus(err error) int {
	var timeout net.Error
	switch {
	case errors.Is(err, ErrNoSecret), errors.Is(err, ErrNoSignature),
		errors.Is(err, ErrBadSignature), errors.Is(err, ErrTimestamp):
		return http.StatusUnauthorized
	case errors.Is(err, ErrBodyTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// verify is Verify; w, if there is one, learns when the body is too large, so
// that the server closes the connection.
func (v *Verifier) verify(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	proofs, err := v.proofs(r.Header)
	if err != nil {
		return nil, err
	}
	body, err := v.readBody(w, r)
	if err != nil {
		return nil, err
	}
	for _, p := range proofs {
		if !p.isBy(v.Secrets, body) {
			return nil, fmt.Errorf("%w in %s", ErrBadSignature, p.header)
		}
	}
	replaceBody(r, body)
	return body, nil
}

// A proof is one header by which a request says who sent it.
type proof struct {
	header string
	holds  func(secret string, body []byte) bool
}

// isBy reports whether one of the secrets makes the proof hold. It tries all of
// them, so that the time does not say which one it was.
func (p proof) isBy(secrets []string, body []byte) bool {
	found := false
	for _, secret := range secrets {
		if secret != "" && p.holds(secret, body) {
			found = true
		}
	}
	return found
}

// proofs returns what the headers claim, at least one proof, having checked what
// can be checked without the body.
func (v *Verifier) proofs(h http.Header) ([]proof, error) {
	if strings.Join(v.Secrets, "") == "" {
		return nil, ErrNoSecret
	}
	var proofs []proof
	for _, read := range []func(http.Header) (*proof, error){
		v.frappeProof, v.standardProof, v.secretProof,
	} {
		p, err := read(h)
		if err != nil {
			return nil, err
		}
		if p != nil {
			proofs = append(proofs, *p)
		}
	}
	if len(proofs) == 0 {
		return nil, ErrNoSignature
	}
	return proofs, nil
}

func (v *Verifier) frappeProof(h http.Header) (*proof, error) {
	name := v.SignatureHeader
	if name == "" {
		name = headerFrappeSignature
	}
	signature, ok, err := onlyValue(h, name)
	if err != nil || !ok {
		return nil, err
	}
	return &proof{name, func(secret string, body []byte) bool {
		return Verify(secret, body, signature) == nil
	}}, nil
}

func (v *Verifier) secretProof(h http.Header) (*proof, error) {
	if !v.AcceptSecretHeader {
		return nil, nil
	}
	given, ok, err := onlyValue(h, headerSecret)
	if err != nil || !ok {
		return nil, err
	}
	return &proof{headerSecret, func(secret string, _ []byte) bool {
		// Hashed, so that the time does not say how long the secret is.
		a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(given))
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}}, nil
}

func (v *Verifier) standardProof(h http.Header) (*proof, error) {
	list, ok, err := onlyValue(h, headerStandardSignature)
	if err != nil {
		return nil, err
	}
	if !ok {
		if v.RequireStandard {
			return nil, fmt.Errorf("%w in %s", ErrNoSignature, headerStandardSignature)
		}
		return nil, nil
	}
	id, _, err := onlyValue(h, headerID)
	if err != nil {
		return nil, err
	}
	if !validStandardID(id) {
		return nil, fmt.Errorf("%w: %s missing or malformed", ErrBadSignature, headerID)
	}
	timestamp, _, err := onlyValue(h, headerStandardTimestamp)
	if err != nil {
		return nil, err
	}
	if err := v.checkTimestamp(timestamp); err != nil {
		return nil, err
	}
	prefix := standardPrefix(id, timestamp)
	return &proof{headerStandardSignature, func(secret string, body []byte) bool {
		return listsStandard(list, secret, prefix, body)
	}}, nil
}

// listsStandard reports whether one of the space-separated signatures is by
// secret. Those of other versions are skipped.
func listsStandard(list, secret string, prefix, body []byte) bool {
	key, err := standardKey(secret)
	if err != nil {
		return false
	}
	want := standardVersion + (&keyedMAC{Hash: newMAC(key)}).sum(prefix, body)
	found := false
	for signature := range strings.FieldsSeq(list) {
		if equal(want, signature) {
			found = true
		}
	}
	return found
}

// checkTimestamp takes digits only, and of a year below 36,812, so that nothing
// overflows. What is signed is the text as it stands.
func (v *Verifier) checkTimestamp(text string) error {
	seconds, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return ErrTimestamp
	}
	tolerance := v.Tolerance
	if tolerance == 0 {
		tolerance = defaultTolerance
	}
	if off := time.Since(time.Unix(int64(seconds), 0)); tolerance > 0 && off.Abs() > tolerance {
		return ErrTimestamp
	}
	return nil
}

// onlyValue returns the value of a header that may come once, and whether it
// came. Two are refused: a handler behind the verifier might read the one that
// was not checked.
func onlyValue(h http.Header, name string) (value string, ok bool, err error) {
	values := h.Values(name)
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	}
	return "", false, fmt.Errorf("%w: %s comes %d times", ErrBadSignature, name, len(values))
}

func (v *Verifier) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := v.MaxBodyBytes
	if limit == 0 {
		limit = defaultVerifierBodyBytes
	}
	if r.Body == nil {
		return nil, nil
	}
	body := r.Body
	if limit > 0 {
		if r.ContentLength > limit {
			return nil, ErrBodyTooLarge
		}
		body = http.MaxBytesReader(w, body, limit)
	}
	data, err := io.ReadAll(body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, ErrBodyTooLarge
	case err != nil:
		return nil, fmt.Errorf("read body: %w", err)
	}
	return data, nil
}

// replaceBody makes body what everyone after reads of r, by whatever way.
func replaceBody(r *http.Request, body []byte) {
	r.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	r.Body, _ = r.GetBody()
	r.ContentLength = int64(len(body))
	r.TransferEncoding = nil
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
}

package webhook_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

var bothSignatures = []webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeStandard}

// signed is a request as this library sends it, signed now.
func signed(t testing.TB, body string, schemes []webhook.Scheme, secrets ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "/webhook", strings.NewReader(body))
	r.Header.Set("Webhook-Id", "msg_1")
	err := webhook.SignRequest(r.Header, schemes, secrets, "", "msg_1", time.Now(), []byte(body))
	require.NoError(t, err)
	return r
}

func TestVerifier(t *testing.T) {
	const body = `{"doctype":"Sales Order","name":"SO-00001"}`
	var (
		frappe   = []webhook.Scheme{webhook.SchemeFrappe}
		standard = []webhook.Scheme{webhook.SchemeStandard}
		plain    = []webhook.Scheme{webhook.SchemeSecretHeader}
		shared   = webhook.NewVerifier(standardSecret)
		accepts  = &webhook.Verifier{Secrets: []string{standardSecret}, AcceptSecretHeader: true}
		requires = &webhook.Verifier{Secrets: []string{standardSecret}, RequireStandard: true}
	)
	setHeader := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	addHeader := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Add(name, value) }
	}
	delHeader := func(names ...string) func(*http.Request) {
		return func(r *http.Request) {
			for _, name := range names {
				r.Header.Del(name)
			}
		}
	}
	setBody := func(body string) func(*http.Request) {
		return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body)) }
	}
	at := func(offset time.Duration) func(*http.Request) {
		return func(r *http.Request) {
			err := webhook.SignRequest(r.Header, standard, []string{standardSecret}, "", "msg_1",
				time.Now().Add(offset), []byte(body))
			require.NoError(t, err)
		}
	}
	listed := func(before, after string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Webhook-Signature", before+r.Header.Get("Webhook-Signature")+after)
		}
	}
	timestamp := func(write func(now string) string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Webhook-Timestamp", write(r.Header.Get("Webhook-Timestamp")))
		}
	}

	const (
		frappeHeader   = "X-Frappe-Webhook-Signature"
		standardHeader = "Webhook-Signature"
		timeHeader     = "Webhook-Timestamp"
	)
	var (
		noSecret = webhook.ErrNoSecret
		absent   = webhook.ErrNoSignature
		wrong    = webhook.ErrBadSignature
		stale    = webhook.ErrTimestamp
	)
	tests := []struct {
		name     string
		verifier *webhook.Verifier
		schemes  []webhook.Scheme
		secrets  []string // of the sender; default: standardSecret
		attack   func(*http.Request)
		want     error
	}{
		{"frappe", shared, frappe, nil, nil, nil},
		{"standard", shared, standard, nil, nil, nil},
		{"both", shared, bothSignatures, nil, nil, nil},
		{"frappe by a secret as typed", webhook.NewVerifier("p\u00e4ss \u2603"), frappe,
			[]string{"p\u00e4ss \u2603"}, nil, nil},
		{"an older secret still accepted", webhook.NewVerifier(otherStandard, standardSecret),
			bothSignatures, nil, nil, nil},
		{"a newer secret listed first", shared, standard, []string{otherStandard, standardSecret},
			nil, nil},
		{"a newer secret the receiver was not given, by frappe", shared, bothSignatures,
			[]string{otherStandard, standardSecret}, nil, wrong},
		{"each scheme by its own secret", webhook.NewVerifier(frappeSecret, standardSecret),
			standard, nil,
			func(r *http.Request) {
				r.Header.Set(frappeHeader, webhook.Sign(frappeSecret, []byte(body)))
			}, nil},
		{"frappe under another name",
			&webhook.Verifier{Secrets: []string{standardSecret}, SignatureHeader: "x-hub-signature"}, nil, nil,
			setHeader("X-Hub-Signature", webhook.Sign(standardSecret, []byte(body))), nil},
		{"frappe under the usual name when another is expected",
			&webhook.Verifier{Secrets: []string{standardSecret}, SignatureHeader: "X-Hub-Signature"}, frappe, nil,
			nil, absent},
		{"header names in any case", shared, nil, nil,
			setHeader("x-frappe-WEBHOOK-signature", webhook.Sign(standardSecret, []byte(body))), nil},

		// What a verifier without a secret does.
		{"zero value", &webhook.Verifier{}, bothSignatures, nil, nil, noSecret},
		{"empty secret", webhook.NewVerifier(""), nil, nil,
			setHeader(frappeHeader, webhook.Sign("", []byte(body))), noSecret},
		{"empty secret beside another", webhook.NewVerifier("", standardSecret), nil, nil,
			setHeader(frappeHeader, webhook.Sign("", []byte(body))), wrong},
		{"empty secret header with an empty secret",
			&webhook.Verifier{Secrets: []string{"", frappeSecret}, AcceptSecretHeader: true}, nil, nil,
			setHeader("X-Webhook-Secret", ""), wrong},

		// Nothing proven.
		{"unsigned", shared, nil, nil, nil, absent},
		{"an id and a time alone", shared, standard, nil, delHeader(standardHeader), absent},

		// Frappe.
		{"frappe, other body", shared, frappe, nil, setBody(body + " "), wrong},
		{"frappe, no body", shared, frappe, nil, setBody(""), wrong},
		{"frappe, other secret", shared, frappe, []string{otherStandard}, nil, wrong},
		{"frappe, empty signature", shared, nil, nil, setHeader(frappeHeader, ""), wrong},
		{"frappe, a second good one", shared, frappe, nil,
			addHeader(frappeHeader, webhook.Sign(standardSecret, []byte(body))), wrong},
		{"frappe, keyed by the decoded secret", shared, nil, nil,
			setHeader(frappeHeader, webhook.Sign(decoded(t, standardSecret), []byte(body))), wrong},

		// Standard Webhooks.
		{"standard, other body", shared, standard, nil, setBody(body + " "), wrong},
		{"standard, other id", shared, standard, nil, setHeader("Webhook-Id", "msg_2"), wrong},
		{"standard, no id", shared, standard, nil, delHeader("Webhook-Id"), wrong},
		{"standard, a second id", shared, standard, nil, addHeader("Webhook-Id", "msg_1"), wrong},
		{"standard, id with a full stop", shared, standard, nil, setHeader("Webhook-Id", "msg_1.1"),
			wrong},
		{"standard, time within the tolerance changed", shared, standard, nil,
			timestamp(func(now string) string {
				n, err := strconv.ParseInt(now, 10, 64)
				require.NoError(t, err)
				return strconv.FormatInt(n-1, 10)
			}), wrong},
		{"standard, time spelled in another way", shared, standard, nil,
			timestamp(func(now string) string { return "0" + now }), wrong},
		{"standard, time with a sign", shared, standard, nil,
			timestamp(func(now string) string { return "+" + now }), stale},
		{"standard, time with a fraction", shared, standard, nil,
			timestamp(func(now string) string { return now + ".0" }), stale},
		{"standard, time in words", shared, standard, nil, setHeader(timeHeader, "now"), stale},
		{"standard, time beyond all numbers", shared, standard, nil,
			setHeader(timeHeader, strings.Repeat("9", 400)), stale},
		{"standard, time beyond the calendar", shared, standard, nil,
			setHeader(timeHeader, "9223372036854775807"), stale},
		{"standard, no time", shared, standard, nil, delHeader(timeHeader), stale},
		{"standard, a second time", shared, standard, nil, addHeader(timeHeader, "1"), wrong},
		{"standard, just not too old", shared, nil, nil, at(-5 * time.Minute), nil},
		{"standard, too old", shared, nil, nil, at(-5*time.Minute - time.Second), stale},
		{"standard, just not too early", shared, nil, nil, at(5 * time.Minute), nil},
		{"standard, too early", shared, nil, nil, at(5*time.Minute + time.Second), stale},
		{"standard, other tolerance",
			&webhook.Verifier{Secrets: []string{standardSecret}, Tolerance: time.Hour}, nil, nil, at(-time.Hour), nil},
		{"standard, beyond the other tolerance",
			&webhook.Verifier{Secrets: []string{standardSecret}, Tolerance: time.Second}, nil, nil,
			at(-2 * time.Second), stale},
		{"standard, no tolerance asked for",
			&webhook.Verifier{Secrets: []string{standardSecret}, Tolerance: -1}, nil, nil,
			at(-20 * 365 * 24 * time.Hour), nil},
		{"standard, no tolerance but no number either",
			&webhook.Verifier{Secrets: []string{standardSecret}, Tolerance: -1}, standard, nil,
			setHeader(timeHeader, ""), stale},
		{"standard, among signatures of others", shared, standard, nil,
			listed("v1,AAAA v1a,AAAA v2,AAAA ", "  v1,BBBB"), nil},
		{"standard, other version of the same bytes", shared, standard, nil,
			func(r *http.Request) {
				text := r.Header.Get(standardHeader)
				r.Header.Set(standardHeader, strings.Replace(text, "v1,", "v2,", 1))
			}, wrong},
		{"standard, without a version", shared, standard, nil,
			func(r *http.Request) {
				text := r.Header.Get(standardHeader)
				r.Header.Set(standardHeader, strings.TrimPrefix(text, "v1,"))
			}, wrong},
		{"standard, empty list", shared, standard, nil, setHeader(standardHeader, ""), wrong},
		{"standard, other secret", shared, standard, []string{otherStandard}, nil, wrong},
		{"standard, a second header", shared, standard, nil, addHeader(standardHeader, "v1,AAAA"),
			wrong},
		{"standard, to a receiver without such a secret", webhook.NewVerifier(frappeSecret),
			standard, nil, nil,
			wrong},
		{"a long list", shared, standard, nil,
			setHeader(standardHeader, strings.Repeat("v1,AAAA ", 20_000)), wrong},

		// One proof does not excuse another.
		{"good frappe, stale standard", shared, bothSignatures, nil, at(-time.Hour), stale},
		{"good frappe, bad standard", shared, bothSignatures, nil,
			setHeader(standardHeader, "v1,AAAA"), wrong},
		{"good frappe, standard of unknown versions only", shared, bothSignatures, nil,
			setHeader(standardHeader, "v1a,AAAA"), wrong},
		{"good standard, bad frappe", shared, bothSignatures, nil,
			setHeader(frappeHeader, "AAAA"), wrong},
		{"good frappe, wrong accepted secret", accepts, frappe, nil,
			setHeader("X-Webhook-Secret", "guess"), wrong},
		{"standard taken off", shared, bothSignatures, nil, delHeader(standardHeader), nil},
		{"standard taken off where it is required", requires, bothSignatures, nil,
			delHeader(standardHeader), absent},
		{"standard where it is required", requires, standard, nil, nil, nil},
		{"good standard where it is required, bad frappe", requires, bothSignatures, nil,
			setHeader(frappeHeader, "AAAA"), wrong},

		// The secret header.
		{"secret header, accepted", accepts, plain, nil, nil, nil},
		{"secret header, accepted, any body", accepts, plain, nil, setBody("anything"), nil},
		{"secret header, not accepted", shared, plain, nil, nil, absent},
		{"secret header, not accepted, beside a signature", shared,
			[]webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeSecretHeader}, nil, nil, nil},
		{"secret header, wrong", accepts, plain, []string{otherStandard}, nil, wrong},
		{"secret header, a prefix", accepts, nil, nil,
			setHeader("X-Webhook-Secret", standardSecret[:10]), wrong},
		{"secret header, longer", accepts, nil, nil,
			setHeader("X-Webhook-Secret", standardSecret+"x"), wrong},
		{"secret header, empty", accepts, nil, nil, setHeader("X-Webhook-Secret", ""), wrong},
		{"secret header, twice", accepts, plain, nil, addHeader("X-Webhook-Secret", standardSecret),
			wrong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.secrets == nil {
					test.secrets = []string{standardSecret}
				}
				request := func() *http.Request {
					r := signed(t, body, test.schemes, test.secrets...)
					if test.attack != nil {
						test.attack(r)
					}
					return r
				}
				sent := request()
				want, err := io.ReadAll(sent.Body)
				require.NoError(t, err)

				got, err := test.verifier.Verify(request())
				require.ErrorIs(t, err, test.want)
				if test.want == nil {
					require.Equal(t, string(want), string(got))
				} else {
					require.Nil(t, got)
					requireNoSecret(t, err)
				}

				called := false
				next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })
				w := httptest.NewRecorder()
				test.verifier.Handler(next).ServeHTTP(w, request())
				require.Equal(t, test.want == nil, called)
				if test.want != nil {
					require.Equal(t, http.StatusUnauthorized, w.Code)
				}
			})
		})
	}
}

func requireNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{standardSecret, otherStandard, frappeSecret, "SO-00001"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func decoded(t *testing.T, secret string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	return string(key)
}

func TestVerifierAgreesWithStandardWebhooks(t *testing.T) {
	for _, v := range standardVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			for _, secret := range v.Secrets {
				r := httptest.NewRequest("POST", "/", strings.NewReader(v.Body))
				r.Header.Set("webhook-id", v.ID)
				r.Header.Set("webhook-timestamp", strconv.FormatInt(v.Timestamp, 10))
				r.Header.Set("webhook-signature", v.Signature)
				verifier := &webhook.Verifier{Secrets: []string{secret}, Tolerance: -1}
				body, err := verifier.Verify(r)
				require.NoError(t, err)
				require.Equal(t, v.Body, string(body))
			}
		})
	}
}

func TestVerifierReadsTheBody(t *testing.T) {
	timeout := &url.Error{Op: "read", URL: "x", Err: os.ErrDeadlineExceeded}
	broken := errors.New("connection reset")
	atMost := func(n int64) *webhook.Verifier {
		return &webhook.Verifier{Secrets: []string{frappeSecret}, MaxBodyBytes: n}
	}
	mebibyte := strings.Repeat("x", 1<<20)
	tests := []struct {
		name     string
		verifier *webhook.Verifier
		body     string // signed and sent
		read     func(io.Reader) io.Reader
		length   int64 // what the request says
		err      error
		status   int
	}{
		{"as large as allowed", atMost(5), "12345", nil, 5, nil, 200},
		{"one byte more", atMost(4), "12345", nil, 5, webhook.ErrBodyTooLarge, 413},
		{"one byte more, unannounced", atMost(4), "12345", nil, -1, webhook.ErrBodyTooLarge, 413},
		{"one byte more than announced", atMost(4), "12345", nil, 4, webhook.ErrBodyTooLarge, 413},
		{"as large as allowed by default", atMost(0), mebibyte, nil, -1, nil, 200},
		{"larger than allowed by default", atMost(0), mebibyte + "x", nil, -1,
			webhook.ErrBodyTooLarge, 413},
		{"no bound", atMost(-1), mebibyte + "x", nil, -1, nil, 200},
		{"empty", atMost(0), "", nil, 0, nil, 200},
		{"byte by byte", atMost(5), "12345", iotest.OneByteReader, -1, nil, 200},
		{"bounded by another before", atMost(0), "12345",
			func(r io.Reader) io.Reader {
				return http.MaxBytesReader(nil, io.NopCloser(r), 4)
			}, -1, webhook.ErrBodyTooLarge, 413},
		{"broken off", atMost(0), "12345",
			func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(broken)) },
			9, broken, 400},
		{"too slow", atMost(0), "12345",
			func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(timeout)) },
			9, os.ErrDeadlineExceeded, 408},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := func() *http.Request {
				r := signed(t, test.body, []webhook.Scheme{webhook.SchemeFrappe}, frappeSecret)
				if test.read != nil {
					r.Body = io.NopCloser(test.read(r.Body))
				}
				r.ContentLength = test.length
				return r
			}
			_, err := test.verifier.Verify(request())
			require.ErrorIs(t, err, test.err)

			w := httptest.NewRecorder()
			echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(w, r.Body)
				require.NoError(t, err)
			})
			test.verifier.Handler(echo).ServeHTTP(w, request())
			require.Equal(t, test.status, w.Code)
			if test.status == 200 {
				require.Equal(t, test.body, w.Body.String())
			}
		})
	}
}

func TestVerifierDoesNotReadWhatTheHeadersCondemn(t *testing.T) {
	r := httptest.NewRequest("POST", "/", iotest.ErrReader(errors.New("was read")))
	_, err := webhook.NewVerifier(frappeSecret).Verify(r)
	require.ErrorIs(t, err, webhook.ErrNoSignature)

	r = signed(t, "12345", []webhook.Scheme{webhook.SchemeFrappe}, frappeSecret)
	r.Body = io.NopCloser(iotest.ErrReader(errors.New("was read")))
	_, err = (&webhook.Verifier{Secrets: []string{frappeSecret}, MaxBodyBytes: 4}).Verify(r)
	require.ErrorIs(t, err, webhook.ErrBodyTooLarge)
}

func TestVerifiedBodyIsWhatNextReads(t *testing.T) {
	const body = "customer=Customer%20A&amount=1500"
	r := signed(t, body, []webhook.Scheme{webhook.SchemeFrappe}, frappeSecret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
	// As if someone before had parsed another body.
	r.Form = url.Values{"customer": {"Mallory"}}
	r.PostForm = r.Form

	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		require.Equal(t, int64(len(body)), r.ContentLength)
		require.Empty(t, r.TransferEncoding)
		require.Equal(t, "Customer A", r.PostFormValue("customer"))
		again, err := r.GetBody()
		require.NoError(t, err)
		data, err := io.ReadAll(again)
		require.NoError(t, err)
		require.Equal(t, body, string(data))
	})
	w := httptest.NewRecorder()
	webhook.NewVerifier(frappeSecret).Handler(next).ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
}

// The signature is over the bytes that were sent, compressed or not.
func TestVerifierLeavesContentEncodingAlone(t *testing.T) {
	compressed := string([]byte{0x1f, 0x8b, 8, 0, 0xff})
	r := signed(t, compressed, bothSignatures, standardSecret)
	r.Header.Set("Content-Encoding", "gzip")
	body, err := webhook.NewVerifier(standardSecret).Verify(r)
	require.NoError(t, err)
	require.Equal(t, compressed, string(body))
	require.Equal(t, "gzip", r.Header.Get("Content-Encoding"))
}

func TestVerifierTakesARequestWithoutABody(t *testing.T) {
	r := &http.Request{Method: "DELETE", Header: http.Header{}}
	r.Header.Set("X-Frappe-Webhook-Signature", webhook.Sign(frappeSecret, nil))
	body, err := webhook.NewVerifier(frappeSecret).Verify(r)
	require.NoError(t, err)
	require.Empty(t, body)
}

func TestRefusalsDoNotSayWhy(t *testing.T) {
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") })
	h := webhook.NewVerifier(standardSecret).Handler(next)
	answer := func(change func(*http.Request)) string {
		r := signed(t, "{}", []webhook.Scheme{webhook.SchemeStandard}, standardSecret)
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result().Status + w.Body.String()
	}
	unsigned := answer(func(r *http.Request) { r.Header = http.Header{} })
	require.Equal(t, unsigned, answer(func(r *http.Request) { r.Header.Set("Webhook-Timestamp", "1") }))
	require.Equal(t, unsigned, answer(func(r *http.Request) { r.Header.Set("Webhook-Id", "x") }))
}

// A changed body never verifies under either scheme, and a changed id or time
// never under Standard Webhooks.
func FuzzVerifier(f *testing.F) {
	f.Add("msg_1", int64(1614265330), []byte(`{"a":1}`), "msg_2", "1614265331", []byte(`{"a":2}`))
	f.Add("msg_1", int64(1614265330), []byte("1614265330.x"), "msg_1.1614265330", "1614265330", []byte("x"))
	f.Add("a", int64(1), []byte("2.x"), "a.1", "2", []byte("x"))
	f.Add("a", int64(1), []byte(""), "a", "01", []byte(""))
	f.Add("a", int64(1), []byte("x"), " a", "1 ", []byte("x"))
	f.Add("a", int64(1), []byte("{}"), "a", "1", []byte("{}\n"))
	f.Fuzz(func(t *testing.T, id string, seconds int64, body []byte, id2, seconds2 string, body2 []byte) {
		for _, scheme := range bothSignatures {
			h := http.Header{}
			err := webhook.SignRequest(h, []webhook.Scheme{scheme}, []string{standardSecret}, "", id,
				time.Unix(seconds, 0), body)
			if err != nil {
				require.Equal(t, webhook.SchemeStandard, scheme)
				continue
			}
			timestamp := h.Get("Webhook-Timestamp")
			if scheme == webhook.SchemeStandard {
				h["Webhook-Id"], h["Webhook-Timestamp"] = []string{id2}, []string{seconds2}
			}
			r := &http.Request{Header: h, Body: io.NopCloser(bytes.NewReader(body2)), ContentLength: -1}
			verifier := &webhook.Verifier{Secrets: []string{standardSecret}, Tolerance: -1}
			got, err := verifier.Verify(r)
			same := bytes.Equal(body, body2)
			if scheme == webhook.SchemeStandard {
				same = same && id == id2 && timestamp == seconds2 && 0 <= seconds && seconds < 1<<40
			}
			require.Equal(t, same, err == nil)
			if err == nil {
				require.True(t, bytes.Equal(body, got))
			}
		}
	})
}

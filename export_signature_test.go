package webhook

import (
	"net/http"
	"time"
)

// What the tests reach of the sender's side.
var (
	NewSigner      = newSigner
	SignWith       = (*signer).sign
	ValidateSecret = validateSecret
)

// SignRequest signs one request.
func SignRequest(h http.Header, schemes []Scheme, secrets []string, signatureHeader string,
	id string, at time.Time, body []byte) error {
	s, err := newSigner(schemes, secrets, signatureHeader)
	if err != nil {
		return err
	}
	return s.sign(h, id, at, body)
}

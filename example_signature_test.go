package webhook_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/docevent/webhook"
)

// The signature of Frappe is all a receiver needs besides the secret.
func ExampleSign() {
	fmt.Println(webhook.Sign("super-secret", []byte("{}")))
	// Output: 6+2rhdFO0rxGC7aB4vAGQT23aLBqKSQ+aWG64QGvfwA=
}

func ExampleVerify() {
	body := []byte(`{"doctype":"Sales Order","name":"SO-00001"}`)
	signature := webhook.Sign("super-secret", body)
	fmt.Println(webhook.Verify("super-secret", body, signature))
	body[len(body)-3] = '2'
	err := webhook.Verify("super-secret", body, signature)
	fmt.Println(err, errors.Is(err, webhook.ErrBadSignature))
	// Output:
	// <nil>
	// webhook: bad signature true
}

// A receiver in Go verifies its requests by a middleware.
func ExampleVerifier_Handler() {
	const secret = "super-secret"
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Println("received", string(body))
	})
	handler := webhook.NewVerifier(secret).Handler(orders)

	for _, body := range []string{`{"name":"SO-00001"}`, `{"name":"SO-00002"}`} {
		r := httptest.NewRequest("POST", "/webhook/order", strings.NewReader(body))
		r.Header.Set("X-Frappe-Webhook-Signature", webhook.Sign(secret, []byte(`{"name":"SO-00001"}`)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// received {"name":"SO-00001"}
	// 200
	// 401
}

// During a rotation a receiver accepts the old and the new secret.
func ExampleVerifier_Verify() {
	verifier := webhook.NewVerifier("new secret", "old secret")
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Frappe-Webhook-Signature", webhook.Sign("old secret", []byte("{}")))
	body, err := verifier.Verify(r)
	fmt.Println(string(body), err)
	// Output: {} <nil>
}

// The name of what a secret belongs to is sealed with it.
func ExampleNewSealer() {
	sealer, err := webhook.NewSealer([]byte("32 random bytes, from your vault"))
	if err != nil {
		panic(err)
	}
	sealed, err := sealer.Seal([]byte("super-secret"), []byte("Order to ERP"))
	if err != nil {
		panic(err)
	}
	secret, err := sealer.Open(sealed, []byte("Order to ERP"))
	fmt.Println(string(secret), err)
	_, err = sealer.Open(sealed, []byte("Order to CRM"))
	fmt.Println(err)
	// Output:
	// super-secret <nil>
	// webhook: sealed secret cannot be opened
}

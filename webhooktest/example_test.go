package webhooktest_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// A receiver says of each request whether it was signed as it should be.
func ExampleNewReceiver() {
	receiver := webhooktest.NewReceiver("super-secret")
	body := []byte(`{"doctype":"Sales Order","name":"SO-00001"}`)
	for _, secret := range []string{"super-secret", "guess"} {
		header := http.Header{}
		header.Set("X-Frappe-Webhook-Signature", webhook.Sign(secret, body))
		response, err := receiver.Send(context.Background(), &webhook.Request{
			Method: "POST", URL: "https://erp.example/orders", Header: header, Body: body,
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(response.StatusCode)
	}
	for _, request := range receiver.Requests() {
		fmt.Println(request.Method, request.URL, request.Err)
	}
	// Output:
	// 200
	// 401
	// POST https://erp.example/orders <nil>
	// POST https://erp.example/orders webhook: bad signature in X-Frappe-Webhook-Signature
}

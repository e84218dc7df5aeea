package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/docevent/webhook"
)

// A receiver on the developer's own machine is refused until it is allowed.
func ExampleHTTPTransport_Send() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "got %s", body)
	}))
	defer receiver.Close()
	req := &webhook.Request{
		Method: http.MethodPost,
		URL:    receiver.URL,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"name":"SINV-1"}`),
	}

	guarded := webhook.NewHTTPTransport(nil)
	_, err := guarded.Send(context.Background(), req)
	fmt.Println(webhook.ErrorClass(err))

	local := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	defer local.CloseIdleConnections()
	resp, err := local.Send(context.Background(), req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, string(resp.Body))
	// Output:
	// blocked
	// 200 got {"name":"SINV-1"}
}

package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/docevent/webhook"
)

// Around the handlers that receive webhooks, TrackChain keeps a webhook from
// calling itself in circles: here its own request leads to the event it listens
// to.
func ExampleDispatcher_TrackChain() {
	ctx := context.Background()
	var d *webhook.Dispatcher
	save := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report, err := d.Dispatch(r.Context(), webhook.Event{
			Type: webhook.OnUpdate, DocType: "Task", Name: "TASK-1",
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Println(report.Outcomes[0].Decision)
	})

	// In place of the network: a request is received by this application.
	send := func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
		r := httptest.NewRequest(req.Method, req.URL, bytes.NewReader(req.Body))
		r.Header = req.Header.Clone()
		w := httptest.NewRecorder()
		d.TrackChain(save).ServeHTTP(w, r)
		return &webhook.Response{StatusCode: w.Code}, nil
	}
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: webhook.TransportFunc(send)})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Tasks", DocType: "Task", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://tasks.example/save",
	}); err != nil {
		panic(err)
	}
	// A user saves the task.
	d.TrackChain(save).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/save", nil))
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	// Output:
	// queued
	// loop
}

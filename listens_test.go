package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func TestListens(t *testing.T) {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	require.NoError(t, err)
	require.NoError(t, d.SaveWebhook(t.Context(), webhook.Webhook{
		Name: "Orders", DocType: "Order", Events: []webhook.EventType{webhook.OnTrash}, URL: "https://example.com"}))
	require.NoError(t, d.SaveWebhook(t.Context(), webhook.Webhook{
		Name: "Plans", Events: []webhook.EventType{"Plan Change"}, URL: "https://example.com"}))
	tests := []struct {
		name    string
		ctx     context.Context
		docType string
		types   []webhook.EventType
		want    bool
	}{
		{"its event", t.Context(), "Order", []webhook.EventType{webhook.OnTrash}, true},
		{"among others", t.Context(), "Order", webhook.ActionDelete.Events(), true},
		{"another event", t.Context(), "Order", webhook.ActionSave.Events(), false},
		{"another document type", t.Context(), "Item", webhook.ActionDelete.Events(), false},
		{"a named event, of any document", t.Context(), "Item", []webhook.EventType{"Plan Change"}, true},
		{"no event", t.Context(), "Order", nil, false},
		{"suppressed", webhook.Suppress(t.Context()), "Order", webhook.ActionDelete.Events(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := d.Listens(tt.ctx, tt.docType, tt.types...)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// unreadable is a store whose webhooks cannot be read.
type unreadable struct{ *webhook.MemoryStore }

var errUnreadable = errors.New("unreadable")

func (unreadable) Webhooks(context.Context, webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
	return nil, webhook.Revision{}, errUnreadable
}

func TestListensOnAStoreThatFails(t *testing.T) {
	d, err := webhook.New(unreadable{webhook.NewMemoryStore()}, nil)
	require.NoError(t, err)
	_, err = d.Listens(t.Context(), "Order", webhook.OnTrash)
	require.ErrorIs(t, err, errUnreadable)
}

// A hook asks before it reads what the document was.
func ExampleDispatcher_Listens() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	err = d.SaveWebhook(ctx, webhook.Webhook{Name: "Orders", DocType: "Order",
		Events: []webhook.EventType{webhook.OnChange}, URL: "https://example.com"})
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Listens(ctx, "Order", webhook.ActionSave.Events()...))
	fmt.Println(d.Listens(ctx, "Item", webhook.ActionSave.Events()...))
	// Output:
	// true <nil>
	// false <nil>
}

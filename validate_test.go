package webhook_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Validate knows no host functions, so it leaves their names to SaveWebhook;
// whatever else is wrong with a template it finds.
func TestValidateLeavesHostFunctions(t *testing.T) {
	tests := []struct {
		name      string
		syntax    webhook.Syntax
		condition string
		body      string
		wantField string // "" when it is valid
	}{
		{"function", webhook.Jinja, `is_vip(doc.customer)`, `{"a": {{ score(doc) }}}`, ""},
		{"filter", webhook.Jinja, `doc.customer | is_vip`, `{"a": "{{ doc.name | mask(4) }}"}`, ""},
		{"filter in map", webhook.Jinja, `doc.items | map("weigh") | sum > 9`, `{}`, ""},
		{"go function", webhook.GoTemplate, `is_vip .doc.customer`, `{"a": {{.doc.name | mask 4}}}`, ""},
		{"unknown name", webhook.Jinja, `is_vip(dok.customer)`, `{}`, "Condition"},
		{"unknown test", webhook.Jinja, ``, `{"a": {{ doc.name is vip }}}`, "Body"},
		{"not JSON", webhook.Jinja, ``, `{"a": {{ score(doc) }},}`, "Body"},
		{"go unknown name", webhook.GoTemplate, `is_vip .dok.customer`, `{}`, "Condition"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := webhook.Webhook{
				Name: "w", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
				URL: "https://example.com/", Syntax: tc.syntax, Condition: tc.condition,
				Structure: webhook.JSON, Body: tc.body,
			}
			err := w.Validate()
			if tc.wantField == "" {
				require.NoError(t, err)
				return
			}
			var ce *webhook.ConfigError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, tc.wantField, ce.Field)
		})
	}
}

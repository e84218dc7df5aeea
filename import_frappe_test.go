package webhook_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// importOne imports one document of which a webhook can be made.
func importOne(t *testing.T, doc string) (webhook.Webhook, []string) {
	t.Helper()
	im, err := webhook.ImportFrappe(strings.NewReader(doc))
	require.NoError(t, err)
	require.Len(t, im.Webhooks, 1, "%v", im.Notes)
	return im.Webhooks[0], im.Notes[im.Webhooks[0].Name]
}

func TestImportFrappeMapsEveryField(t *testing.T) {
	w, notes := importOne(t, `{
		"doctype": "Webhook", "name": "Order webhook",
		"webhook_doctype": "Sales Order", "webhook_docevent": "on_submit",
		"enabled": 1, "condition": "doc.grand_total > 10000", "request_url": " https://example.com/{{ doc.name }}\n",
		"is_dynamic_url": 1, "request_method": "PUT", "request_structure": "JSON", "timeout": 7, "max_retries": 2,
		"enable_security": 1, "webhook_secret": "s3cret", "owner": "Administrator", "docstatus": 0,
		"background_jobs_queue": "default", "webhook_data": [],
		"webhook_headers": [
			{"key": "X-B", "value": "2 ", "idx": 2},
			{"key": null, "value": null, "idx": 3},
			{"key": "X-A", "value": "1", "idx": 1}],
		"webhook_json": "{\"id\": \"{{ doc.name }}\"}"
	}`)
	require.Empty(t, notes)
	require.Equal(t, webhook.Webhook{
		Name: "Order webhook", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		Condition: "doc.grand_total > 10000", URL: "https://example.com/{{ doc.name }}", DynamicURL: true,
		Method: "PUT", Structure: webhook.JSON, Body: `{"id": "{{ doc.name }}"}`, Secret: "s3cret",
		Timeout: 7 * time.Second, Headers: []webhook.Header{{Key: "X-A", Value: "1"}, {Key: "X-B", Value: "2"}},
		Retry: &webhook.RetryPolicy{
			Schedule: []time.Duration{
				5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
			},
			MaxAttempts: 3, Jitter: -1, MaxAge: -1,
		},
	}, w)
}

// What Frappe's own defaults are, in a document that says as little as one can.
func TestImportFrappeDefaults(t *testing.T) {
	for _, doc := range []string{
		`{"doctype":"Webhook","name":"w","webhook_doctype":"Note","webhook_docevent":"on_update",
			"request_url":"https://example.com/"}`,
		`{"name":"w","webhook_doctype":"Note","webhook_docevent":"on_update",
			"request_url":"https://example.com/","enabled":null,"timeout":0,"is_dynamic_url":0,
			"enable_security":false,"max_retries":null,"request_method":null,
			"webhook_json":"","webhook_data":null}`,
	} {
		w, notes := importOne(t, doc)
		require.Empty(t, notes)
		require.Equal(t, webhook.Webhook{
			Name: "w", DocType: "Note", Events: []webhook.EventType{webhook.OnUpdate}, URL: "https://example.com/",
			Structure: webhook.JSON, Timeout: 5 * time.Second,
		}, w)
	}
}

// row is a row of a child table with the columns that Frappe exports.
func row(table string, idx, fields string) string {
	return `{"docstatus":0,"doctype":"Webhook Row","idx":` + idx +
		`,"modified_by":"Administrator","owner":"Administrator",` +
		`"creation":"2025-10-04 16:40:07.1","name":"0a1b","parent":"w","parentfield":"` + table +
		`","parenttype":"Webhook",` + fields + `}`
}

func TestImportFrappeBodies(t *testing.T) {
	rows := `"webhook_data":[` + row("webhook_data", "2", `"fieldname":"title","key":"t"`) + "," +
		row("webhook_data", "1", `"fieldname":"name","key":"id"`) + "]"
	const template = `"webhook_json":"{\"a\": 1}"`
	const object, rendered = `{"id":"n1","t":"T"}`, `{"a": 1}`
	const form, dropsRows, dropsTemplate = "request_structure: ", "webhook_data: ", "webhook_json: "
	tests := []struct {
		name, members string
		want          string
		notes         []string // their beginnings
	}{
		{"nothing", `"request_structure":""`, "{}", nil},
		{"a table", `"request_structure":"",` + rows, object, nil},
		{"a template", `"request_structure":null,` + template, rendered, nil},
		{"both", rows + "," + template, object, []string{dropsTemplate}},
		{"form with a table", `"request_structure":"Form URL-Encoded",` + rows, object, []string{form}},
		{"form with both", `"request_structure":"Form URL-Encoded",` + rows + "," + template,
			object, []string{form, dropsTemplate}},
		{"form with a template", `"request_structure":"Form URL-Encoded",` + template,
			"{}", []string{form, dropsTemplate}},
		{"form with nothing", `"request_structure":"Form URL-Encoded"`, "{}", []string{form}},
		{"JSON with a template", `"request_structure":"JSON",` + template, rendered, nil},
		{"JSON with a table", `"request_structure":"JSON",` + rows, "{}", []string{dropsRows}},
		{"JSON with both", `"request_structure":"JSON",` + rows + "," + template, rendered, []string{dropsRows}},
		{"JSON with nothing", `"request_structure":"JSON","webhook_json":""`, "{}", nil},
		{"delete with nothing", `"request_method":"DELETE"`, "{}", nil},
		{"put with a table", `"request_method":"PUT",` + rows, object, nil},
		{"a form's type", `"request_structure":"Form URL-Encoded",` + rows +
			`,"webhook_headers":[{"key":"Content-Type:","value":"application/x-www-form-urlencoded"}]`, object,
			[]string{form, "webhook_headers[0]: Content-Type:: the body is application/json"}},
		{"a type that agrees",
			`"webhook_headers":[{"key":"content-type","value":"application/json; charset=utf-8"}],` +
				rows, object, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := frappeDoc(tt.members)
			w, notes := importOne(t, doc)
			requireNotes(t, tt.notes, notes)
			_, err := webhook.ReadWebhooks(strings.NewReader(doc))
			require.Equal(t, tt.notes != nil, err != nil, "%v", err)
			w.Secret = testSecret
			q := send(t, w, webhook.Event{
				Type: webhook.OnUpdate, DocType: "Note", Name: "n1", Doc: map[string]any{"title": "T"},
			})
			require.Equal(t, tt.want, string(q.Body))
			require.Contains(t, q.Header.Get("Content-Type"), "application/json")
		})
	}
}

// requireNotes compares notes by their beginnings.
func requireNotes(t *testing.T, want, got []string) {
	t.Helper()
	require.Len(t, got, len(want), "%v", got)
	for i := range want {
		require.True(t, strings.HasPrefix(got[i], want[i]), got[i])
	}
}

func TestImportFrappeNotes(t *testing.T) {
	tests := []struct {
		name, members string
		want          []string // the notes' beginnings
		disabled      bool
	}{
		{"masked secret", `"enable_security":1,"webhook_secret":"*****"`,
			[]string{"webhook_secret: the export does not hold it"}, true},
		{"no secret", `"enable_security":1,"webhook_secret":null`,
			[]string{"webhook_secret: the export does not hold it"}, true},
		{"secret without security", `"enable_security":0,"webhook_secret":"s3cret"`,
			[]string{"webhook_secret: enable_security is off"}, false},
		{"masked secret without security", `"enable_security":0,"webhook_secret":"*****"`, nil, false},
		{"disabled", `"enabled":0`, nil, true},
		{"queue", `"background_jobs_queue":"long"`, []string{"background_jobs_queue: "}, false},
		{"many retries", `"max_retries":5000`, []string{"max_retries: no more than 999"}, false},
		{"signature row", `"webhook_headers":[{"key":"x-frappe-webhook-signature","value":"v"}]`,
			[]string{"webhook_headers[0]: x-frappe-webhook-signature: " +
				"X-Frappe-Webhook-Signature is set by the library"}, false},
		{"host row", `"webhook_headers":[{"key":"A","value":"b"},{"key":"Host","value":"v"}]`,
			[]string{"webhook_headers[1]: Host"}, false},
		{"custom field", `"custom_team":"ops","custom_flag":0,"custom_text":"","custom_link":null,"custom_rows":[]`,
			[]string{"custom_team: there is no such field here"}, false},
		{"custom column", `"webhook_data":[{"fieldname":"name","key":"id","custom_note":"x"}]`,
			[]string{"webhook_data[0].custom_note"}, false},
		{"nothing lost",
			`"modified":"2025-10-04 16:40:07.1","_user_tags":"a","preview_document":"n1","meets_condition":"Yes"`,
			nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, notes := importOne(t, frappeDoc(tt.members))
			requireNotes(t, tt.want, notes)
			require.Equal(t, tt.disabled, w.Disabled)
			require.NoError(t, w.Validate())
			_, err := webhook.ReadWebhooks(strings.NewReader(frappeDoc(tt.members)))
			require.Equal(t, tt.want != nil, err != nil, "%v", err)
		})
	}
}

// Documents of which no webhook can be made are in the notes alone.
func TestImportFrappeWithoutEvent(t *testing.T) {
	im, err := webhook.ImportFrappe(strings.NewReader("[" +
		frappeDoc(`"webhook_docevent":"workflow_transition"`) + "," +
		strings.Replace(frappeDoc(`"webhook_docevent":null`), `"name":"w"`, `"name":"x"`, 1) + "]"))
	require.NoError(t, err)
	require.Empty(t, im.Webhooks)
	requireNotes(t, []string{"webhook_docevent: workflow_transition"}, im.Notes["w"])
	requireNotes(t, []string{"webhook_docevent: none"}, im.Notes["x"])
}

func TestImportFrappeRefuses(t *testing.T) {
	good := frappeDoc(`"enabled":1`)
	tests := []struct {
		name, text string
		index      int
		field      string
		want       string
	}{
		{"another doctype", `[{"doctype":"Note","name":"n"}]`, 0, "doctype", "neither Webhook nor Press Webhook"},
		{"another doctype behind", `[` + good + `,{"doctype":"ToDo","name":"n","docstatus":0}]`,
			1, "doctype", "neither"},
		{"a child table alone", row("webhook_headers", "1", `"key":"a"`), 0, "doctype", "neither"},
		{"unknown event", `[` + good + `,` + frappeDoc(`"webhook_docevent":"On Update"`) +
			`]`, 1, "webhook_docevent", `did you mean "on_update"?`},
		{"an event that is not offered", frappeDoc(`"webhook_docevent":"validate"`), 0,
			"webhook_docevent", `"validate" is no event`},
		{"a structure that is not offered", frappeDoc(`"request_structure":"XML"`),
			0, "request_structure", `neither "Form URL-Encoded" nor "JSON"`},
		{"one name twice", `[` + good + `,` + good + `]`, 1, "name", `("w"): name: "w" is the name of number 0 too`},
		{"a list for a row", frappeDoc(`"webhook_headers":[[]]`), 0, "webhook_headers[0]", "not an object"},
		{"text for a number", frappeDoc(`"timeout":"soon"`), 0, "timeout", "string where an integer belongs"},
		{"a fraction", frappeDoc(`"timeout":1.5`), 0, "timeout", "number where an integer belongs"},
		{"no check", frappeDoc(`"enabled":2`), 0, "enabled", "neither 0 nor 1"},
		{"a number in a row", frappeDoc(`"webhook_data":[{"fieldname":5}]`),
			0, "webhook_data[0].fieldname", "number where a string belongs"},
		{"a member twice", frappeDoc(`"enabled":1,"enabled":0`), 0, "enabled", "stands there twice"},
		{"truncated", `[` + good + `,{"doctype":"Webhook"`, 1, "", "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im, err := webhook.ImportFrappe(strings.NewReader(tt.text))
			require.Nil(t, im)
			requireImportError(t, err, tt.index, tt.field, tt.want)
		})
	}
}

// A secret that stands in the wrong place is not repeated.
func TestImportErrorsHoldNoValues(t *testing.T) {
	for _, members := range []string{
		`"enabled":"s3cret"`, `"timeout":"s3cret"`, `"webhook_headers":"s3cret"`,
		`"webhook_headers":["s3cret"]`, `"webhook_secret":["s3cret"]`,
		`"webhook_headers":[{"key":"Host","value":"s3cret"}]`,
		`"webhook_headers":[{"key":"Content-Type","value":"s3cret"}]`, `"custom":"s3cret"`,
	} {
		_, err := webhook.ReadWebhooks(strings.NewReader(frappeDoc(members)))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestImportPressWebhook(t *testing.T) {
	const doc = `{"doctype":"Press Webhook","name":"p","team":"t",
		"endpoint":"https://example.com/w","enabled":1,"docstatus":0,
		"events":[{"event":"Site Status Update","idx":2},{"event":"Site Plan Change","idx":1}],"secret":`
	w, notes := importOne(t, doc+`"s3cret"}`)
	require.Equal(t, webhook.Webhook{
		Name: "p", Tenant: "t", URL: "https://example.com/w", Secret: "s3cret", Timeout: 5 * time.Second,
		Events: []webhook.EventType{"Site Plan Change", "Site Status Update"}, RequireActivation: true,
	}, w)
	requireNotes(t, []string{"enabled: it takes nothing until it is activated here"}, notes)

	w, notes = importOne(t, strings.Replace(doc, `"enabled":1`, `"enabled":0`, 1)+`null}`)
	require.Empty(t, notes)
	require.False(t, w.Disabled, "one that is not enabled is one that was not activated")
	w, notes = importOne(t, strings.Replace(doc, `"enabled":1`, `"enabled":0`, 1)+`"****"}`)
	require.True(t, w.Disabled)
	requireNotes(t, []string{"secret: "}, notes)
}

// What cannot be sent is refused when it is saved, with all that came with it.
func TestImportIsSavedWholeOrNotAtAll(t *testing.T) {
	tests := []struct{ members, field string }{
		{`"request_url":"ftp://h/x"`, "URL"},
		{`"webhook_headers":[{"key":"X-A","value":"v\nInjected: 1"}]`, "Headers[0]"},
		{`"condition":"doc.status = 1"`, "Condition"},
		{`"webhook_json":"{ \"a\": {{ doc.title }"`, "Body"},
		{`"timeout":3600`, "Timeout"},
		{`"timeout":18446744079`, "Timeout"},  // as nanoseconds in 64 bits: 5.3 s
		{`"timeout":-18446744069`, "Timeout"}, // as nanoseconds in 64 bits: 4.7 s
	}
	for _, tt := range tests {
		doc := strings.Replace(frappeDoc(tt.members), `"name":"w"`, `"name":"bad"`, 1)
		if tt.field == "URL" {
			doc = strings.Replace(doc, `"request_url":"https://example.com/",`, "", 1)
		}
		im, err := webhook.ImportFrappe(strings.NewReader("[" + frappeDoc(`"enabled":1`) + "," + doc + "]"))
		require.NoError(t, err)
		require.Len(t, im.Webhooks, 2)
		d, _ := newDispatcher(t, nil)
		err = d.SaveWebhooks(t.Context(), im.Webhooks...)
		var ce *webhook.ConfigError
		require.ErrorAs(t, err, &ce)
		require.Equal(t, "bad", ce.Webhook)
		require.Equal(t, tt.field, ce.Field)
		ws, err := d.Webhooks(t.Context())
		require.NoError(t, err)
		require.Empty(t, ws)
	}
}

// testdata/frappe/webhooks.json is what "bench export-fixtures" writes of ten
// webhooks. Its two secrets are missing, as in every export.
func TestImportFixture(t *testing.T) {
	file, err := os.Open("testdata/frappe/webhooks.json")
	require.NoError(t, err)
	defer file.Close()
	im, err := webhook.ImportFrappe(file)
	require.NoError(t, err)
	require.Len(t, im.Webhooks, 10)
	require.Equal(t, map[string][]string{
		"Sales Order to Warehouse": {"webhook_secret: the export does not hold it; the webhook comes in disabled"},
		"Invoice Paid":             {"webhook_secret: the export does not hold it; the webhook comes in disabled"},
		"New Customer to CRM": {
			`request_structure: Frappe sends JSON for "Form URL-Encoded", and so does this; choose Form to send a form`,
			"webhook_headers[0]: Content-Type: the body is application/json",
		},
		"Ticket Mirror":      {"background_jobs_queue: there are no queues to choose from"},
		"Stock Ledger (old)": {"webhook_json: Frappe does not send it beside webhook_data or as a form"},
	}, im.Notes)
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhooks(t.Context(), im.Webhooks...))
	for name, want := range map[string]webhook.State{
		"Sales Order to Warehouse": webhook.Disabled,
		"Stock Ledger (old)":       webhook.Disabled, "Item Sync": webhook.Active,
	} {
		requireState(t, d, name, want)
	}
}

// Templates as people write them for Frappe, with what arrives.
func TestImportedTemplates(t *testing.T) {
	doc := map[string]any{
		"title": "T", "text": "a \"b\"\n<c> \u00e9\u2603\U0001F600", "none": nil,
		"items": []any{map[string]any{"code": "A", "qty": 6.0, "uom": nil}, map[string]any{"code": "B\"", "qty": 2.0}},
	}
	for _, tt := range []struct{ template, want string }{
		{`[{% for d in doc.items %}{"c": "{{ d.code }}"}{{ "," if not loop.last }}{% endfor %}]`,
			`[{"c":"A"},{"c":"B\""}]`},
		{`[{% for d in doc.items %}{{ d.qty }}{{ ", " if not loop.last else "" }}{% endfor %}]`,
			`[6.0,2.0]`},
		{`[{% for d in doc.items %}{{ "" if loop.first else "," }}{{ d.qty | int }}{% endfor %}]`,
			`[6,2]`},
		{`[{% for d in doc.items %}{{ d.qty }}` +
			`{% if loop.index < doc.items | length %},{% endif %}{% endfor %}]`,
			`[6.0,2.0]`},
		{`[{% for d in doc.items %}{{ d.qty }}` +
			`{{ "," if loop.index < doc.items | length }}{% endfor %}]`,
			`[6.0,2.0]`},
		{`{"items": {{ doc.items | json }}}`,
			`{"items":[{"code":"A","qty":6.0},{"code":"B\"","qty":2.0}]}`},
		{`{"items": {{ frappe.as_json(doc.items) }}}`,
			`{"items":[{"code":"A","qty":6.0},{"code":"B\"","qty":2.0}]}`},
		{`{"items": {{ doc.items | tojson }}}`,
			`{"items":[{"code":"A","qty":6.0,"uom":null},{"code":"B\"","qty":2.0}]}`},
		{`{{ doc.as_dict().text | json }}`, `"a \"b\"\n<c> \u00e9\u2603\ud83d\ude00"`},
		{`{"n": "{{ doc.none or '' }}", "m": {{ doc.none or 0 }}, ` +
			`"t": "{{ doc.text | replace("\n", " ") }}"}`,
			`{"n":"","m":0,"t":"a \"b\" <c> \u00e9\u2603\ud83d\ude00"}`},
		{`{"codes": "{{ doc.items | map(attribute='code') | join(', ') }}", ` +
			`"sum": {{ doc.items | sum('qty') }}}`,
			`{"codes":"A, B\"","sum":8.0}`},
		{"{% set ns = namespace(n=0) %}{% for d in doc.items %}" +
			"{% set ns.n = ns.n + d.qty %}{% endfor %}{{ ns.n }}", `8.0`},
		{`{"on": "{{ frappe.utils.format_date(frappe.utils.nowdate(), 'dd.mm.yyyy') }}"}`,
			`{"on":"31.01.2026"}`},
	} {
		w := webhook.Webhook{
			Name: "w", DocType: "Note", Events: []webhook.EventType{webhook.OnUpdate}, URL: "https://example.com/",
			Structure: webhook.JSON, Body: tt.template, Secret: testSecret,
		}
		q := send(t, w, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Note", Name: "n1", Doc: doc,
			Time: time.Date(2026, 1, 31, 9, 30, 0, 0, time.Local),
		})
		require.JSONEq(t, tt.want, string(q.Body), tt.template)
	}
}

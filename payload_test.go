package webhook_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// order is the document of the reference's examples.
var order = map[string]any{
	"name": "SO-00001", "customer": "Customer A", "grand_total": 1500.00, "status": "Draft",
	"items": []any{
		map[string]any{"item_code": "A", "qty": 2, "rate": 10.5},
		map[string]any{"item_code": "B", "qty": json.Number("3"), "rate": nil},
	},
}

// The four conditions of the reference, word for word, and others of its kinds.
func TestConditions(t *testing.T) {
	const template = webhook.GoTemplate
	tests := []struct {
		condition string
		syntax    webhook.Syntax
		doc       map[string]any
		want      webhook.Decision
	}{
		{"{# Only for large orders #}\n{{ doc.grand_total > 10000 }}",
			"", map[string]any{"grand_total": 10000.01}, webhook.Queued},
		{"{# Only for large orders #}\n{{ doc.grand_total > 10000 }}",
			"", map[string]any{"grand_total": 10000}, webhook.ConditionFalse},
		{`{# Only premium customers #}{{ doc.customer_group == "Premium" }}`,
			"", map[string]any{"customer_group": "Premium"}, webhook.Queued},
		{`{# Only premium customers #}{{ doc.customer_group == "Premium" }}`, "", map[string]any{},
			webhook.ConditionFalse},
		{`{{ doc.status in ["Submitted", "Paid"] }}`, "", map[string]any{"status": "Paid"}, webhook.Queued},
		{`{{ doc.status in ["Submitted", "Paid"] }}`, "", map[string]any{"status": "paid"}, webhook.ConditionFalse},
		{`{{ doc.grand_total > 5000 and doc.customer_group == "Premium" }}`, "", map[string]any{
			"grand_total": json.Number("5001"), "customer_group": "Premium",
		}, webhook.Queued},
		{`{{ doc.grand_total > 5000 and doc.customer_group == "Premium" }}`, "",
			map[string]any{"grand_total": nil, "customer_group": "Premium"}, webhook.ConditionFalse},
		{`doc.status == "Open"`, "", map[string]any{"status": "Open"}, webhook.Queued},
		{`eval: doc.status == "Open"`, "", map[string]any{"status": "Open"}, webhook.Queued},
		{`doc.total > 40000`, "", map[string]any{"total": 40001}, webhook.Queued},
		{`doc.due_date == nowdate()`, "", map[string]any{"due_date": "2024-06-01"}, webhook.Queued},
		{`any(d.qty > 5 for d in doc.items)`, "",
			map[string]any{"items": []any{map[string]any{"qty": 6}}}, webhook.Queued},
		{`doc.missing.deep`, "", map[string]any{}, webhook.ConditionError},
		{" \n", "", nil, webhook.Queued},
		{"", "", nil, webhook.Queued},
		{`{% if doc.a %}yes{% endif %}`, "", map[string]any{"a": 1}, webhook.Queued},
		{`{% if doc.a %}yes{% endif %}`, "", map[string]any{"a": 0}, webhook.ConditionFalse},
		{`{{ gt .doc.total 10000 }}`, template, map[string]any{"total": 15000.0}, webhook.Queued},
		{`{{ gt .doc.total 10000 }}`, template, map[string]any{"total": json.Number("9999")}, webhook.ConditionFalse},
		{`{{ and (eq .doc.status "Open") .doc.paid }}`, template,
			map[string]any{"status": "Open", "paid": true}, webhook.Queued},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			ev := updated(tt.doc)
			ev.Time = time.Date(2024, 6, 1, 12, 0, 0, 0, time.Local)
			o := decide(t, orders(func(w *webhook.Webhook) { w.Condition, w.Syntax = tt.condition, tt.syntax }), ev)
			require.Equal(t, tt.want, o.Decision, "%v", o.Err)
			require.Equal(t, tt.want == webhook.ConditionError, o.Err != nil)
		})
	}
}

func TestChanged(t *testing.T) {
	tests := []struct {
		name          string
		doc, previous any
		want          webhook.Decision
	}{
		{"changed", map[string]any{"status": "Open"}, map[string]any{"status": "Draft"}, webhook.Queued},
		{"same", map[string]any{"status": "Open"}, map[string]any{"status": "Open"}, webhook.ConditionFalse},
		{"no previous", map[string]any{"status": "Open"}, nil, webhook.Queued},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := updated(tt.doc)
			ev.Previous = tt.previous
			o := decide(t, orders(func(w *webhook.Webhook) { w.Condition = `changed("status")` }), ev)
			require.Equal(t, tt.want, o.Decision)
		})
	}
}

// Each row of the table of bodies, to the byte.
func TestBodies(t *testing.T) {
	rows := []webhook.Field{{Fieldname: "customer", Key: "customer"}, {Fieldname: "grand_total", Key: "amount"}}
	tests := []struct {
		name        string
		change      func(*webhook.Webhook)
		contentType string
		want        string
	}{
		{"envelope", func(w *webhook.Webhook) {}, "application/json",
			`{"doctype":"Sales Order","name":"SO-00001","data":{"customer":"Customer A","grand_total":1500,` +
				`"items":[{"item_code":"A","qty":2,"rate":10.5},` +
				`{"item_code":"B","qty":3,"rate":null}],"name":"SO-00001","status":"Draft"}}`},
		{"rows", func(w *webhook.Webhook) {
			w.Data = rows
		}, "application/json", `{"customer":"Customer A","amount":1500}`},
		{"rows, JSON", func(w *webhook.Webhook) {
			w.Structure = webhook.JSON
			w.Data = []webhook.Field{
				{Fieldname: "name", Key: "id"}, {Fieldname: "items", Key: "lineItems"},
				{Fieldname: "nope"}, {Fieldname: "doctype"},
			}
		}, "application/json",
			`{"id":"SO-00001","lineItems":[{"item_code":"A","qty":2,"rate":10.5},` +
				`{"item_code":"B","qty":3,"rate":null}],"nope":null,"doctype":"Sales Order"}`},
		{"two fields on one key", func(w *webhook.Webhook) {
			w.Data = []webhook.Field{
				{Fieldname: "name", Key: "id"}, {Fieldname: "status", Key: "s"},
				{Fieldname: "customer", Key: "id"},
			}
		}, "application/json", `{"id":"Customer A","s":"Draft"}`},
		{"JSON, nothing", func(w *webhook.Webhook) { w.Structure = webhook.JSON }, "application/json", `{}`},
		{"form", func(w *webhook.Webhook) { w.Structure, w.Data = webhook.Form, rows },
			"application/x-www-form-urlencoded", `customer=Customer%20A&amount=1500`},
		{"text", func(w *webhook.Webhook) {
			w.Structure, w.Body = webhook.Text, `Order {{ doc.name }}: {{ doc.grand_total }}`
		},
			"text/plain; charset=utf-8", `Order SO-00001: 1500.0`},
		{"text with its own type", func(w *webhook.Webhook) {
			w.Structure, w.Body = webhook.Text, `<o>{{ doc.name }}</o>`
			w.Headers = []webhook.Header{{Key: "content-type", Value: "application/xml"}}
		}, "application/xml", `<o>SO-00001</o>`},
		{"Go template", func(w *webhook.Webhook) {
			w.Syntax = webhook.GoTemplate
			w.Body = `{"id": "{{ .doc.name }}"` +
				`{{ range .doc.items }}, "{{ .item_code }}": {{ .qty }}{{ end }}}`
		}, "application/json", `{"id": "SO-00001", "A": 2, "B": 3}`},
		{"GET", func(w *webhook.Webhook) { w.Method = "get" }, "", ``},
		{"DELETE with rows", func(w *webhook.Webhook) {
			w.Method, w.Data = "DELETE", rows
		}, "application/json", `{"customer":"Customer A","amount":1500}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := send(t, orders(tt.change), updated(order))
			require.Equal(t, tt.want, string(q.Body))
			require.Equal(t, tt.contentType, q.Header.Get("Content-Type"))
			if tt.want != "" {
				require.Equal(t, webhook.Sign(testSecret, q.Body), q.Header.Get("X-Frappe-Webhook-Signature"))
			}
		})
	}
}

// The JSON template of the reference, word for word.
const referenceTemplate = `{
    "order_id": "{{ doc.name }}",
    "customer": "{{ doc.customer }}",
    "total": {{ doc.grand_total }},
    "items": [
        {% for item in doc.items %}
        {
            "item_code": "{{ item.item_code }}",
            "qty": {{ item.qty }}
        }{% if not loop.last %},{% endif %}
        {% endfor %}
    ]
}`

func TestReferenceTemplate(t *testing.T) {
	hostile := map[string]any{
		"name": "SO-00001", "grand_total": 1500.0,
		"customer": "He said \"hi\" \\ \n\u2028{{ 7*7 }}{% for %}\x00\xff",
		"items":    []any{map[string]any{"item_code": `","x":"`, "qty": nil}},
	}
	q := send(t, orders(func(w *webhook.Webhook) {
		w.Structure, w.Body = webhook.JSON, referenceTemplate
	}), updated(hostile))
	var got map[string]any
	require.NoError(t, json.Unmarshal(q.Body, &got), "%s", q.Body)
	require.Equal(t, map[string]any{
		"order_id": "SO-00001", "customer": "He said \"hi\" \\ \n\u2028{{ 7*7 }}{% for %}\x00\ufffd", "total": 1500.0,
		"items": []any{map[string]any{"item_code": `","x":"`, "qty": nil}},
	}, got)
}

// The envelope of a named event.
func TestNamedEvent(t *testing.T) {
	w := webhook.Webhook{
		Name: "plans", Events: []webhook.EventType{"Site Plan Change"},
		URL: "https://example.com/webhook", Secret: testSecret,
	}
	d, r := newDispatcher(t, nil)
	r.VerifyWith(&webhook.Verifier{Secrets: []string{testSecret}, AcceptSecretHeader: true})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	_, err := d.Dispatch(t.Context(), webhook.Event{
		Type: "Site Plan Change",
		Doc:  json.RawMessage(`{"z":1,"a":1.50,"big":12345678901234567890}`),
	})
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	q := r.Requests()[0]
	require.NoError(t, q.Err)
	require.Equal(t, `{"event":"Site Plan Change","data":{"z":1,"a":1.50,"big":12345678901234567890}}`, string(q.Body))
	require.Equal(t, testSecret, q.Header.Get("X-Webhook-Secret"))
	require.Empty(t, q.Header.Get("X-Frappe-Webhook-Signature"))
}

type base struct {
	Owner string `json:"owner"`
}

type salesOrder struct {
	base
	*embedded
	Name     string          `json:"name"`
	Note     sql.NullString  `json:"note"`
	Paid     sql.Null[int64] `json:"paid"`
	Empty    string          `json:"empty,omitempty"`
	Skipped  string          `json:"-"`
	private  string
	Callback func()   `json:"callback"`
	Stream   chan int `json:"stream"`
	When     time.Time
	Raw      json.RawMessage `json:"raw"`
}

type embedded struct {
	Depth int `json:"depth"`
}

func TestDocumentForms(t *testing.T) {
	when := time.Date(2026, 1, 31, 9, 30, 0, 500, time.UTC)
	doc := salesOrder{
		base: base{Owner: "a"}, Name: "SO-1", Note: sql.NullString{String: "n", Valid: true},
		private: "x", Callback: func() {}, Stream: make(chan int), When: when, Raw: json.RawMessage(`{"b":2,"a":1.0}`),
	}
	want := `{"owner":"a","depth":null,"name":"SO-1","note":"n","paid":null,"empty":"",` +
		`"When":"2026-01-31T09:30:00.0000005Z","raw":{"b":2,"a":1.0}}`
	pointer := &doc
	tests := []struct {
		name string
		doc  any
		want string
	}{
		{"struct", doc, want},
		{"pointer", pointer, want},
		{"pointer to pointer", &pointer, want},
		{"map of a named type", map[string]int{"b": 2, "a": 1}, `{"a":1,"b":2}`},
		{"nil map", map[string]any(nil), `{}`},
		{"nil", nil, `{}`},
		{"raw JSON", json.RawMessage(` {"z": 1e2, "a": "\u00e9<&>"} `), `{"z":1e2,"a":"é<&>"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := send(t, orders(nil), updated(tt.doc))
			require.Equal(t, `{"doctype":"Sales Order","name":"SO-00001","data":`+tt.want+`}`, string(q.Body))
		})
	}
}

// What encoding/json writes as null is None, whatever Go's type is.
func TestNilIsNone(t *testing.T) {
	for name, nothing := range map[string]any{
		"nil": nil, "slice": []string(nil), "slice of any": []any(nil), "map": map[string]int(nil),
		"map of any": map[string]any(nil), "pointer": (*salesOrder)(nil), "raw JSON": json.RawMessage("null"),
		"bytes": []byte(nil), "no raw JSON": json.RawMessage(nil), "no value": sql.NullString{},
	} {
		t.Run(name, func(t *testing.T) {
			doc := map[string]any{"a": nothing, "l": []any{nothing}}
			body := func(change func(*webhook.Webhook)) string {
				return string(send(t, orders(change), updated(doc)).Body)
			}
			text := func(source string) string {
				return body(func(w *webhook.Webhook) { w.Structure, w.Body = webhook.Text, source })
			}
			rows := []webhook.Field{{Fieldname: "a"}, {Fieldname: "l"}}
			require.Equal(t, `{"doctype":"Sales Order","name":"SO-00001","data":{"a":null,"l":[null]}}`, body(nil))
			require.Equal(t, `{"a":null,"l":[null]}`, body(func(w *webhook.Webhook) { w.Data = rows }))
			require.Equal(t, `a=&l=%5Bnull%5D`, body(func(w *webhook.Webhook) {
				w.Structure, w.Data = webhook.Form, rows
			}))
			require.Equal(t, `{"a":null,"t":null,"s":""}`, body(func(w *webhook.Webhook) {
				w.Body = `{"a":{{ doc.a }},"t":{{ doc.a | tojson }},"s":"{{ doc.a }}"}`
			}))
			require.Equal(t, `None [None] True True True`,
				text(`{{ doc.a }} {{ doc.l }} {{ doc.a is none }} {{ doc.a == none }} {{ doc.l[0] is none }}`))
			require.Equal(t, `True`, text(`{{ doc["a"] is none and doc.get("a") is none and doc.l | first is none }}`))
		})
	}
}

// A document that is null has no fields, and a null Previous is none.
func TestNilDocument(t *testing.T) {
	for name, nothing := range map[string]any{
		"nil": nil, "map": map[string]any(nil), "pointer": (*salesOrder)(nil), "raw JSON": json.RawMessage("null"),
	} {
		t.Run(name, func(t *testing.T) {
			ev := updated(nothing)
			ev.Previous = nothing
			require.Equal(t, `{} SO-00001 None 0 True`, string(send(t, orders(func(w *webhook.Webhook) {
				w.Structure, w.Body = webhook.Text,
					`{{ doc.as_dict() }} {{ doc.get("name") }} {{ doc.get("total") }} `+
						`{{ doc | length }} {{ changed("total") }}`
			}), ev).Body))
			ev.Doc = map[string]any{"total": nil}
			require.Equal(t, webhook.Queued, decide(t, orders(func(w *webhook.Webhook) {
				w.Condition = `changed("total") and doc.has_value_changed("total") and not previous`
			}), ev).Decision)
		})
	}
}

// Bytes that are no UTF-8 are what encoding/json makes of them, in every body.
func TestInvalidUTF8(t *testing.T) {
	doc := map[string]any{"a": "x\xff\xfe\u00e9"}
	rows := []webhook.Field{{Fieldname: "a"}}
	for want, change := range map[string]func(*webhook.Webhook){
		"{\"a\":\"x\ufffd\ufffd\u00e9\"}": func(w *webhook.Webhook) { w.Data = rows },
		`a=x%EF%BF%BD%EF%BF%BD%C3%A9`:     func(w *webhook.Webhook) { w.Structure, w.Data = webhook.Form, rows },
		"x\ufffd\ufffd\u00e9": func(w *webhook.Webhook) {
			w.Structure, w.Body = webhook.Text, `{{ doc.a }}`
		},
		"X\ufffd\ufffd\u00c9": func(w *webhook.Webhook) {
			w.Structure, w.Body = webhook.Text, `{{ doc.a | upper }}`
		},
		"-x\ufffd\ufffd\u00e9": func(w *webhook.Webhook) {
			w.Structure, w.Body = webhook.Text, `-{{ doc.a | safe }}`
		},
	} {
		require.Equal(t, want, string(send(t, orders(change), updated(doc)).Body))
	}
	q := send(t, orders(func(w *webhook.Webhook) { w.DynamicURL, w.URL = true, "https://h/{{ doc.a }}" }), updated(doc))
	require.Equal(t, "https://h/x%EF%BF%BD%EF%BF%BD%C3%A9", q.URL)
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("no") }

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot") }

type cyclic struct {
	Name string  `json:"name"`
	Next *cyclic `json:"next"`
}

// A document that cannot be read is the RenderError of the webhooks that touch
// what is wrong with it, and of no others.
func TestBadDocuments(t *testing.T) {
	ring := &cyclic{Name: "a"}
	ring.Next = ring
	loop := map[string]any{}
	loop["bad"] = loop
	deep := map[string]any{}
	for range 100_000 {
		deep = map[string]any{"bad": deep}
	}
	tests := []struct {
		name string
		doc  any
	}{
		{"panicking marshaler", map[string]any{"bad": panicking{}}},
		{"failing marshaler", map[string]any{"bad": failing{}}},
		{"cyclic struct", map[string]any{"bad": ring}},
		{"cyclic map", loop},
		{"too deep", deep},
		{"not a number", map[string]any{"bad": math.NaN()}},
		{"infinity", map[string]any{"bad": math.Inf(1)}},
		{"broken raw JSON", map[string]any{"bad": json.RawMessage(`{"a":`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, structure := range []webhook.Structure{webhook.JSON, webhook.Form} {
				d, r := newDispatcher(t, nil)
				require.NoError(t, d.SaveWebhooks(t.Context(),
					orders(func(w *webhook.Webhook) {
						w.Name = "1 touches"
						w.Structure = structure
						w.Data = []webhook.Field{{Fieldname: "bad"}}
					}),
					orders(func(w *webhook.Webhook) {
						w.Name = "2 does not"
						w.Structure = structure
						w.Data = []webhook.Field{{Fieldname: "name"}}
					}),
				))
				report, err := d.Dispatch(t.Context(), updated(tt.doc))
				require.NoError(t, err)
				require.Equal(t, webhook.RenderError, report.Outcomes[0].Decision,
					"%s: %v", structure, report.Outcomes[0].Err)
				require.Error(t, report.Outcomes[0].Err)
				require.Equal(t, webhook.Queued, report.Outcomes[1].Decision, "%v", report.Outcomes[1].Err)
				require.NoError(t, d.Drain(t.Context()))
				require.Len(t, r.Requests(), 1)
			}
		})
	}
}

func TestHostFunctionPanics(t *testing.T) {
	d, _ := newDispatcher(t, &webhook.Options{Funcs: map[string]any{"boom": func() string { panic("no") }}})
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Condition = `{{ boom() }}` })))
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.ConditionError, report.Outcomes[0].Decision)
}

func TestBodyTooLargeByDefault(t *testing.T) {
	text := func(n int) any { return map[string]any{"x": strings.Repeat("x", n)} }
	w := orders(func(w *webhook.Webhook) { w.Structure, w.Body = webhook.Text, `{{ doc.x }}` })
	require.Equal(t, webhook.Queued, decide(t, w, updated(text(1<<20))).Decision)
	o := decide(t, w, updated(text(1<<20+1)))
	require.Equal(t, webhook.RenderError, o.Decision)
	require.ErrorIs(t, o.Err, webhook.ErrBodyTooLarge)
}

func TestFormValues(t *testing.T) {
	doc := json.RawMessage(`{"a":100.0,"b":1e20,"c":1e21,"d":0.1,"e":1e-7,"f":-0.5,"g":12345678901234567890,"h":null,
		"i":true,"j":"a b&c=d+é~","k":[1,2.50],"l":"2026-01-31"}`)
	var rows []webhook.Field
	for _, f := range strings.Split("abcdefghijkl", "") {
		rows = append(rows, webhook.Field{Fieldname: f})
	}
	rows = append(rows, webhook.Field{Fieldname: "missing", Key: "m n"})
	q := send(t, orders(func(w *webhook.Webhook) { w.Structure, w.Data = webhook.Form, rows }), updated(doc))
	require.Equal(t, "a=100&b=100000000000000000000&c=1e%2B21&d=0.1&e=0.0000001&f=-0.5&g=12345678901234567890&h="+
		"&i=true&j=a%20b%26c%3Dd%2B%C3%A9~&k=%5B1%2C2.50%5D&l=2026-01-31&m%20n=", string(q.Body))
}

// A number that is none in JSON is none in a form either; without digits it is 0.
func TestFormNumberOfTheHost(t *testing.T) {
	form := orders(func(w *webhook.Webhook) { w.Structure, w.Data = webhook.Form, []webhook.Field{{Fieldname: "a"}} })
	for n, want := range map[json.Number]string{"": "a=0", "1e3": "a=1000", "1e400": "a=1e400"} {
		require.Equal(t, want, string(send(t, form, updated(map[string]any{"a": n})).Body))
	}
	for _, n := range []json.Number{"abc", "NaN", "+5", " 5", "0x10", "1_000", "-"} {
		require.Equal(t, webhook.RenderError, decide(t, form, updated(map[string]any{"a": n})).Decision, n)
	}
}

// A body above MaxBodyBytes is one error, however it is made, and what is
// allocated for it is in proportion to the bound and not to the document.
func TestBodyTooLarge(t *testing.T) {
	items := make([]any, 100_000)
	for i := range items {
		items[i] = strings.Repeat("x", 200)
	}
	doc := map[string]any{"items": items, "text": strings.Repeat("y", 20<<20), "rows": map[string]any{"all": items}}
	row := func(fields ...string) (rows []webhook.Field) {
		for _, f := range fields {
			rows = append(rows, webhook.Field{Fieldname: f})
		}
		return rows
	}
	tests := []struct {
		name   string
		change func(*webhook.Webhook)
	}{
		{"envelope", func(*webhook.Webhook) {}},
		{"row of a list", func(w *webhook.Webhook) { w.Data = row("items") }},
		{"row of a text", func(w *webhook.Webhook) { w.Data = row("text") }},
		{"row of a map", func(w *webhook.Webhook) { w.Data = row("rows") }},
		{"form of a list", func(w *webhook.Webhook) { w.Structure, w.Data = webhook.Form, row("items") }},
		{"form of a text", func(w *webhook.Webhook) { w.Structure, w.Data = webhook.Form, row("text") }},
		{"JSON template of a list", func(w *webhook.Webhook) { w.Body = `{"x": {{ doc["items"] }}}` }},
		{"JSON template of a text", func(w *webhook.Webhook) { w.Body = `{"x": {{ doc.text }}}` }},
		{"JSON template of a text in a string", func(w *webhook.Webhook) { w.Body = `{"x": "a{{ doc.text }}"}` }},
		{"JSON template in a loop", func(w *webhook.Webhook) {
			w.Body = `[{% for i in doc["items"] %}{{ i }},{% endfor %}1]`
		}},
		{"text of a text", func(w *webhook.Webhook) { w.Structure, w.Body = webhook.Text, `{{ doc.text }}` }},
		{"text in a loop", func(w *webhook.Webhook) {
			w.Structure, w.Body = webhook.Text, `{% for i in doc["items"] %}{{ i }},{% endfor %}`
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := newDispatcher(t, &webhook.Options{MaxBodyBytes: 64 << 10, RenderTimeout: 10 * time.Second})
			require.NoError(t, d.SaveWebhook(t.Context(), orders(tt.change)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			report, err := d.Dispatch(t.Context(), updated(doc))
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			require.Equal(t, webhook.RenderError, report.Outcomes[0].Decision)
			require.ErrorIs(t, report.Outcomes[0].Err, webhook.ErrBodyTooLarge)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "of 40 MiB")
		})
	}
}

// What is missing at the end of a body has a place too: where the template ends.
func TestUnfinishedBody(t *testing.T) {
	for body, want := range map[string]string{
		"{\n{% if doc.nope %}\"a\": 1}{% endif %}\n\n": `2:36: the body is not JSON: expected a key in quotes or "}"`,
		"{% if doc.nope %}[]{% endif %}":               `1:31: the body is not JSON: expected a value`,
	} {
		o := decide(t, orders(func(w *webhook.Webhook) { w.Body = body }), updated(order))
		require.Equal(t, webhook.RenderError, o.Decision)
		require.ErrorContains(t, o.Err, "template: body:"+want+", found the end of the body")
	}
	d, _ := newDispatcher(t, nil)
	err := d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Body = "[\n{{ doc.name }}\n\n" }))
	var e *webhook.ConfigError
	require.ErrorAs(t, err, &e)
	require.Equal(t, []int{2, 15}, []int{e.Line, e.Column})
}

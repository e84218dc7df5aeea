//go:build e2e

package e2e_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

var erpReceiver = program{
	file:  "erp_receiver.py",
	edits: []edit{{"the port", "app.run(port=5000)", "app.run(port=PORT)"}},
}

const warehouseSecret = "warehouse-secret"

// erpEvents are what the ERP does, with what its receiver is to see of it.
var erpEvents = []struct {
	webhook string
	event   webhook.Event
	want    string // a line of erp_receiver.py; "": nothing is sent
}{
	{
		"Sales Order to Warehouse",
		webhook.Event{
			Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
			Doc: map[string]any{
				"name": "SO-00001", "customer": `The "Blue" Shop`, "grand_total": 15000.5,
				"customer_group": "Commercial", "transaction_date": "2025-11-20",
				"items": []any{
					map[string]any{"item_code": "W-1", "qty": 2.0},
					map[string]any{"item_code": "W-2", "qty": 5.0},
				},
			},
		},
		`{"target":"/warehouse/orders","method":"POST","type":"application/json",
			"signed":true,"key":null,"body":{
			"order_id":"SO-00001","customer":"The \"Blue\" Shop","total":15000.5,
			"deliver_by":"2025-11-27",
			"items":[{"item_code":"W-1","qty":2.0},{"item_code":"W-2","qty":5.0}]}}`,
	},
	{
		"Sales Order to Warehouse",
		webhook.Event{
			Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00002",
			Doc: map[string]any{
				"name": "SO-00002", "grand_total": 99.0, "customer_group": "Commercial",
				"items": []any{},
			},
		},
		"",
	},
	{
		"New Customer to CRM",
		webhook.Event{
			Type: webhook.AfterInsert, DocType: "Customer", Name: "CUST-7",
			Doc: map[string]any{
				"name": "CUST-7", "customer_name": "M\u00fcller & S\u00f6hne",
				"territory": nil, "disabled": 0,
			},
		},
		`{"target":"/crm/customers","method":"POST","type":"application/json",
			"signed":null,"key":"4f9c1d7e","body":{
			"id":"CUST-7","title":"M\u00fcller & S\u00f6hne","territory":null,"disabled":0}}`,
	},
	{
		"Quotation Example",
		webhook.Event{
			Type: webhook.OnUpdate, DocType: "Quotation", Name: "QTN-00001",
			Doc: map[string]any{
				"name":  "QTN-00001",
				"items": []any{map[string]any{"item_code": "I1", "qty": 1.0, "brand": nil}},
			},
		},
		`{"target":"/quotations","method":"POST","type":"application/json",
			"signed":null,"key":null,"body":{
			"id":"QTN-00001","lineItems":[{"item_code":"I1","qty":1.0,"brand":null}]}}`,
	},
	{
		"Invoice Paid",
		webhook.Event{
			Type: webhook.OnUpdateAfterSubmit, DocType: "Sales Invoice", Name: "SINV/2025 7",
			Previous: map[string]any{"status": "Unpaid"},
			Doc: map[string]any{
				"name": "SINV/2025 7", "company": "A&B", "status": "Paid", "grand_total": 119.0,
				"posting_date": "2025-11-01",
			},
		},
		`{"target":"/invoices/SINV/2025 7/paid?company=A%26B","method":"PUT",
			"type":"application/json","signed":true,"key":null,"body":{
			"invoice":"SINV/2025 7","amount":119.0,"date":"2025-11-01"}}`,
	},
	{
		"Ticket Mirror",
		webhook.Event{
			Type: webhook.OnUpdate, DocType: "Issue", Name: "ISS-1",
			Doc: map[string]any{
				"name": "ISS-1", "subject": "It says \"no\"\nagain",
				"description": `<div class="ql-editor"><p>Broken</p></div>`,
				"tags":        []any{"a", "b"},
			},
		},
		`{"target":"/helpdesk","method":"POST","type":"application/json",
			"signed":null,"key":null,"body":{
			"id":"ISS-1","subject":"It says \"no\"\nagain","text":"Broken","tags":["a","b"]}}`,
	},
	{
		"Item Sync",
		webhook.Event{
			Type: webhook.OnChange, DocType: "Item", Name: "W-1",
			Doc: map[string]any{
				"name": "W-1", "description": nil,
				"barcodes": []any{
					map[string]any{"barcode": "40123", "barcode_type": "EAN"},
				},
			},
		},
		`{"target":"/shop/items","method":"PUT","type":"application/json",
			"signed":null,"key":null,"body":{
			"name":"W-1","description":null,
			"barcodes":[{"barcode":"40123","barcode_type":"EAN"}]}}`,
	},
	{
		"Note Removed",
		webhook.Event{
			Type: webhook.OnTrash, DocType: "Note", Name: "n 1",
			Doc: map[string]any{"name": "n 1"},
		},
		`{"target":"/notes/n 1","method":"DELETE","type":"application/json",
			"signed":null,"key":null,"body":{}}`,
	},
	{
		"Delivery Cancelled",
		webhook.Event{
			Type: webhook.OnCancel, DocType: "Delivery Note", Name: "DN-1",
			Doc: map[string]any{"name": "DN-1"},
		},
		`{"target":"/deliveries/cancelled","method":"POST","type":"application/json",
			"signed":null,"key":"token 7d1a:93c2","body":{}}`,
	},
	{
		"Lead Alert",
		webhook.Event{
			Type: webhook.AfterInsert, DocType: "Lead", Name: "L-1",
			Time: time.Date(2025, 11, 21, 9, 0, 0, 0, time.Local),
			Doc: map[string]any{
				"name": "L-1", "source": "Website", "creation": "2025-11-21 08:59:30.123456",
				"lead_name": "Ann", "company_name": "Acme",
			},
		},
		`{"target":"/chat/leads","method":"POST","type":"application/json",
			"signed":null,"key":null,
			"body":{"text":"New lead: Ann (Acme)","at":"21.11.2025"}}`,
	},
	{
		"Stock Ledger (old)",
		webhook.Event{
			Type: webhook.OnSubmit, DocType: "Stock Entry", Name: "STE-1",
			Doc: map[string]any{"name": "STE-1"},
		},
		"",
	},
}

// Ten webhooks, exported from Frappe, come over and arrive.
func TestImportedWebhooksArrive(t *testing.T) {
	run := erpReceiver.start(t)
	text, err := os.ReadFile("../../testdata/frappe/webhooks.json")
	require.NoError(t, err)
	im, err := webhook.ImportFrappe(
		strings.NewReader(strings.ReplaceAll(string(text), "https://hooks.example.com", run.URL)))
	require.NoError(t, err)
	require.Len(t, im.Webhooks, 10)
	for i, w := range im.Webhooks { // the operator gives the secrets that no export has
		if w.Name == "Sales Order to Warehouse" || w.Name == "Invoice Paid" {
			require.True(t, w.Disabled)
			im.Webhooks[i].Secret, im.Webhooks[i].Disabled = warehouseSecret, false
		}
	}
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhooks(t.Context(), im.Webhooks...))

	for _, e := range erpEvents {
		before := len(run.Log(t))
		report, err := d.Dispatch(t.Context(), e.event)
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Len(t, report.Outcomes, 1)
		require.Equal(t, e.webhook, report.Outcomes[0].Webhook)
		require.NoError(t, d.Drain(t.Context()))
		_, saw, arrived := strings.Cut(run.Log(t)[before:], "SAW ")
		require.Equal(t, e.want != "", arrived, "%s: %s", e.webhook, report.Outcomes[0].Decision)
		if arrived {
			saw, _, _ = strings.Cut(saw, "\n")
			require.JSONEq(t, e.want, saw, e.webhook)
		}
	}
}

var httpbin = program{
	file:  "httpbin_server.py",
	edits: []edit{{"the port", "app.run(port=5000)", "app.run(port=PORT)"}},
}

// The example of Frappe's documentation: a Quotation by rows, to httpbin. The
// page says that it is a form, and shows JSON that came without a form's
// Content-Type; so there is no such row here. What httpbin saw is what the page
// shows, as JSON values; the headers are those of this library.
func TestQuotationExample(t *testing.T) {
	run := httpbin.start(t)
	type seen struct {
		Args  map[string]any `json:"args"`
		Data  string         `json:"data"`
		Files map[string]any `json:"files"`
		Form  map[string]any `json:"form"`
		JSON  map[string]any `json:"json"`
	}
	var shown, got seen
	page, err := os.ReadFile("testdata/quotation.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(page, &shown))

	doc := map[string]any{"name": shown.JSON["id"], "items": shown.JSON["lineItems"], "customer": "not sent"}
	im, err := webhook.ImportFrappe(strings.NewReader(`{"doctype":"Webhook","name":"example",
		"webhook_doctype":"Quotation","webhook_docevent":"on_update","request_url":"` + run.URL + `/post",
		"webhook_data":[
			{"fieldname":"name","key":"id","idx":1},
			{"fieldname":"items","key":"lineItems","idx":2}
		]}`))
	require.NoError(t, err)
	require.Empty(t, im.Notes)
	inner := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Transport: webhook.TransportFunc(func(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
			resp, err := inner.Send(ctx, req)
			if err == nil {
				err = json.Unmarshal(resp.Body, &got)
			}
			return resp, err
		}),
	})
	require.NoError(t, err)
	require.NoError(t, d.SaveWebhooks(t.Context(), im.Webhooks...))
	delivery, _ := deliver(t, d,
		webhook.Event{Type: webhook.OnUpdate, DocType: "Quotation", Name: "QTN-00001", Doc: doc})
	require.Equal(t, webhook.Delivered, delivery.State)

	require.JSONEq(t, shown.Data, got.Data)
	shown.Data, got.Data = "", ""
	require.Equal(t, shown, got)
}

// The verifier of the webhooks reference with its Flask example. Its slips: it
// calls process_webhook, which it does not define; nothing runs it; and a request
// without a signature passes unverified, as in the complete handler.
var salesOrder = program{
	file: "sales_order.py",
	edits: []edit{
		{
			"a slip: process_webhook is not defined",
			"# Flask example\n",
			"def process_webhook(data):\n    print(f\"Processed: {data['name']}\")\n\n# Flask example\n",
		},
		{
			"nothing runs the program",
			"    return jsonify({'status': 'received'}), 200",
			"    return jsonify({'status': 'received'}), 200\n\nif __name__ == '__main__':\n    app.run(port=PORT)\n",
		},
	},
}

func TestSalesOrderProgram(t *testing.T) {
	run := salesOrder.start(t)
	d := newDispatcher(t, nil)
	w := orderWebhook(run, orderSecret)
	w.URL = run.URL + "/webhook/sales-order"
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	delivery, _ := deliver(t, d, orderInserted)
	require.Equal(t, webhook.Delivered, delivery.State)
	require.Contains(t, run.Log(t), "Processed: SO-00001")
	require.Equal(t, 401, post(t, w.URL, largeOrder, signature(orderSecret, order)))
	require.Equal(t, 200, post(t, w.URL, order, nil), "the slip: unsigned requests pass")
}

// As it stands, the program answers 500 to what it should take: the delivery is
// retried, not lost.
func TestSalesOrderProgramAsItStands(t *testing.T) {
	run := program{file: salesOrder.file, edits: salesOrder.edits[1:]}.start(t)
	d := newDispatcher(t, nil)
	w := orderWebhook(run, orderSecret)
	w.URL = run.URL + "/webhook/sales-order"
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	delivery, attempt := deliver(t, d, orderInserted)
	require.Equal(t, webhook.Pending, delivery.State)
	require.Equal(t, 500, attempt.StatusCode)
	require.Contains(t, run.Log(t), "name 'process_webhook' is not defined")
}

// The command with which the reference tries the order handler has no signature,
// and the handler, which checks one only if it is there, takes it.
func TestOrderHandlerTakesTheUnsignedCommand(t *testing.T) {
	run := orderHandler.start(t)
	body := `{"doctype":"Sales Order","name":"SO-00001","data":{"status":"Draft"}}`
	require.Equal(t, 200, post(t, run.URL+orderPath, body, nil))
	require.Contains(t, run.Log(t), "Received webhook: Sales Order/SO-00001")
}

// A copy of the Frappe Cloud page lost the line breaks of the first program and
// the indentation of the second. Both are the same programs, which run above.
func TestLostLayoutIsTheOnlySlipOfTheCopies(t *testing.T) {
	read := func(file string) string {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		require.NoError(t, err)
		return string(data)
	}
	squeeze := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	mended := strings.Replace(read(firstApp.file), firstApp.edits[1].old, firstApp.edits[1].new, 1)
	mended = strings.Replace(mended, "sent by FC at", "sent by Cloud at", 1)
	require.Equal(t, squeeze(mended), squeeze(read("first_app_one_line.py")))
	flat := strings.ReplaceAll(read("secret_header_flat.py"), "sent by Cloud at", "sent by FC at")
	require.Equal(t, squeeze(read(secretHeader.file)), squeeze(flat))
}

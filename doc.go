// Package webhook sends document-event webhooks, as Frappe, ERPNext and Frappe
// Cloud have them, from within a Go application.
//
// A host calls [Dispatcher.Dispatch] when a document changes, usually in its
// ORM's hooks. Webhooks, kept as data, decide by document type, event and a Jinja
// condition whether they fire. The library renders the body, signs the bytes it
// sends, delivers them with retries from a [Store], and keeps a log that explains
// what happened:
//
//	d, err := webhook.New(webhook.NewMemoryStore(), nil)
//	err = d.SaveWebhook(ctx, webhook.Webhook{
//		Name: "Large orders", DocType: "Sales Order",
//		Events:    []webhook.EventType{webhook.OnSubmit},
//		Condition: "{{ doc.grand_total > 10000 }}",
//		URL:       "https://example.com/orders", Secret: secret,
//	})
//	go d.Run(ctx)
//
//	// where orders are submitted:
//	event := webhook.Event{DocType: "Sales Order", Name: order.Name, Doc: order}
//	report, err := d.Dispatch(ctx, webhook.ActionSubmit.On(event)...)
//
// # Words
//
// A document is a record with a type and a name. An event is one thing that
// happened to it, or a named event. A webhook is the configuration. A delivery is
// one webhook's message for one event; an attempt is one HTTP request for it. An
// outcome is what one webhook did with one event. An endpoint is the scheme, host
// and port of a URL.
//
// # What is promised
//
// Every delivery whose Dispatch returned nil is attempted at least once, always
// under the same id and with the same bytes; while the store keeps it, that is. A
// receiver may see an id twice, after a crash or when its answer got lost, and
// should ignore it then. There is no order, unless the webhook is Ordered.
//
// A failure in a webhook (its condition, template, endpoint, or a panic in what
// the library calls) never fails the host's write: it is an [Outcome], and
// logged. Dispatch returns an error only when the store did not take the
// deliveries or an event is invalid.
//
// Body, content type and a dynamic URL are those of the Dispatch. The static URL,
// header rows, secrets, timeout and retry policy are those of the webhook as it
// is when an attempt is made.
//
// # Concurrency
//
// A [Dispatcher] may be used by many goroutines, and many processes may share a
// store. It starts no goroutine but in [Dispatcher.Run] and [Dispatcher.Drain],
// and none outlives them; except that calls which meet at the store are written
// together, by a goroutine that ends when none of them waits for it. Caps, Retry-After gates and breakers are each process's
// own; leases, states and the record of failures are the store's.
//
// # Security
//
// The default [Transport] refuses, at dial, addresses that are not public; see
// [HTTPOptions]. Redirects are not followed. Templates reach nothing beyond their
// data: no Go method, no file, no environment; their time, steps, depth and
// output are bounded. Secrets are write-only and stand in no log, error, delivery
// or attempt; [Options].Sealer encrypts them at rest. Whoever may save webhooks
// decides what leaves the host: check it with [Options].CheckWebhook.
//
// # Testing
//
// Package webhooktest has a receiver in memory. Drain makes a pass without a
// goroutine. The library reads no clock but [time.Now], so that all of it works
// in a testing/synctest bubble.
//
// # Implementing a store
//
// The comments on [Store] are the contract; [MemoryStore] is the reference. The
// rules of what becomes of a delivery are not the store's: it compares, swaps and
// counts. Implement [Pruner], [Counter] and [Notifier] where the database can,
// and let package storetest's Run put the store to the test.
package webhook

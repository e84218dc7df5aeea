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
// logged. Dispatch returns an error only when an event is invalid, or when the
// store did not take the deliveries or never said which webhooks there are.
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
// together, by a goroutine that ends when none of them waits for it, and that an
// [HTTPTransport] has those of its idle connections, the default one until Run
// ends. Caps, Retry-After gates and breakers are each process's own; leases,
// states and the record of failures are the store's.
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
// # Implementing a store
//
// The comments on [Store] are the contract. The rules of what becomes of a
// delivery are not the store's: it keeps, compares, swaps and finds. The store
// in examples/boltstore, on a key-value database, is written to be read beside
// this guide; its nine methods take less than 400 lines. In this order,
// something can be tested after each step:
//
//  1. Transactions. Everything below is all or none, so begin with one function
//     that runs another in a transaction, and undoes what an error left. It is
//     also where a context that has ended is refused. (in)
//  2. Webhooks, PutWebhooks, DeleteWebhook: rows by name, a compare-and-swap on
//     each record's Revision, and one counter over all, which rises with every
//     change: dispatchers compare it once a second, so let it be cheap to read.
//  3. Enqueue and Delivery: rows by id. Keep the fields you never ask for as
//     one value, JSON for instance, with the body byte for byte. An id that is
//     there already is no error: the row stays as it is, fresh says false.
//     Number the rows as you store them; the number is the Seq, and the
//     tie-break of everything else. (row, save)
//  4. Deliveries and Attempts: an index on Created and that number, read
//     backwards. After is a place in this order. Keep an attempt in the
//     transaction of its change. (newestFirst)
//  5. Claim and Update without lines: an index on Due. Claim walks over it from
//     the longest due to Now, passes over what is leased or to be skipped, and
//     writes Owner, LeaseUntil and a higher Fence in the same transaction,
//     under a lock that no other claim passes: SELECT ... FOR UPDATE SKIP
//     LOCKED, a single writer, a script. Update compares the Fence, sets what
//     [Change.Apply] sets, and moves the row's entry in the index. Compare with
//     the times you are given and with no clock. (longestDue)
//  6. Lines: an index on Line and Seq of the deliveries that are neither
//     Delivered nor Canceled. Only the first of a line is in the index on Due;
//     when a change makes another the first, that one enters it, so that the
//     rest of a line costs nothing while it waits. Writers that enqueue at once
//     must not number one line at once. (first, offer)
//
// After each step run package storetest, narrowed to what is there (go test
// -run 'TestStore/webhooks', then enqueue, deliveries, claim, update, line, and
// then all). Let methods that are not written yet return an error: a check that
// needs one fails with it, and waits for a later step.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) webhook.Store { return newEmptyStore(t) })
//	}
//
// Each failure prints the rule that was broken. What storetest cannot prove is
// what a crash leaves: that is the database's. Its Benchmark says how fast the
// store is: Claim beside a backlog, a history and a skipped webhook should cost
// what it costs alone. The dispatcher makes one Enqueue and one Update of what
// many ask for at once, so a transaction for each call is fast enough.
//
// What a database can do beyond, a store offers by further interfaces. A
// [Pruner] lets [Options].Retention forget finished deliveries; without it they
// stay. A [Counter] makes [Dispatcher.Stats] work, and the bound on paused
// deliveries hold over several processes. A [Notifier] brings what another
// process enqueued at once instead of with the next poll. A [Transactor] writes
// deliveries in the host's own transaction: with it, what was rolled back is
// never sent, and what was committed is never lost. All but the last are put to
// the test as soon as they are there; see storetest's Beginner for that.
//
// # Testing
//
// Package webhooktest has a receiver in memory. Drain makes a pass without a
// goroutine. The library reads no clock but [time.Now], so that all of it works
// in a testing/synctest bubble.
package webhook

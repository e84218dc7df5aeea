package webhook

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// An index finds the webhooks that listen to an event. It is immutable.
type index struct {
	seen     Revision
	byName   map[string]*entry
	byEvent  map[eventKey][]*entry // by name within
	tags     map[string]bool       // of all webhooks, in chains
	chainKey string
	keyRev   int64 // of the chain key's record; 0: there is none
	keyStale bool  // the record is not sealed as it would be now
}

// An entry is a webhook with its status.
type entry struct {
	hook        *hook
	status      Status
	rec         statusRecord
	statusRev   int64 // of its record; 0: there is none
	statusStale bool  // the record is not sealed as it would be now
}

// An eventKey is what webhooks listen to. DocType is "" for named events.
type eventKey struct {
	docType string
	event   EventType
}

func keyOf(docType string, t EventType) eventKey {
	if !t.IsDocumentEvent() {
		docType = ""
	}
	return eventKey{docType, t}
}

// hooks returns the webhooks subscribed to an event.
func (x *index) hooks(docType string, t EventType) []*entry { return x.byEvent[keyOf(docType, t)] }

// listens reports whether there is any. A nil index has none.
func (x *index) listens(docType string, t EventType) bool {
	return x != nil && len(x.hooks(docType, t)) > 0
}

// inService returns a webhook, nil if nothing is to be sent for it.
func (x *index) inService(webhook string) *entry {
	e := x.byName[webhook]
	if e == nil || e.hook.err != nil || e.status.State != Active {
		return nil
	}
	return e
}

// ownTag reports whether a tag is one of this store's webhooks.
func (x *index) ownTag(tag string) bool { return x.tags[tag] }

const (
	lookInterval = time.Second            // between looks at the store's records
	lookTimeout  = 100 * time.Millisecond // of one, when there is an index to go on with
)

// current returns the index. When the last look at the store was a second ago
// it looks again first; if that fails, the index that it has stays in use.
func (d *Dispatcher) current(ctx context.Context) (*index, error) {
	idx := d.index.Load()
	if idx == nil {
		return d.refresh(ctx)
	}
	last := d.looked.Load()
	now := int64(time.Since(d.made))
	if now-last < int64(lookInterval) || !d.looked.CompareAndSwap(last, now) {
		return idx, nil
	}
	fresh, err := d.look(ctx)
	if err != nil {
		d.log.WarnContext(ctx, "webhook: look for changed webhooks", "error", err)
		return idx, nil
	}
	return fresh, nil
}

// look is refresh with a deadline. In a transaction of the host's it has none: a
// statement that is broken off there takes the transaction with it.
func (d *Dispatcher) look(ctx context.Context) (*index, error) {
	if d.store.InTransaction(ctx) {
		return d.readIndex(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return d.refresh(ctx)
}

// refresh reads the records if they changed, and makes them the index. Callers
// take turns, except those who have waited for some time, and those in a
// transaction of the host's: whoever has the turn may be waiting for that
// transaction's connection.
func (d *Dispatcher) refresh(ctx context.Context) (*index, error) {
	if d.store.InTransaction(ctx) {
		return d.readIndex(ctx)
	}
	patience := time.NewTimer(lookTimeout / 2)
	defer patience.Stop()
	// No mutex: who waits for another's slow read must heed ctx, and not wait for
	// one that hangs.
	select {
	case d.reload <- struct{}{}:
		defer func() { <-d.reload }()
	case <-patience.C:
	case <-ctx.Done():
		return nil, wrap(ctx.Err(), "webhook: read webhooks")
	}
	return d.readIndex(ctx)
}

func (d *Dispatcher) readIndex(ctx context.Context) (*index, error) {
	old := d.index.Load()
	var seen Revision
	if old != nil {
		seen = old.seen
	}
	began := time.Since(d.made)
	recs, rev, err := d.ask(ctx, seen)
	if err != nil {
		return nil, err
	}
	// A transaction may see the records as they were when it began.
	inTransaction := d.store.InTransaction(ctx)
	idx := old
	if old == nil || rev.N != seen.N && (rev.N > seen.N || !inTransaction) {
		if idx, err = d.newIndex(recs, old); err != nil {
			return nil, err
		}
		idx.seen = rev
		idx = d.install(idx, old)
	}
	if !inTransaction {
		d.agreed.Store(int64(began))
	}
	return idx, nil
}

// install makes idx the index, unless a later one took the old one's place
// meanwhile. It returns which is in use.
func (d *Dispatcher) install(idx, old *index) *index {
	for !d.index.CompareAndSwap(old, idx) {
		if old = d.index.Load(); old.seen.N >= idx.seen.N {
			return old
		}
	}
	if old != nil {
		d.openMended(idx, old)
	}
	return idx
}

// openMended opens the valves of the webhooks that were enabled since the old
// index, or lead elsewhere: what was known of their endpoints no longer holds.
// What was closed after the look before this one may be younger than the call of
// Enable, which clocks of two machines cannot tell, and stays closed.
func (d *Dispatcher) openMended(idx, old *index) {
	looked := d.made.Add(time.Duration(d.agreed.Load()))
	for name, e := range idx.byName {
		before := old.byName[name]
		switch {
		case before == nil, before.hook.rec.ID != e.hook.rec.ID, before.hook.w.URL != e.hook.w.URL:
			d.valves.open(name, time.Now())
		case !before.rec.Opened.Equal(e.rec.Opened):
			d.valves.open(name, looked)
		}
	}
}

// ask reads the records, and learns the store's clock from the answer. Where that
// was too slow to tell the time, and nothing is known of the clock, it asks once
// more.
func (d *Dispatcher) ask(ctx context.Context, seen Revision) ([]WebhookRecord, Revision, error) {
	for first := true; ; first = false {
		asked := time.Now()
		recs, rev, err := d.store.Webhooks(ctx, seen)
		if err != nil {
			return nil, rev, wrap(err, "webhook: read webhooks")
		}
		d.looked.Store(int64(time.Since(d.made)))
		if told := d.clock.learn(rev.Now, asked); told || !first {
			return recs, rev, nil
		}
	}
}

// newIndex makes an index of records. What did not change since the old one is
// not compiled again. If one of them is sealed and cannot be opened there is no
// index: to go on without it would lose its events, and save over its secrets.
func (d *Dispatcher) newIndex(recs []WebhookRecord, old *index) (*index, error) {
	x := &index{
		byName: map[string]*entry{}, byEvent: map[eventKey][]*entry{}, tags: map[string]bool{},
	}
	isChainKey := func(r WebhookRecord) bool { return r.Name == chainKeyName }
	if i := slices.IndexFunc(recs, isChainKey); i >= 0 {
		x.keyRev, x.keyStale = recs[i].Revision, !d.sealed(recs[i].Data)
		if err := d.decode(chainKeyName, recs[i].Data, &x.chainKey); err != nil {
			return nil, wrap(err, "webhook: read the chain key")
		}
	}
	for _, r := range recs {
		if !strings.HasPrefix(r.Name, reservedPrefix) {
			h := d.reuse(r, old, x.chainKey)
			if errors.Is(h.err, errUnsealed) {
				return nil, wrap(h.err, "webhook: read webhooks")
			}
			x.byName[r.Name] = &entry{hook: h}
		}
	}
	for _, r := range recs {
		name, ok := strings.CutPrefix(r.Name, statusPrefix)
		if e := x.byName[name]; ok && e != nil {
			e.statusRev, e.statusStale = r.Revision, !d.sealed(r.Data)
			var err error
			if e.rec, err = d.readStatus(r, e.hook, old); err != nil {
				return nil, wrap(err, "webhook: read the status of %q", name)
			}
		}
	}
	x.link()
	return x, nil
}

// link fills in what follows from the entries.
func (x *index) link() {
	for _, e := range x.byName {
		e.status = e.hook.state(&e.rec)
		x.tags[e.hook.tag] = true
		linked := map[EventType]bool{}
		for _, t := range e.hook.w.Events {
			if key := keyOf(e.hook.w.DocType, t); !linked[t] {
				x.byEvent[key] = append(x.byEvent[key], e)
				linked[t] = true
			}
		}
	}
	for _, es := range x.byEvent {
		slices.SortFunc(es, func(a, b *entry) int {
			return strings.Compare(a.hook.w.Name, b.hook.w.Name)
		})
	}
}

// reuse returns the hook of a record: the old one if nothing changed.
func (d *Dispatcher) reuse(r WebhookRecord, old *index, chainKey string) *hook {
	if old != nil && old.chainKey == chainKey {
		e := old.byName[r.Name]
		if e != nil && e.hook.rev == r.Revision && bytes.Equal(e.hook.data, r.Data) {
			return e.hook
		}
	}
	h := d.load(r, chainKey)
	h.data, h.rev = r.Data, r.Revision
	return h
}

// readStatus returns a webhook's status, the one that the old index has if it did
// not change. What another webhook of its name left behind does not count. The
// error is errUnsealed.
func (d *Dispatcher) readStatus(r WebhookRecord, h *hook, old *index) (statusRecord, error) {
	if old != nil {
		e := old.byName[h.w.Name]
		if e != nil && e.hook.rec.ID == h.rec.ID && e.statusRev == r.Revision && h.rec.ID != "" {
			return e.rec, nil
		}
	}
	var s statusRecord
	err := d.decode(r.Name, r.Data, &s)
	switch {
	case errors.Is(err, errUnsealed):
		return s, err
	case err != nil:
		d.log.Error("webhook: read a status", "webhook", h.w.Name, "error", err)
		return statusRecord{Disabled: true, By: ByLibrary, Reason: "its status cannot be read"}, nil
	case h.rec.ID != "" && s.WebhookID != h.rec.ID:
		return statusRecord{}, nil
	}
	return s, nil
}

// load makes the hook of a stored record. One that cannot be used still has its
// name and, if they can be read, its events, so that its outcomes say why.
func (d *Dispatcher) load(r WebhookRecord, chainKey string) *hook {
	rec := &record{}
	if err := d.decode(r.Name, r.Data, rec); err != nil {
		d.log.Error("webhook: read a webhook", "webhook", r.Name, "error", err)
		return &hook{rec: &record{}, w: d.heard(r), err: wrap(err, "webhook %q", r.Name)}
	}
	c := compiler{opts: d.opts, env: d.env, chainKey: chainKey}
	h, err := c.compile(rec)
	if err != nil {
		d.log.Error("webhook: compile a stored webhook", "webhook", r.Name, "error", err)
		return &hook{rec: rec, w: rec.Webhook, err: err}
	}
	return h
}

// heard returns the name of a webhook whose record cannot be read, and if they
// can be read its document type, events and tenant: a later version may have
// written it.
func (d *Dispatcher) heard(r WebhookRecord) Webhook {
	var known struct {
		Webhook struct {
			DocType string      `json:"doctype"`
			Events  []EventType `json:"events"`
			Tenant  string      `json:"tenant"`
		} `json:"webhook"`
	}
	if d.decode(r.Name, r.Data, &known) != nil {
		return Webhook{Name: r.Name}
	}
	w := &known.Webhook
	return Webhook{Name: r.Name, DocType: w.DocType, Events: w.Events, Tenant: w.Tenant}
}

// find returns a webhook as it stands in the store now.
func (d *Dispatcher) find(ctx context.Context, name string) (*entry, error) {
	idx, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	e := idx.byName[name]
	if e == nil {
		return nil, wrap(ErrNotFound, "webhook %q", name)
	}
	return e, nil
}

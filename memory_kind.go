package webhook

import (
	"strings"

	"github.com/docevent/webhook/internal/indexed"
)

// A memoryKind is what many deliveries have in common, kept once for all.
type memoryKind struct {
	memoryShared
	webhook *memoryWebhook
	rows    int // of this kind
}

// memoryShared are the fields of a Delivery that a kind stands for.
type memoryShared struct {
	Webhook, DocType, Tenant, Method, ContentType string
	Type                                          EventType
	Chain                                         string // if it is short
	Version                                       int
}

// maxSharedChain is the length of a chain of one tag, the webhook's own. Longer
// ones are seldom alike.
const maxSharedChain = 2 * tagBytes

// sharedOf returns what d may have in common with others.
func sharedOf(d *Delivery) memoryShared {
	k := memoryShared{
		Webhook: d.Webhook, DocType: d.DocType, Tenant: d.Tenant, Method: d.Method,
		ContentType: d.ContentType, Type: d.Type, Version: d.Version,
	}
	if len(d.Chain) <= maxSharedChain {
		k.Chain = d.Chain
	}
	return k
}

// clone returns k with strings of its own: the caller's may be parts of larger
// ones.
func (k memoryShared) clone() memoryShared {
	for _, s := range []*string{
		&k.Webhook, &k.DocType, &k.Tenant, &k.Method, &k.ContentType, &k.Chain,
	} {
		*s = strings.Clone(*s)
	}
	k.Type = EventType(strings.Clone(string(k.Type)))
	return k
}

// A memoryWebhook has a webhook's deliveries that are Pending and not leased,
// and counts all.
type memoryWebhook struct {
	name    string
	kinds   int
	counts  map[State]int
	blocked int                  // lines stopped by a finished delivery
	queue   indexed.Heap[uint32] // what Claim may offer, the longest due first
	waiting indexed.Heap[uint32] // what it may not: behind others in line, or too new
	place   int                  // in MemoryStore.due; -1 when it is not there
	skip    uint64               // the claim that leaves it out
}

func (w *memoryWebhook) count(s State, by int) {
	if w.counts[s] += by; w.counts[s] == 0 {
		delete(w.counts, s)
	}
}

// memoryKinds are the kinds in use, and their webhooks.
type memoryKinds struct {
	byFields map[memoryShared]*memoryKind
	webhooks map[string]*memoryWebhook
	last     *memoryKind // the one asked for last
	newHeap  func() indexed.Heap[uint32]
}

func newMemoryKinds() memoryKinds {
	return memoryKinds{
		byFields: map[memoryShared]*memoryKind{}, webhooks: map[string]*memoryWebhook{},
	}
}

// hold returns the kind of d, and notes that one row more uses it.
func (ks *memoryKinds) hold(d *Delivery) *memoryKind {
	fields := sharedOf(d)
	k := ks.last
	if k == nil || k.memoryShared != fields {
		if k = ks.byFields[fields]; k == nil {
			k = ks.add(fields.clone())
		}
		ks.last = k
	}
	k.rows++
	return k
}

func (ks *memoryKinds) add(fields memoryShared) *memoryKind {
	w := ks.webhooks[fields.Webhook]
	if w == nil {
		w = &memoryWebhook{
			name: fields.Webhook, counts: map[State]int{}, place: -1,
			queue: ks.newHeap(), waiting: ks.newHeap(),
		}
		ks.webhooks[w.name] = w
	}
	w.kinds++
	k := &memoryKind{memoryShared: fields, webhook: w}
	ks.byFields[fields] = k
	return k
}

// release takes back one hold: one row less uses the kind.
func (ks *memoryKinds) release(k *memoryKind) {
	if k.rows--; k.rows > 0 {
		return
	}
	delete(ks.byFields, k.memoryShared)
	if ks.last == k {
		ks.last = nil
	}
	if k.webhook.kinds--; k.webhook.kinds == 0 {
		delete(ks.webhooks, k.webhook.name)
	}
}

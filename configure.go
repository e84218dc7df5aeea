package webhook

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// saveTries bounds how often a save is repeated because someone else saved
// something at the same time.
const saveTries = 10

// SaveWebhook checks, compiles and stores a webhook: it creates it, or replaces
// the one of that Name. Saving what is stored already changes nothing, so a host
// can save its webhooks at every boot: what the library learned of them is kept
// apart, an empty Secret keeps the stored one, and a Secret that was rotated
// away stays away. The next Dispatch of this process uses it; other processes
// follow within about a second. Another URL begins with an open Retry-After gate
// and a closed breaker.
//
// The error is a *[ConfigError] if the configuration is refused, and
// [ErrConflict] if w.Revision is not 0 and the stored webhook has another.
func (d *Dispatcher) SaveWebhook(ctx context.Context, w Webhook) error {
	return d.SaveWebhooks(ctx, w)
}

// SaveWebhooks is SaveWebhook for several: all are saved or none.
func (d *Dispatcher) SaveWebhooks(ctx context.Context, ws ...Webhook) error {
	seen := map[string]bool{}
	for _, w := range ws {
		if seen[w.Name] {
			return configError(w.Name, fieldErrorf("Name", "twice in one call"))
		}
		seen[w.Name] = true
	}
	return d.retryConflict(ctx, func(idx *index) ([]WebhookRecord, error) {
		return d.changes(ctx, idx, ws)
	})
}

// retryConflict reads the webhooks and stores the records that change makes of
// them. When someone else saved something in between, it does so again.
func (d *Dispatcher) retryConflict(ctx context.Context,
	change func(*index) ([]WebhookRecord, error)) error {
	var err error
	for range saveTries {
		idx, rerr := d.refresh(ctx)
		if rerr != nil {
			return rerr
		}
		recs, cerr := change(idx)
		if cerr != nil || len(recs) == 0 {
			return cerr
		}
		if err = d.store.PutWebhooks(ctx, recs...); err == nil {
			return d.follow(ctx)
		}
		if !errors.Is(err, ErrConflict) {
			break
		}
	}
	return wrap(err, "webhook: store webhooks")
}

// follow makes this process use what it has just stored. What is stored stays
// stored: if reading it back fails, the next look repeats it.
func (d *Dispatcher) follow(ctx context.Context) error {
	if _, err := d.refresh(context.WithoutCancel(ctx)); err != nil {
		d.looked.Store(-int64(lookInterval))
		d.log.WarnContext(ctx, "webhook: read back what was saved", "error", err)
	}
	return nil
}

// changes returns the records that a save has to write.
func (d *Dispatcher) changes(ctx context.Context, idx *index, ws []Webhook) (
	[]WebhookRecord, error) {
	var recs []WebhookRecord
	for _, w := range ws {
		e := idx.byName[w.Name]
		rec, err := d.change(ctx, e, w)
		if err != nil {
			return nil, err
		}
		if rec != nil {
			recs = append(recs, *rec)
		}
		if e != nil && e.statusStale && e.rec.Version <= recordVersion {
			rec, err := d.encodeStatus(e, e.rec)
			if err != nil {
				return nil, err
			}
			recs = append(recs, rec)
		}
	}
	// A store without a key gets one with its first webhook.
	if idx.keyStale || idx.keyRev == 0 && len(recs) > 0 {
		key, err := d.encode(chainKeyName, cmp.Or(idx.chainKey, NewSecret()))
		if err != nil {
			return nil, err
		}
		recs = append(recs, WebhookRecord{Name: chainKeyName, Revision: idx.keyRev, Data: key})
	}
	return recs, nil
}

// change returns the record of a webhook that is to be saved over old, which is
// nil if the webhook is new. It returns nil if nothing changes.
func (d *Dispatcher) change(ctx context.Context, old *entry, w Webhook) (*WebhookRecord, error) {
	rec, rev := &record{ID: newID("wh_")}, int64(0)
	if old != nil {
		if old.hook.rec.ID == "" {
			return nil, wrap(old.hook.err,
				"webhook: the stored one cannot be read, and is not saved over")
		}
		rec, rev = old.hook.rec.clone(), old.hook.rev
		if rec.Webhook.Tenant != w.Tenant {
			return nil, configError(w.Name,
				fieldErrorf("Tenant", "the name belongs to another tenant"))
		}
	}
	if w.Revision != 0 && w.Revision != rev {
		return nil, wrap(ErrConflict, "webhook %q", w.Name)
	}
	rec.setSecret(w.Secret)
	if slices.Contains(w.Signatures, SchemeNone) {
		rec.Secrets = nil
	}
	rec.Webhook = normalize(w, len(rec.Secrets) > 0)
	rec.Webhook.Revision = 0
	if err := d.compiles(rec); err != nil {
		return nil, err
	}
	if check := d.opts.CheckWebhook; check != nil {
		if err := check(ctx, rec.Webhook.clone()); err != nil {
			return nil, configError(w.Name, &fieldError{field: "CheckWebhook", err: err})
		}
	}
	if old == nil || old.hook.rec.Webhook.wish() != rec.Webhook.wish() {
		rec.Since = d.now()
	}
	if old != nil && sameRecord(old.hook.rec, rec) && d.sealed(old.hook.data) {
		return nil, nil
	}
	return d.encodeWebhook(rec, rev)
}

// encodeWebhook returns what is stored of a webhook. A record that a newer
// version of the library wrote is left alone.
func (d *Dispatcher) encodeWebhook(rec *record, rev int64) (*WebhookRecord, error) {
	name := rec.Webhook.Name
	if rec.Version > recordVersion {
		return nil, wrap(errNewerRecord, "webhook %q: change", name)
	}
	rec.Version = recordVersion
	data, err := d.encode(name, rec)
	return &WebhookRecord{Name: name, Revision: rev, Data: data}, err
}

// compiles checks a record that is to be saved. The error is a *ConfigError.
func (d *Dispatcher) compiles(rec *record) error {
	if err := checkLimits(&rec.Webhook, &d.opts); err != nil {
		return configError(rec.Webhook.Name, err)
	}
	c := compiler{opts: d.opts, env: d.env}
	_, err := c.compile(rec)
	return err
}

// sameRecord compares what is stored of two records.
func sameRecord(a, b *record) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Webhook returns a webhook's configuration, without its secret, and with the
// Revision for a compare-and-swap. The error is ErrNotFound if there is none of
// that name.
func (d *Dispatcher) Webhook(ctx context.Context, name string) (*Webhook, error) {
	e, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	w := e.hook.shown()
	return &w, nil
}

// Webhooks returns all webhooks by name, as Webhook does.
func (d *Dispatcher) Webhooks(ctx context.Context) ([]Webhook, error) {
	idx, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	ws := make([]Webhook, 0, len(idx.byName))
	for _, e := range idx.byName {
		ws = append(ws, e.hook.shown())
	}
	slices.SortFunc(ws, func(a, b Webhook) int { return strings.Compare(a.Name, b.Name) })
	return ws, nil
}

// shown returns a copy of the configuration that shares no memory with the
// hook.
func (h *hook) shown() Webhook {
	w := h.w.clone()
	w.Revision = h.rev
	return w
}

// clone returns a copy that shares no memory with w.
func (w Webhook) clone() Webhook {
	w.Events, w.Headers = slices.Clone(w.Events), slices.Clone(w.Headers)
	w.Data, w.Signatures = slices.Clone(w.Data), slices.Clone(w.Signatures)
	if w.Retry != nil {
		r := *w.Retry
		r.Schedule = slices.Clone(r.Schedule)
		w.Retry = &r
	}
	return w
}

// DeleteWebhook removes a webhook with its secrets. Its deliveries that are not
// finished become Canceled; what is logged stays. The error is ErrNotFound if
// there is none of that name.
func (d *Dispatcher) DeleteWebhook(ctx context.Context, name string) error {
	e, err := d.find(ctx, name)
	if err != nil {
		return err
	}
	if err := d.store.DeleteWebhook(ctx, name); err != nil {
		return wrap(err, "webhook: delete webhook %q", name)
	}
	if e.statusRev != 0 {
		err := d.store.DeleteWebhook(ctx, statusPrefix+name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return wrap(err, "webhook: delete status of %q", name)
		}
	}
	d.valves.forget(name)
	if err := d.follow(ctx); err != nil {
		return err
	}
	return d.cancelAll(ctx, name)
}

// RotateSecret makes secret the webhook's current one, or a new one if it is
// "", and returns it. The secrets before it stay in force for at most overlap:
// until then SchemeStandard, which can carry several signatures, carries one by
// each secret; the other schemes use the new secret alone. Zero or less ends
// them at once. At most ten are in force at a time. A webhook of SchemeNone
// signs by its default scheme from then on. The error is a *[ConfigError] if
// there would be more, or if the webhook's schemes cannot use the secret; or
// [ErrNotFound].
func (d *Dispatcher) RotateSecret(ctx context.Context, name, secret string,
	overlap time.Duration) (string, error) {
	if secret == "" {
		secret = NewSecret()
	}
	err := d.retryConflict(ctx, func(idx *index) ([]WebhookRecord, error) {
		e := idx.byName[name]
		if e == nil {
			return nil, wrap(ErrNotFound, "webhook %q", name)
		}
		rec, err := d.rotated(e.hook, secret, overlap)
		if err != nil {
			return nil, err
		}
		return []WebhookRecord{*rec}, nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// rotated returns what is stored of a webhook whose secret is replaced.
func (d *Dispatcher) rotated(h *hook, secret string,
	overlap time.Duration) (*WebhookRecord, error) {
	rec, now := h.rec.clone(), d.now()
	rec.rotate(secret, now.Add(max(0, overlap)))
	rec.Secrets = slices.DeleteFunc(rec.Secrets, func(s storedSecret) bool {
		return !s.Until.IsZero() && !s.Until.After(now)
	})
	if len(rec.Secrets) > maxSecrets {
		return nil, configError(h.w.Name, fieldErrorf("Secret",
			"more than %d would be in force: wait for the overlap of an older one to end, "+
				"or rotate without one", maxSecrets))
	}
	if slices.Contains(rec.Webhook.Signatures, SchemeNone) {
		rec.Webhook.Signatures = nil
	}
	rec.Webhook = normalize(rec.Webhook, true)
	c := compiler{opts: d.opts, env: d.env}
	if _, err := c.compile(rec); err != nil {
		return nil, err
	}
	return d.encodeWebhook(rec, h.rev)
}

package webhook

import (
	"bytes"
	"cmp"
	"context"
	"slices"
)

// memoryRecords are the webhooks of a MemoryStore.
type memoryRecords struct {
	revision int64
	byName   map[string]WebhookRecord
}

func newMemoryRecords() memoryRecords {
	return memoryRecords{byName: map[string]WebhookRecord{}}
}

// Webhooks implements [Store].
func (s *MemoryStore) Webhooks(ctx context.Context, seen Revision) (
	[]WebhookRecord, Revision, error) {
	if err := ctx.Err(); err != nil {
		return nil, Revision{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rev := Revision{N: s.records.revision}
	if seen.N == rev.N {
		return nil, rev, nil
	}
	recs := make([]WebhookRecord, 0, len(s.records.byName))
	for _, r := range s.records.byName {
		r.Data = bytes.Clone(r.Data)
		recs = append(recs, r)
	}
	slices.SortFunc(recs, func(a, b WebhookRecord) int { return cmp.Compare(a.Name, b.Name) })
	return recs, rev, nil
}

// PutWebhooks implements [Store].
func (s *MemoryStore) PutWebhooks(ctx context.Context, recs ...WebhookRecord) error {
	if err := ctx.Err(); err != nil || len(recs) == 0 {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range recs {
		if s.records.byName[r.Name].Revision != r.Revision {
			return ErrConflict
		}
	}
	for _, r := range recs {
		r.Data = bytes.Clone(r.Data)
		r.Revision++
		s.records.byName[r.Name] = r
	}
	s.records.revision++
	return nil
}

// DeleteWebhook implements [Store].
func (s *MemoryStore) DeleteWebhook(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.records.byName[name]; !ok {
		return ErrNotFound
	}
	delete(s.records.byName, name)
	s.records.revision++
	return nil
}

package indexed_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/docevent/webhook/internal/indexed"
	"github.com/stretchr/testify/require"
)

// Members come out in order after any pushes, changes and removals, and always
// know where they are.
func TestHeap(t *testing.T) {
	type member struct{ key, at int }
	r := rand.New(rand.NewPCG(1, 1))
	h := indexed.New(func(a, b *member) bool { return a.key < b.key }, func(m *member, to int) { m.at = to })
	var in []*member
	for range 3000 {
		switch m := (&member{key: r.IntN(1000)}); {
		case len(in) == 0 || r.IntN(3) > 0:
			h.Push(m)
			in = append(in, m)
		case r.IntN(2) == 0:
			m = in[r.IntN(len(in))]
			m.key = r.IntN(1000)
			h.Fix(m.at)
		default:
			i := r.IntN(len(in))
			h.Remove(in[i].at)
			require.Equal(t, -1, in[i].at)
			in = slices.Delete(in, i, i+1)
		}
		require.Equal(t, len(in), h.Len())
		for i, m := range h.All() {
			if m.at != i {
				t.Fatalf("the member at %d was told %d", i, m.at)
			}
		}
	}
	var got []int
	for h.Len() > 0 {
		got = append(got, h.First().key)
		h.Remove(0)
	}
	require.True(t, slices.IsSorted(got))
	require.Len(t, got, len(in))
}

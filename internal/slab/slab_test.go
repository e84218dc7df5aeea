package slab_test

import (
	"math/rand/v2"
	"testing"

	"github.com/docevent/webhook/internal/slab"
	"github.com/stretchr/testify/require"
)

// Numbers in use differ, new values are zero, and each keeps what was put there.
func TestSlab(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var s slab.Slab[int]
	want := map[uint32]int{}
	for i := 1; i < 60_000; i++ {
		number, v := s.New()
		if _, used := want[number]; used || number == 0 || *v != 0 {
			t.Fatalf("number %d, in use: %v, value %d", number, used, *v)
		}
		*v, want[number] = i, i
		shrink := i/10_000%2 == 1
		for n := range want {
			if r.IntN(100) < 60 == !shrink {
				break
			}
			if *s.Get(n) != want[n] {
				t.Fatalf("value %d, not %d", *s.Get(n), want[n])
			}
			s.Free(n)
			delete(want, n)
		}
	}
	require.Equal(t, len(want), s.Len())
	for n, v := range want {
		require.Equal(t, v, *s.Get(n))
	}
}

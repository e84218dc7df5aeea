package arena_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/docevent/webhook/internal/arena"
	"github.com/stretchr/testify/require"
)

// Through any order of calls each piece stays what its owner put there.
func TestPiecesStayWhatTheyAre(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	refs, want := map[uint32]arena.Ref{}, map[uint32][]byte{}
	moves := 0
	a := arena.New(func(owner uint32, at arena.Ref) {
		require.Contains(t, refs, owner, "a freed piece was moved")
		refs[owner] = at
		moves++
	})
	for i := range uint32(20_000) {
		n := r.IntN(400)
		if i%500 == 0 {
			n = r.IntN(60_000)
		}
		ref, piece := a.Alloc(i, n)
		require.Len(t, piece, n)
		for j := range piece {
			piece[j] = byte(i + uint32(j))
		}
		refs[i], want[i] = ref, bytes.Clone(piece)
		for owner := range refs {
			if r.IntN(100) < 48 {
				break
			}
			a.Free(refs[owner])
			delete(refs, owner)
			delete(want, owner)
		}
	}
	for owner, ref := range refs {
		require.Equal(t, want[owner], a.Get(ref), "piece of %d", owner)
	}
	require.Positive(t, moves, "no chunk was emptied")
}

package webhook_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

var sealedFor = []byte("webhook/Order to ERP")

func sealKey(fill byte) []byte { return bytes.Repeat([]byte{fill}, 32) }

func newSealer(tb testing.TB, keys ...[]byte) webhook.Sealer {
	tb.Helper()
	s, err := webhook.NewSealer(keys...)
	require.NoError(tb, err)
	return s
}

func seal(tb testing.TB, s webhook.Sealer, text string) []byte {
	tb.Helper()
	sealed, err := s.Seal([]byte(text), sealedFor)
	require.NoError(tb, err)
	return sealed
}

func TestSealer(t *testing.T) {
	s := newSealer(t, sealKey(1))
	for _, text := range []string{"", "super-secret-key", standardSecret} {
		sealed := seal(t, s, text)
		opened, err := s.Open(sealed, sealedFor)
		require.NoError(t, err)
		require.Equal(t, text, string(opened))
		if text != "" {
			require.NotContains(t, string(sealed), text)
		}
		require.NotEqual(t, sealed, seal(t, s, text), "a nonce was used twice")
	}
}

func TestSealerReplacesItsKey(t *testing.T) {
	before := newSealer(t, sealKey(1))
	between := newSealer(t, sealKey(2), sealKey(1))
	after := newSealer(t, sealKey(2))
	old, fresh := seal(t, before, "text"), seal(t, between, "text")

	for name, test := range map[string]struct {
		sealer webhook.Sealer
		sealed []byte
		want   error
	}{
		"old text, both keys":   {between, old, nil},
		"old text, new key":     {after, old, webhook.ErrSealKey},
		"new text, both keys":   {between, fresh, nil},
		"new text, new key":     {after, fresh, nil},
		"new text, old key":     {before, fresh, webhook.ErrSealKey},
		"old text, the old key": {before, old, nil},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := test.sealer.Open(test.sealed, sealedFor)
			require.ErrorIs(t, err, test.want)
			if test.want == nil {
				require.Equal(t, "text", string(opened))
			} else {
				require.ErrorIs(t, err, webhook.ErrSeal)
				require.Nil(t, opened)
			}
		})
	}
}

func TestSealerRefusesWhatItDidNotSeal(t *testing.T) {
	s := newSealer(t, sealKey(1))
	sealed := seal(t, s, "text")

	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err := s.Open(changed, sealedFor)
		require.ErrorIs(t, err, webhook.ErrSeal, "byte %d", i)
		_, err = s.Open(sealed[:i], sealedFor)
		require.ErrorIs(t, err, webhook.ErrSeal, "first %d bytes", i)
	}
	for name, test := range map[string]struct{ sealed, associated []byte }{
		"longer":                 {append(bytes.Clone(sealed), 0), sealedFor},
		"for another webhook":    {sealed, []byte("webhook/Order to CRM")},
		"for nothing":            {sealed, nil},
		"nothing":                {nil, sealedFor},
		"never sealed":           {[]byte("super-secret-key"), sealedFor},
		"never sealed, but JSON": {[]byte(`{"secret":"super-secret-key"}`), sealedFor},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Open(test.sealed, test.associated)
			require.ErrorIs(t, err, webhook.ErrSeal)
			require.NotErrorIs(t, err, webhook.ErrSealKey)
			require.NotContains(t, err.Error(), "super-secret-key")
		})
	}
}

// Associated data cannot be shifted into or out of what comes before it.
func TestSealerCoversItsHeader(t *testing.T) {
	s := newSealer(t, sealKey(1))
	sealed, err := s.Seal([]byte("text"), nil)
	require.NoError(t, err)
	_, err = s.Open(sealed, sealed[:1])
	require.ErrorIs(t, err, webhook.ErrSeal)
}

func TestSealerLeavesItsArgumentsAlone(t *testing.T) {
	key := sealKey(1)
	s := newSealer(t, key)
	plaintext, associated := []byte("text"), append(make([]byte, 0, 64), sealedFor...)
	sealed, err := s.Seal(plaintext, associated)
	require.NoError(t, err)
	before := bytes.Clone(sealed)
	clear(key)
	opened, err := s.Open(sealed, associated)
	require.NoError(t, err)
	require.Equal(t, "text", string(opened))
	require.Equal(t, before, sealed)
	require.Equal(t, "text", string(plaintext))
	require.Equal(t, sealedFor, associated)
}

func TestNewSealerRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		keys [][]byte
		want string
	}{
		{"no key", nil, "webhook: new sealer: no key"},
		{"nil key", [][]byte{nil}, "webhook: new sealer: key 0 has 0 bytes, not 32"},
		{"AES-128", [][]byte{sealKey(1), make([]byte, 16)}, "webhook: new sealer: key 1 has 16 bytes, not 32"},
		{"too long", [][]byte{make([]byte, 33)}, "webhook: new sealer: key 0 has 33 bytes, not 32"},
		{"the same key twice", [][]byte{sealKey(1), sealKey(1)}, "webhook: new sealer: key 1 comes twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := webhook.NewSealer(test.keys...)
			require.EqualError(t, err, test.want)
			require.Nil(t, s)
		})
	}
}

func FuzzSealerOpen(f *testing.F) {
	s := newSealer(f, sealKey(1))
	f.Add(seal(f, s, "text")[:20], []byte("text"))
	f.Add([]byte{1}, []byte(nil))
	f.Fuzz(func(t *testing.T, forged, text []byte) {
		_, err := s.Open(forged, sealedFor)
		require.ErrorIs(t, err, webhook.ErrSeal)

		sealed, err := s.Seal(text, forged)
		require.NoError(t, err)
		opened, err := s.Open(sealed, forged)
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, opened))
	})
}

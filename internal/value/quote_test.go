package value

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every byte, at every place among plain ones, is written so that it reads as it
// was; an invalid one as U+FFFD.
func TestAppendEscaped(t *testing.T) {
	for c := range 256 {
		for _, others := range []string{"a", " ", "~", "\x7f", "\"", "\\", "\x1f", "é"} {
			for at := range 18 {
				s := strings.Repeat(others, at) + string([]byte{byte(c)}) + strings.Repeat(others, 18-at)
				var back string
				require.NoError(t, json.Unmarshal(AppendQuoted(nil, s), &back), "%q", s)
				if want := strings.ToValidUTF8(s, "\ufffd"); back != want {
					t.Fatalf("%q reads as %q", s, back)
				}
			}
		}
	}
}

// What eight bytes are at once is what they are one by one.
func TestPlainWord(t *testing.T) {
	for first := range 256 {
		for second := range 256 {
			for at := range 7 {
				b := []byte("aaaaaaaa")
				b[at], b[at+1] = byte(first), byte(second)
				if plainWord(string(b)) != (plainByte[first] && plainByte[second]) {
					t.Fatalf("%q", b)
				}
			}
		}
	}
}

package builtin

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

const wordWrapSignature = "s width=79 break_long_words=true wrapstring=none break_on_hyphens=true"

// wordWrap breaks lines at blanks and hyphens, and long words where they must,
// as Python's textwrap.
func wordWrap(c call) any {
	s, w := c.text(0), wrapper{width: c.int(1), breakLong: c.truth(2), hyphens: c.truth(4)}
	if w.width <= 0 {
		refuse("width must be above 0")
	}
	sep := "\n"
	if c.a[3] != nil {
		sep = c.text(3)
	}
	c.Grow(len(s) + (len(s)+1)*len(sep))
	var out []string
	for line := range lines(s) {
		out = append(out, strings.Join(w.wrap(line), sep))
	}
	return strings.Join(out, sep)
}

type wrapper struct {
	width              int
	breakLong, hyphens bool
}

func (w wrapper) wrap(line string) (lines []string) {
	chunks := w.chunks([]rune(line))
	for len(chunks) > 0 {
		if len(lines) > 0 && unicode.IsSpace(chunks[0][0]) {
			chunks = chunks[1:]
		}
		var now []rune
		last := 0 // where the last chunk begins
		for len(chunks) > 0 && len(now)+len(chunks[0]) <= w.width {
			last, now, chunks = len(now), append(now, chunks[0]...), chunks[1:]
		}
		if len(chunks) > 0 && len(chunks[0]) > w.width && (w.breakLong || len(now) == 0) {
			n := w.breakAt(chunks[0], w.width-len(now))
			last, now, chunks[0] = len(now), append(now, chunks[0][:n]...), chunks[0][n:]
			if len(chunks[0]) == 0 {
				chunks = chunks[1:]
			}
		}
		if last < len(now) && unicode.IsSpace(now[last]) {
			now = now[:last]
		}
		if len(now) > 0 {
			lines = append(lines, string(now))
		}
	}
	return lines
}

// breakAt is where a chunk that is too long breaks, with so much room left.
func (w wrapper) breakAt(chunk []rune, room int) int {
	if !w.breakLong {
		return len(chunk)
	}
	for i := room - 1; w.hyphens && i > 0; i-- {
		if chunk[i] == '-' && strings.Trim(string(chunk[:i]), "-") != "" {
			return i + 1
		}
	}
	return room
}

// chunks cuts a line into words, blanks, and the parts of hyphenated words.
func (w wrapper) chunks(line []rune) (out [][]rune) {
	start := 0
	for i := range line {
		end := i+1 == len(line)
		if end || unicode.IsSpace(line[i]) != unicode.IsSpace(line[i+1]) ||
			w.hyphens && breaksAfter(line, i) {
			out = append(out, slices.Clone(line[start:i+1]))
			start = i + 1
		}
	}
	return out
}

// breaksAfter reports whether a word may break behind the hyphen at i.
func breaksAfter(line []rune, i int) bool {
	letter := func(j int) bool {
		return j >= 0 && j < len(line) && (line[j] == '_' || unicode.IsLetter(line[j]))
	}
	hyphen := func(j int) bool { return j >= 0 && j < len(line) && line[j] == '-' }
	return hyphen(i) && letter(i-1) && (letter(i-2) || hyphen(i-2) && letter(i-3)) &&
		letter(i+1) && (letter(i+2) || hyphen(i+2) && letter(i+3))
}

func expandTabs(c call) any {
	s, size, column := c.str(0), max(c.int(1), 0), 0
	c.Grow(len(s) + strings.Count(s, "\t")*size)
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t' && size == 0:
		case r == '\t':
			n := size - column%size
			b.WriteString(strings.Repeat(" ", n))
			column += n
		default:
			b.WriteRune(r)
			if column++; r == '\n' || r == '\r' {
				column = 0
			}
		}
	}
	return b.String()
}

// prettyWidth is the width of what pprint prints.
const prettyWidth = 80

// pretty is pprint.pformat of what begins in a column and has so much behind it:
// a list or mapping too long for a line has its elements on lines of their own,
// and the keys of mappings are sorted. Texts stay whole.
func (c call) pretty(v any, column, behind int) string {
	c.Tick(1)
	open, end := "[", "]"
	var parts []string
	switch _, tuple := v.(value.Tuple); {
	case value.IsMapping(v):
		open, end = "{", "}"
		members := slices.Clone(entries(v))
		slices.SortStableFunc(members, func(a, b value.Entry) int {
			order, _ := value.Order(a.Key, b.Key, c.Run) // keys of two kinds stay as they are
			return order
		})
		for _, e := range members {
			key := c.repr(e.Key) + ": "
			parts = append(parts, key+c.pretty(e.Value, column+1+utf8.RuneCountInString(key), 1))
		}
	case tuple || value.IsList(v):
		for _, x := range c.Items(v) {
			parts = append(parts, c.pretty(x, column+1, 1))
		}
		if tuple {
			open, end = "(", ")"
		}
		if tuple && len(parts) == 1 {
			end = ",)"
		}
	default:
		return c.repr(v)
	}
	flat := strings.Join(parts, ", ")
	width := utf8.RuneCountInString(flat) + column + behind + len(open+end)
	if width <= prettyWidth && !strings.Contains(flat, "\n") {
		return open + flat + end
	}
	sep := ",\n" + strings.Repeat(" ", column+1)
	c.Grow(len(flat) + len(sep)*len(parts))
	return open + strings.Join(parts, sep) + end
}

// lines walks over the lines of a text and their ends, as str.splitlines.
func lines(s string) iter.Seq2[string, string] {
	return func(yield func(line, end string) bool) {
		for s != "" {
			i := strings.IndexFunc(s, isLineEnd)
			if i < 0 {
				yield(s, "")
				return
			}
			_, n := utf8.DecodeRuneInString(s[i:])
			if strings.HasPrefix(s[i:], "\r\n") {
				n = 2
			}
			if !yield(s[:i], s[i:i+n]) {
				return
			}
			s = s[i+n:]
		}
	}
}

func isLineEnd(c rune) bool {
	return c >= '\n' && c <= '\r' || c >= 0x1c && c <= 0x1e || c == 0x85 ||
		c == 0x2028 || c == 0x2029
}

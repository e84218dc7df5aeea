package jinja

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// onText makes a filter of a function on text; what it filters is made text.
func onText(signature string, fn func(r *run, s string, a []any) (any, error)) *builtin {
	return def(signature, func(r *run, a []any) (any, error) {
		s, err := r.str(a[0])
		if err != nil {
			return nil, err
		}
		return fn(r, s, a)
	})
}

func plainText(fn func(string) string) *builtin {
	return onText("s", func(_ *run, s string, a []any) (any, error) { return marked(a[0], fn(s)), nil })
}

// marked marks text as what it was made of is marked.
func marked(from any, s string) any {
	switch from.(type) {
	case value.Markup:
		return value.Markup(s)
	case value.Safe, value.JSON:
		return value.Safe(s)
	}
	return s
}

func textFilters() map[string]*builtin {
	escape := def("s", func(r *run, a []any) (any, error) {
		if isMarked(a[0]) {
			return a[0], nil
		}
		s, err := r.str(a[0])
		return value.Markup(escapeHTML(s)), err
	})
	return map[string]*builtin{
		"upper":      plainText(upper),
		"lower":      plainText(strings.ToLower),
		"capitalize": plainText(capitalize),
		"title":      plainText(titleWords),
		"trim": onText("value chars=none", func(_ *run, s string, a []any) (any, error) {
			out, err := strip(s, a[1], true, true)
			return marked(a[0], out), err
		}),
		"replace":     onText("s old new count=none", filterReplace),
		"center":      onText("value width=80", func(r *run, s string, a []any) (any, error) { return r.pad(s, a[1], " ", '^') }),
		"indent":      def("s width=4 first=false blank=false", filterIndent),
		"truncate":    def("s length=255 killwords=false end='...' leeway=none", filterTruncate),
		"wordwrap":    onText("s width=79 break_long_words=true wrapstring=none break_on_hyphens=true", filterWordwrap),
		"wordcount":   onText("s", func(_ *run, s string, _ []any) (any, error) { return int64(countWords(s)), nil }),
		"string":      def("object", filterString),
		"str":         def("object", filterString),
		"format":      def("value *args **kwargs", filterFormat),
		"escape":      escape,
		"e":           escape,
		"forceescape": onText("value", func(_ *run, s string, _ []any) (any, error) { return value.Markup(escapeHTML(s)), nil }),
		"safe":        onText("value", func(_ *run, s string, _ []any) (any, error) { return value.Safe(s), nil }),
		"striptags":   onText("value", func(_ *run, s string, _ []any) (any, error) { return stripTags(s), nil }),
		"pprint": def("value", func(r *run, a []any) (any, error) {
			b, err := value.AppendRepr(nil, a[0])
			return string(b), err
		}),
	}
}

func filterString(r *run, a []any) (any, error) {
	if _, ok := value.Text(a[0]); ok {
		return a[0], nil
	}
	return r.str(a[0])
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToTitle(r)) + strings.ToLower(s[n:])
}

// upper is str.upper.
func upper(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "\u00df", "SS")) }

// titleWords is the title filter: words begin after blanks, dashes and opening
// brackets.
func titleWords(s string) string {
	var b strings.Builder
	start := true
	for _, c := range s {
		switch {
		case c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || unicode.IsSpace(c):
			b.WriteRune(c)
			start = true
		case start:
			b.WriteRune(unicode.ToUpper(c))
			start = false
		default:
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}

func filterReplace(r *run, s string, a []any) (any, error) {
	from, err := r.str(a[1])
	if err != nil {
		return nil, err
	}
	to, err := r.str(a[2])
	if err != nil {
		return nil, err
	}
	return r.replace(s, from, to, a[3])
}

// replace is str.replace, bounded before it builds.
func (r *run) replace(s, from, to string, count any) (any, error) {
	n := -1
	if count != nil {
		var err error
		if n, err = intArg(count); err != nil {
			return nil, err
		}
	}
	hits := strings.Count(s, from)
	if n >= 0 {
		hits = min(hits, n)
	}
	if len(to) > len(from) && hits > value.MaxText/(len(to)-len(from)) {
		return nil, errText
	}
	if err := r.grow(len(s) + hits*(len(to)-len(from))); err != nil {
		return nil, err
	}
	return strings.Replace(s, from, to, n), nil
}

func filterIndent(r *run, a []any) (any, error) {
	s, err := textArg(a[0])
	if err != nil {
		return nil, err
	}
	by, isText := value.Text(a[1])
	if !isText {
		n, err := intArg(a[1])
		if err != nil {
			return nil, err
		}
		if err := r.grow(max(n, 0)); err != nil {
			return nil, err
		}
		by = strings.Repeat(" ", max(n, 0))
	}
	lines := splitLines(s+"\n", false)
	if err := r.grow(len(s) + len(lines)*len(by)); err != nil {
		return nil, err
	}
	blank := value.Truth(a[3])
	for i, line := range lines {
		if i > 0 && (blank || line != "") {
			lines[i] = by + line
		}
	}
	out := strings.Join(lines, "\n")
	if value.Truth(a[2]) {
		out = by + out
	}
	if isMarked(a[0]) {
		return value.Safe(out), nil
	}
	return out, nil
}

// splitLines is str.splitlines.
func splitLines(s string, keep bool) []string {
	var out []string
	start := 0
	for i, c := range s {
		if i < start {
			continue
		}
		switch c {
		case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
			end := i + utf8.RuneLen(c)
			if c == '\r' && strings.HasPrefix(s[end:], "\n") {
				end++
			}
			if keep {
				out = append(out, s[start:end])
			} else {
				out = append(out, s[start:i])
			}
			start = end
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

func filterTruncate(r *run, a []any) (any, error) {
	n, err := value.Len(a[0])
	s, ok := value.Text(a[0])
	if err != nil {
		return nil, typeError("cannot truncate %s", a[0])
	}
	length, err := intArg(a[1])
	if err != nil {
		return nil, err
	}
	end, err := textArg(a[3])
	if err != nil {
		return nil, err
	}
	leeway := 5
	if a[4] != nil {
		if leeway, err = intArg(a[4]); err != nil {
			return nil, err
		}
	}
	keep := length - utf8.RuneCountInString(end)
	switch {
	case keep < 0:
		return nil, fmt.Errorf("length must be at least that of %q", clip(end))
	case leeway < 0:
		return nil, errors.New("leeway must not be negative")
	case n <= length+leeway:
		return a[0], nil
	case !ok:
		return nil, typeError("cannot truncate %s", a[0])
	}
	head := string([]rune(s)[:keep])
	if i := strings.LastIndexByte(head, ' '); i >= 0 && !value.Truth(a[2]) {
		head = head[:i]
	}
	return head + end, r.grow(len(s))
}

func countWords(s string) int {
	n, inside := 0, false
	for _, c := range s {
		word := c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c)
		if word && !inside {
			n++
		}
		inside = word
	}
	return n
}

func filterFormat(r *run, a []any) (any, error) {
	s, err := r.str(a[0])
	if err != nil {
		return nil, err
	}
	args, kw := a[1].(value.Tuple), a[2].(*value.Object)
	switch {
	case len(args) > 0 && kw.Len() > 0:
		return nil, errors.New("takes plain arguments or names, not both")
	case kw.Len() > 0:
		return r.percent(s, kw)
	}
	return r.percent(s, args)
}

var (
	commentTags = regexp.MustCompile(`(?s)<!--.*?-->`)
	anyTags     = regexp.MustCompile(`(?s)<.*?>`)
)

// stripTags takes tags and comments out, joins blanks and resolves entities.
func stripTags(s string) string {
	s = anyTags.ReplaceAllString(commentTags.ReplaceAllString(s, ""), "")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

// filterWordwrap breaks lines at blanks, and long words where they must.
func filterWordwrap(r *run, s string, a []any) (any, error) {
	width, err := intArg(a[1])
	if err != nil || width <= 0 {
		return nil, errors.New("width must be above 0")
	}
	sep := "\n"
	if a[3] != nil {
		if sep, err = textArg(a[3]); err != nil {
			return nil, err
		}
	}
	if err := r.grow(len(s) + (len(s)+1)*len(sep)); err != nil {
		return nil, err
	}
	lines := splitLines(s, false)
	for i, line := range lines {
		lines[i] = strings.Join(wrapLine(line, width, value.Truth(a[2]), value.Truth(a[4])), sep)
	}
	return strings.Join(lines, sep), nil
}

// chunk cuts a line into words, blanks, and the parts of hyphenated words.
var (
	wordChunks   = regexp.MustCompile(`[ \t\n\v\f\r]+|[^ \t\n\v\f\r]+`)
	hyphenChunks = regexp.MustCompile(`[^\-]*[\pL]{2,}-|[^\-]+$|[^\-]*-+`)
)

func chunksOf(line string, hyphens bool) []string {
	var out []string
	for _, w := range wordChunks.FindAllString(line, -1) {
		if !hyphens || !strings.Contains(w, "-") {
			out = append(out, w)
			continue
		}
		out = append(out, hyphenChunks.FindAllString(w, -1)...)
	}
	return out
}

func wrapLine(line string, width int, breakLong, hyphens bool) []string {
	var lines []string
	chunks := chunksOf(line, hyphens)
	for len(chunks) > 0 {
		var cur []string
		n := 0
		if len(lines) > 0 && strings.TrimSpace(chunks[0]) == "" {
			chunks = chunks[1:]
		}
		for len(chunks) > 0 && n+utf8.RuneCountInString(chunks[0]) <= width {
			n += utf8.RuneCountInString(chunks[0])
			cur, chunks = append(cur, chunks[0]), chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			if breakLong {
				word := []rune(chunks[0])
				cur, chunks[0] = append(cur, string(word[:width-n])), string(word[width-n:])
			} else if len(cur) == 0 {
				cur, chunks = append(cur, chunks[0]), chunks[1:]
			}
		}
		if k := len(cur); k > 0 && strings.TrimSpace(cur[k-1]) == "" {
			cur = cur[:k-1]
		}
		if len(cur) > 0 {
			lines = append(lines, strings.Join(cur, ""))
		}
	}
	return lines
}

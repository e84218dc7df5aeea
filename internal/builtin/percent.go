package builtin

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// percent is text % values. In marked text the values are escaped.
func (r *Run) percent(text, args any) any {
	s, _ := value.Text(text)
	p := percenter{Run: r, args: args, tuple: value.Tuple{args}, markup: isMarked(text)}
	if t, ok := args.(value.Tuple); ok {
		p.tuple = t
	}
	var b builder
	for s != "" {
		plain, rest, found := strings.Cut(s, "%")
		if b.add(plain); !found {
			break
		}
		r.Tick(1)
		plain, s = p.directive(rest)
		b.add(plain)
	}
	if p.next < len(p.tuple) && !p.named && !subscripted(args) {
		refuse("not all arguments are used by the format")
	}
	return marked(text, r.built(&b))
}

// subscripted reports whether Python takes v for a mapping: then it is no error
// when a format leaves it unused.
func subscripted(v any) bool {
	_, isRange := v.(value.Range)
	return isRange || value.IsMapping(v) || value.IsList(v) || value.IsUndefined(v)
}

// percenter walks over the arguments of a % format.
type percenter struct {
	*Run
	args   any
	tuple  value.Tuple
	next   int
	named  bool
	markup bool // what is not marked is escaped
}

// plain is text made of v, escaped if it has to be.
func (p *percenter) plain(v any, text string) string {
	if p.markup && !isMarked(v) {
		return p.escapeHTML(text)
	}
	return text
}

func (p *percenter) take() any {
	if p.next >= len(p.tuple) {
		refuse("not enough arguments for the format")
	}
	p.next++
	return p.tuple[p.next-1]
}

// directives are %(name)-10.3f and its like, behind the %.
var directives = regexp.MustCompile(`(?s)^(\(([^)]*)\))?([-+ #0]*)(\*|\d*)(\.(\*|\d*))?[hlL]*(.)`)

// directive formats one directive; s stands behind its %.
func (p *percenter) directive(s string) (out, rest string) {
	m := directives.FindStringSubmatch(s)
	if m == nil {
		refuse("format is not complete")
	}
	has := func(flag string) bool { return strings.Contains(m[3], flag) }
	f := spec{prec: -1, percent: true, alt: has("#"), verb: m[7][0]}
	take := p.take
	if m[1] != "" {
		v := p.member(m[2])
		take = func() any { return v }
	}
	f.width = p.size(m[4])
	left := f.width < 0 // which only * gives
	f.width = max(f.width, -f.width)
	if m[5] != "" {
		f.prec = max(p.size(m[6]), 0)
	}
	switch {
	case has("+"):
		f.sign = '+'
	case has(" "):
		f.sign = ' '
	}
	switch {
	case f.verb == '%':
		return "%", s[len(m[0]):]
	case has("-") || left:
		f.align = '<'
	case has("0") && strings.IndexByte("srca", f.verb) < 0:
		f.fill, f.align = "0", '='
	}
	return p.verb(f, take()), s[len(m[0]):]
}

// member takes a member of the mapping.
func (p *percenter) member(name string) any {
	if !value.IsMapping(p.args) {
		refuse("format needs a mapping")
	}
	v, ok, err := value.Get(p.args, name)
	if Check(err); !ok {
		refuse("format has no value for %q", Clip(name))
	}
	p.named = true
	return v
}

// size reads a width or precision, or takes it from the arguments for *, where
// it may be below zero.
func (p *percenter) size(s string) int {
	if s != "*" {
		return sizeOf(s)
	}
	n := intOf(p.take())
	if n < -value.MaxText || n > value.MaxText {
		refuse("width must be a number up to 1048576")
	}
	return n
}

func (p *percenter) verb(f spec, v any) string {
	switch f.verb {
	case 's':
		return f.place(p.Run, cut(p.plain(v, p.Str(v)), f.prec), false)
	case 'r':
		return f.place(p.Run, cut(p.plain(nil, p.repr(v)), f.prec), false)
	case 'a':
		return f.place(p.Run, cut(ascii(p.plain(nil, p.repr(v))), f.prec), false)
	case 'c':
		if s, ok := value.Text(v); ok {
			if utf8.RuneCountInString(s) != 1 {
				refuse("%%c needs one character")
			}
			return f.place(p.Run, s, false)
		}
	case 'd', 'i', 'u':
		f.verb = 'd'
		if value.IsFloat(v) {
			v = wholeOf(v)
		}
	case 'x', 'X', 'o', 'e', 'E', 'f', 'F', 'g', 'G':
	default:
		refuse("format has no %%%c", f.verb)
	}
	return f.place(p.Run, f.number(v), true)
}

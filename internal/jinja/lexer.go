package jinja

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokData
	tokOutputBegin
	tokOutputEnd
	tokBlockBegin
	tokBlockEnd
	tokName
	tokInt
	tokFloat
	tokString
	tokOp
)

// A token is a piece of the source. Its text is the decoded one of a string.
type token struct {
	kind tokenKind
	text string
	pos  int
}

func (t token) isOp(op string) bool     { return t.kind == tokOp && t.text == op }
func (t token) isName(name string) bool { return t.kind == tokName && t.text == name }

// describe names a token in messages.
func (t token) describe() string {
	switch t.kind {
	case tokEOF:
		return "the end"
	case tokOutputEnd:
		return "}}"
	case tokBlockEnd:
		return "%}"
	case tokString:
		return "a string"
	}
	return t.text
}

// lexer cuts a Jinja source into tokens.
type lexer struct {
	src   string
	pos   int
	out   []token
	trim  bool // white space after the last tag goes away
	stack []byte
}

// lex cuts a template, or a bare expression.
func lex(src string, bare bool) []token {
	l := &lexer{src: src}
	if bare {
		l.code("")
	}
	for l.pos < len(src) {
		l.data()
	}
	l.emit(tokEOF, "", len(src))
	return l.out
}

func (l *lexer) emit(kind tokenKind, text string, pos int) {
	l.out = append(l.out, token{kind, text, pos})
}

// data reads the template's own text up to the next tag, and then the tag.
func (l *lexer) data() {
	start := l.pos
	next := nextTag(l.src[start:])
	if next < 0 {
		l.text(start, len(l.src), false)
		l.pos = len(l.src)
		return
	}
	tag := start + next
	open := l.src[tag : tag+2]
	l.pos = tag + 2
	sign := l.sign()
	l.text(start, tag, sign == '-')
	if open == "{#" {
		l.comment(tag)
		return
	}
	if open == "{{" {
		l.emit(tokOutputBegin, "{{", tag)
		l.code("}}")
		return
	}
	if l.raw(tag) {
		return
	}
	l.emit(tokBlockBegin, "{%", tag)
	l.code("%}")
}

func nextTag(s string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '{')
		if i < 0 || from+i+1 >= len(s) {
			return -1
		}
		i += from
		if c := s[i+1]; c == '{' || c == '%' || c == '#' {
			return i
		}
		from = i + 1
	}
}

// sign reads the - or + after an opening.
func (l *lexer) sign() byte {
	if l.pos < len(l.src) && (l.src[l.pos] == '-' || l.src[l.pos] == '+') {
		l.pos++
		return l.src[l.pos-1]
	}
	return 0
}

// text emits source text, less the white space that tags take away.
func (l *lexer) text(start, end int, trimRight bool) {
	s := l.src[start:end]
	if l.trim {
		cut := strings.TrimLeftFunc(s, unicode.IsSpace)
		start += len(s) - len(cut)
		s = cut
	}
	if trimRight {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	}
	l.trim = false
	if s != "" {
		l.emit(tokData, s, start)
	}
}

func (l *lexer) comment(tag int) {
	end := strings.Index(l.src[l.pos:], "#}")
	if end < 0 {
		refuse(tag, "close it with #}", "comment is not closed")
	}
	end += l.pos
	l.trim = end > tag+2 && l.src[end-1] == '-'
	l.pos = end + 2
}

// blank is the white space of [unicode.IsSpace].
const blank = `[\s\v\x{85}\p{Z}]`

var (
	rawBegin = regexp.MustCompile(strings.ReplaceAll(`^ *raw *(-?)%\}`, " ", blank))
	rawEnd   = regexp.MustCompile(strings.ReplaceAll(`\{%([-+]?) *endraw *([-+]?)%\}`, " ", blank))
)

// raw reads a raw tag with its text, if one begins here.
func (l *lexer) raw(tag int) bool {
	begin := rawBegin.FindStringSubmatch(l.src[l.pos:])
	if begin == nil {
		return false
	}
	start := l.pos + len(begin[0])
	end := rawEnd.FindStringSubmatchIndex(l.src[start:])
	if end == nil {
		refuse(tag, "close it with {% endraw %}", "raw is not closed")
	}
	group := func(n int) string { return l.src[start+end[2*n] : start+end[2*n+1]] }
	l.trim = begin[1] == "-"
	l.text(start, start+end[0], group(1) == "-")
	l.pos, l.trim = start+end[1], group(2) == "-"
	return true
}

// code cuts an expression or statement up to its closing mark, or to the end of
// the source when there is none.
func (l *lexer) code(end string) {
	begin := l.pos
	l.stack = l.stack[:0]
	for l.pos < len(l.src) {
		if end != "" && len(l.stack) == 0 && l.closing(end) {
			return
		}
		switch c := l.src[l.pos]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.pos++
		case c >= utf8.RuneSelf && l.wideSpace():
		case end == "" && c == '#': // Python's comment
			line, _, _ := strings.Cut(l.src[l.pos:], "\n")
			l.pos += len(line)
		case end == "" && strings.HasPrefix(l.src[l.pos:], "\\\n"): // and its long lines
			l.pos += 2
		case c == '"' || c == '\'':
			l.quoted(c)
		case isDigit(c), end == "" && l.pointFirst():
			l.number(end == "")
		default:
			l.word()
		}
	}
	switch {
	case len(l.stack) > 0:
		refuse(l.pos, "", "%s is missing", closerOf(l.stack[len(l.stack)-1]))
	case end != "":
		refuse(begin, "close it with "+end, "tag is not closed")
	}
}

// closing reads the closing mark with its sign.
func (l *lexer) closing(end string) bool {
	rest := l.src[l.pos:]
	sign := byte(0)
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+' && end == "%}") {
		sign, rest = rest[0], rest[1:]
	}
	if !strings.HasPrefix(rest, end) {
		return false
	}
	kind := tokOutputEnd
	if end == "%}" {
		kind = tokBlockEnd
	}
	l.emit(kind, end, l.pos)
	l.pos = len(l.src) - len(rest) + len(end)
	l.trim = sign == '-'
	return true
}

// wideSpace skips white space beyond ASCII, which text pasted from a page has.
func (l *lexer) wideSpace() bool {
	r, n := utf8.DecodeRuneInString(l.src[l.pos:])
	if !unicode.IsSpace(r) {
		return false
	}
	l.pos += n
	return true
}

func closerOf(open byte) string {
	switch open {
	case '(':
		return ")"
	case '[':
		return "]"
	}
	return "}"
}

func (l *lexer) word() {
	start := l.pos
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && (l.pos == start || !unicode.IsDigit(r)) {
			break
		}
		l.pos += n
	}
	if l.pos == start {
		l.operator()
		return
	}
	l.emit(tokName, l.src[start:l.pos], start)
}

const (
	doubleOps = "== != >= <= // **"
	singleOps = "+-*/%~[](){}><=.:|,;"
)

func (l *lexer) operator() {
	rest := l.src[l.pos:]
	op := rest[:1]
	if len(rest) > 1 && !strings.ContainsAny(rest[:2], " ") &&
		strings.Contains(doubleOps, rest[:2]) {
		op = rest[:2]
	} else if !strings.Contains(singleOps, op) || strings.HasPrefix(rest, "||") {
		l.strange(rest)
	}
	l.balance(op)
	l.emit(tokOp, op, l.pos)
	l.pos += len(op)
}

func (l *lexer) balance(op string) {
	n := len(l.stack)
	switch op {
	case "(", "[", "{":
		if n >= MaxNesting {
			tooDeep(l.pos)
		}
		l.stack = append(l.stack, op[0])
	case ")", "]", "}":
		if n == 0 {
			refuse(l.pos, "", "unexpected %s", op)
		}
		if want := closerOf(l.stack[n-1]); want != op {
			refuse(l.pos, "", "unexpected %s, %s is missing", op, want)
		}
		l.stack = l.stack[:n-1]
	}
}

// strange explains a character that Jinja does not have.
func (l *lexer) strange(rest string) {
	if strings.HasPrefix(rest, "&&") || strings.HasPrefix(rest, "||") {
		refuse(l.pos, "write "+map[byte]string{'&': "and", '|': "or"}[rest[0]],
			"unexpected %s", rest[:2])
	}
	r, _ := utf8.DecodeRuneInString(rest)
	hint := ""
	switch r {
	case '&':
		hint = "write and"
	case '!':
		hint = "write not"
	case '?':
		hint = "write a if condition else b"
	case '\u201c', '\u201d', '\u2018', '\u2019':
		hint = `write plain quotes: "`
	}
	refuse(l.pos, hint, "unexpected %q", r)
}

package jinja

import (
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

// lex cuts a whole template.
func lex(src string) ([]token, error) {
	l := &lexer{src: src}
	for l.pos < len(src) {
		if err := l.data(); err != nil {
			return nil, err
		}
	}
	l.emit(tokEOF, "", len(src))
	return l.out, nil
}

// lexExpression cuts a bare expression.
func lexExpression(src string) ([]token, error) {
	l := &lexer{src: src}
	if err := l.code(""); err != nil {
		return nil, err
	}
	l.emit(tokEOF, "", len(src))
	return l.out, nil
}

func (l *lexer) emit(kind tokenKind, text string, pos int) {
	l.out = append(l.out, token{kind, text, pos})
}

// data reads text up to the next tag, and the tag.
func (l *lexer) data() error {
	start := l.pos
	next := nextTag(l.src[start:])
	if next < 0 {
		l.text(start, len(l.src), false)
		l.pos = len(l.src)
		return nil
	}
	tag := start + next
	open := l.src[tag : tag+2]
	l.pos = tag + 2
	sign := l.sign()
	l.text(start, tag, sign == '-')
	switch open {
	case "{#":
		return l.comment(tag)
	case "{{":
		l.emit(tokOutputBegin, "{{", tag)
		return l.code("}}")
	}
	if body, ok := l.rawStart(); ok {
		return l.raw(tag, body)
	}
	l.emit(tokBlockBegin, "{%", tag)
	return l.code("%}")
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

func (l *lexer) comment(tag int) error {
	end := strings.Index(l.src[l.pos:], "#}")
	if end < 0 {
		return fail(tag, "comment is not closed").with("close it with #}")
	}
	end += l.pos
	l.trim = end > tag+2 && l.src[end-1] == '-'
	l.pos = end + 2
	return nil
}

// rawStart reports whether a raw tag begins here, and where its text does.
func (l *lexer) rawStart() (int, bool) {
	rest := strings.TrimLeft(l.src[l.pos:], " \t\n")
	after, ok := strings.CutPrefix(rest, "raw")
	if !ok {
		return 0, false
	}
	after = strings.TrimLeft(after, " \t\n")
	trim := strings.HasPrefix(after, "-")
	after = strings.TrimPrefix(after, "-")
	body, ok := strings.CutPrefix(after, "%}")
	if !ok {
		return 0, false
	}
	l.trim = trim
	return len(l.src) - len(body), true
}

func (l *lexer) raw(tag, body int) error {
	for from := body; ; {
		i := strings.Index(l.src[from:], "{%")
		if i < 0 {
			return fail(tag, "raw is not closed").with("close it with {% endraw %}")
		}
		i += from
		rest := strings.TrimLeft(l.src[i+2:], "-+")
		sign := len(l.src) - i - 2 - len(rest)
		name, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t\n"), "endraw")
		tail := strings.TrimLeft(name, " \t\n")
		trim := strings.HasPrefix(tail, "-")
		tail = strings.TrimLeft(tail, "-+")
		if !ok || !strings.HasPrefix(tail, "%}") {
			from = i + 2
			continue
		}
		l.text(body, i, sign > 0 && l.src[i+2] == '-')
		l.pos = len(l.src) - len(tail) + 2
		l.trim = trim
		return nil
	}
}

// code cuts an expression or statement up to its closing mark, or to the end of
// the source when there is none.
func (l *lexer) code(end string) error {
	begin := l.pos
	l.stack = l.stack[:0]
	for l.pos < len(l.src) {
		if end != "" && len(l.stack) == 0 && l.closing(end) {
			return nil
		}
		c := l.src[l.pos]
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			l.pos++
		case c == '"' || c == '\'':
			if err := l.quoted(c); err != nil {
				return err
			}
		case c >= '0' && c <= '9':
			if err := l.number(); err != nil {
				return err
			}
		default:
			if err := l.word(); err != nil {
				return err
			}
		}
	}
	switch {
	case len(l.stack) > 0:
		return fail(l.pos, "%s is missing", closerOf(l.stack[len(l.stack)-1]))
	case end != "":
		return fail(begin, "tag is not closed").with("close it with " + end)
	}
	return nil
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

func closerOf(open byte) string {
	switch open {
	case '(':
		return ")"
	case '[':
		return "]"
	}
	return "}"
}

func (l *lexer) word() error {
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	if r != '_' && !unicode.IsLetter(r) {
		return l.operator()
	}
	start := l.pos
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		l.pos += n
	}
	l.emit(tokName, l.src[start:l.pos], start)
	return nil
}

const (
	doubleOps = "== != >= <= // **"
	singleOps = "+-*/%~[](){}><=.:|,;"
)

func (l *lexer) operator() error {
	rest := l.src[l.pos:]
	op := rest[:1]
	if len(rest) > 1 && !strings.ContainsAny(rest[:2], " ") && strings.Contains(doubleOps, rest[:2]) {
		op = rest[:2]
	} else if !strings.Contains(singleOps, op) || strings.HasPrefix(rest, "||") {
		return l.strange(rest)
	}
	if err := l.balance(op); err != nil {
		return err
	}
	l.emit(tokOp, op, l.pos)
	l.pos += len(op)
	return nil
}

func (l *lexer) balance(op string) error {
	switch op {
	case "(", "[", "{":
		if len(l.stack) >= MaxNesting {
			return &located{pos: l.pos, msg: errNesting.Error(), err: errNesting}
		}
		l.stack = append(l.stack, op[0])
	case ")", "]", "}":
		n := len(l.stack)
		if n == 0 {
			return fail(l.pos, "unexpected %s", op)
		}
		if want := closerOf(l.stack[n-1]); want != op {
			return fail(l.pos, "unexpected %s, %s is missing", op, want)
		}
		l.stack = l.stack[:n-1]
	}
	return nil
}

// strange explains a character that Jinja does not have.
func (l *lexer) strange(rest string) error {
	r, _ := utf8.DecodeRuneInString(rest)
	e := fail(l.pos, "unexpected %q", r)
	switch {
	case strings.HasPrefix(rest, "&&"):
		return fail(l.pos, "unexpected &&").with("write and")
	case strings.HasPrefix(rest, "||"):
		return fail(l.pos, "unexpected ||").with("write or")
	case r == '&':
		return e.with("write and")
	case r == '!':
		return e.with("write not")
	case r == '?':
		return e.with("write a if condition else b")
	case r == '\u201c' || r == '\u201d' || r == '\u2018' || r == '\u2019':
		return e.with(`write plain quotes: "`)
	}
	return e
}

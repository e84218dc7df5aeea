package jsonbody

// A Trial reads one path through a template with holes where values will
// stand, and so finds what is wrong with the structure before there is a
// document. It lets pass whatever some document could make JSON of: a hole
// stands for any value. The zero value is ready for use, for one path.
type Trial struct {
	g       grammar
	unknown bool // after a safe hole nothing can be said
	err     error
}

// NewTrial returns a Trial for one path.
func NewTrial() *Trial { return &Trial{} }

// Text reads text of the template. The error is a [*SyntaxError], as from
// [Writer.Text].
func (t *Trial) Text(s string) error {
	if t.err != nil || t.unknown {
		return t.err
	}
	if n := feed(&t.g, s); n < len(s) {
		t.err = t.g.wrongByte(s[n], n)
	} else if n := invalidUTF8(s); n >= 0 {
		t.err = &SyntaxError{Expected: "UTF-8", Found: "a byte that is not", At: n}
	}
	return t.err
}

// Hole stands for a value that is printed. When it is marked as safe it may
// be any text, so that nothing more can be said of this path: the rest of it
// passes.
func (t *Trial) Hole(safe bool) error {
	if t.err != nil || t.unknown {
		return t.err
	}
	g := &t.g
	switch {
	case safe:
		t.unknown = true
	case g.mode == modeString:
	case g.mode == modeValue, g.mode == modeFirst, g.mode == modeMinus, g.mode == modeInteger:
		// A whole number is what most can follow: digits, a point, an
		// exponent, and all that may follow other values.
		g.mode = modeInteger
	case g.mode == modeKey, g.mode == modeFirstKey:
		g.mode = modeColon
	case g.mode == modePoint, g.mode == modeFraction:
		g.mode = modeFraction
	case g.mode == modeExponent, g.mode == modeSign, g.mode == modePower:
		g.mode = modePower
	default:
		t.err = g.wrongValue("a value")
	}
	return t.err
}

// Close reports whether the path could give exactly one JSON value.
func (t *Trial) Close() error {
	if t.err == nil && !t.unknown && !t.g.complete() {
		t.err = t.g.wrongEnd()
	}
	return t.err
}

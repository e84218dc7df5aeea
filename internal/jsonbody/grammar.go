package jsonbody

// A mode says what may come next.
type mode uint8

const (
	modeValue    mode = iota // a value: at the start, after ":", after "," in an array
	modeFirst                // a value or "]": after "["
	modeKey                  // a key: after "," in an object
	modeFirstKey             // a key or "}": after "{"
	modeColon                // ":"
	modeAfter                // after a value: "," or the closing bracket; at depth 0 the end
	modeString               // inside a string or a key
	modeEscape               // after a backslash
	modeHex1                 // four hexadecimal digits to come
	modeHex2
	modeHex3
	modeHex4
	modeMinus    // after "-"
	modeZero     // after a leading "0"
	modeInteger  // after the digits of an integer
	modePoint    // after "."
	modeFraction // after the digits of a fraction
	modeExponent // after "e"
	modeSign     // after the sign of an exponent
	modePower    // after the digits of an exponent
	modeWord     // modeWord+i: inside a literal name, words[i] to come
)

// words holds the literal names one after the other; a position in it says
// which name is being read and how far.
const words = "truefalsenull"

const (
	wordTrue  = 0
	wordFalse = 4
	wordNull  = 9
)

// modes is the number of modes.
const modes = int(modeWord) + len(words)

// maxDepth bounds the nesting of what templates write literally or as a safe
// fragment. Values are nested by their own encoder and cost one level.
const maxDepth = 1000

// A place is a position in the grammar of RFC 8259. It is comparable, which is
// what lets a Memo recall the effect of a text.
type place struct {
	stack uint64 // kinds of the innermost 64 open brackets, 1 an object; bit 0 is the innermost
	depth uint16 // open brackets
	mode  mode
	key   bool // the string being read is a key
}

// A grammar is a place and the brackets that its stack has no room for. The
// zero value expects one JSON value.
type grammar struct {
	place
	outer []uint64 // stack words of the levels further out
}

// shallow reports whether the place holds the whole state, so that outer can
// be left out of account.
func (p place) shallow() bool { return p.depth < 64 }

func (p place) inObject() bool { return p.stack&1 == 1 }

// inNumber reports whether a number is being read that more digits may join.
func (p place) inNumber() bool { return p.mode >= modeMinus && p.mode <= modePower }

// ended reports whether a number that is being read could end here.
func (p place) ended() bool {
	switch p.mode {
	case modeZero, modeInteger, modeFraction, modePower:
		return true
	}
	return false
}

// complete reports whether exactly one value has been read.
func (p place) complete() bool {
	return p.depth == 0 && (p.mode == modeAfter || p.ended())
}

// feed reads s and returns the number of bytes that fit the grammar: len(s),
// or the offset of the first byte that does not, before which the grammar then
// stands.
func feed[T string | []byte](g *grammar, s T) int {
	m := g.mode
	for i := 0; i < len(s); i++ {
		next := quick[m][s[i]]
		if next == ask {
			g.mode = m
			if !g.step(s[i]) {
				g.mode = m
				return i
			}
			next = g.mode
		}
		m = next
	}
	g.mode = m
	return len(s)
}

// quick holds what step does, for each mode and byte where that is to change
// the mode and nothing else; elsewhere it says ask.
var quick = func() (t [modes][256]mode) {
	for m := range mode(modes) {
		for c := range 256 {
			t[m][c] = quickStep(m, byte(c))
		}
	}
	return t
}()

// ask is no mode.
const ask = mode(modes)

// quickStep returns the mode after c wherever m stands, if there is one.
func quickStep(m mode, c byte) mode {
	next := ask
	for i, p := range []place{{}, {depth: 2}, {depth: 2, stack: 1}, {depth: 2, key: true}} {
		g := grammar{place: p}
		g.mode = m
		fits := g.step(c)
		p.mode = g.mode
		if !fits || g.place != p || i > 0 && g.mode != next {
			return ask
		}
		next = g.mode
	}
	return next
}

// step reads one byte and reports whether it fits.
func (g *grammar) step(c byte) bool {
	switch {
	case g.mode <= modeAfter:
		return g.structure(c)
	case g.mode <= modeHex4:
		return g.inString(c)
	case g.mode <= modePower:
		return g.number(c)
	}
	return g.word(c)
}

func (g *grammar) structure(c byte) bool {
	if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
		return true
	}
	switch g.mode {
	case modeFirst:
		if c == ']' {
			return g.pop(false)
		}
		return g.begin(c)
	case modeValue:
		return g.begin(c)
	case modeFirstKey:
		if c == '}' {
			return g.pop(true)
		}
		return c == '"' && g.open(true)
	case modeKey:
		return c == '"' && g.open(true)
	case modeColon:
		g.mode = modeValue
		return c == ':'
	}
	switch c {
	case ',':
		g.mode = modeValue
		if g.inObject() {
			g.mode = modeKey
		}
		return g.depth > 0
	case ']':
		return g.pop(false)
	case '}':
		return g.pop(true)
	}
	return false
}

// begin reads the first byte of a value.
func (g *grammar) begin(c byte) bool {
	switch {
	case c == '"':
		return g.open(false)
	case c == '{':
		return g.push(true)
	case c == '[':
		return g.push(false)
	case c == '-':
		g.mode = modeMinus
	case c == '0':
		g.mode = modeZero
	case c >= '1' && c <= '9':
		g.mode = modeInteger
	case c == 't':
		g.mode = modeWord + wordTrue + 1
	case c == 'f':
		g.mode = modeWord + wordFalse + 1
	case c == 'n':
		g.mode = modeWord + wordNull + 1
	default:
		return false
	}
	return true
}

func (g *grammar) open(key bool) bool {
	g.mode, g.key = modeString, key
	return true
}

func (g *grammar) push(object bool) bool {
	if g.depth >= maxDepth {
		return false
	}
	if g.depth > 0 && g.depth%64 == 0 {
		g.outer = append(g.outer, g.stack)
	}
	g.depth++
	g.stack <<= 1
	g.mode = modeFirst
	if object {
		g.stack |= 1
		g.mode = modeFirstKey
	}
	return true
}

func (g *grammar) pop(object bool) bool {
	if g.depth == 0 || g.inObject() != object {
		return false
	}
	g.depth--
	g.stack >>= 1
	if g.depth > 0 && g.depth%64 == 0 {
		last := len(g.outer) - 1
		g.stack, g.outer = g.outer[last], g.outer[:last]
	}
	g.mode = modeAfter
	return true
}

func (g *grammar) inString(c byte) bool {
	switch g.mode {
	case modeString:
		switch {
		case c == '\\':
			g.mode = modeEscape
		case c == '"' && g.key:
			g.mode, g.key = modeColon, false
		case c == '"':
			g.mode = modeAfter
		}
		return c >= ' '
	case modeEscape:
		switch c {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			g.mode = modeString
			return true
		case 'u':
			g.mode = modeHex1
			return true
		}
		return false
	case modeHex4:
		g.mode = modeString
	default:
		g.mode++
	}
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (g *grammar) number(c byte) bool {
	digit := c >= '0' && c <= '9'
	switch {
	case g.mode == modeMinus && c == '0':
		g.mode = modeZero
	case digit && (g.mode == modeMinus || g.mode == modeInteger):
		g.mode = modeInteger
	case digit && (g.mode == modePoint || g.mode == modeFraction):
		g.mode = modeFraction
	case digit && (g.mode == modeExponent || g.mode == modeSign || g.mode == modePower):
		g.mode = modePower
	case c == '.' && (g.mode == modeZero || g.mode == modeInteger):
		g.mode = modePoint
	case (c == 'e' || c == 'E') && g.ended() && g.mode != modePower:
		g.mode = modeExponent
	case (c == '+' || c == '-') && g.mode == modeExponent:
		g.mode = modeSign
	case g.ended():
		g.mode = modeAfter
		return g.structure(c)
	default:
		return false
	}
	return true
}

func (g *grammar) word(c byte) bool {
	i := g.mode - modeWord
	if c != words[i] {
		return false
	}
	g.mode++
	if next := i + 1; next == wordFalse || next == wordNull || int(next) == len(words) {
		g.mode = modeAfter
	}
	return true
}

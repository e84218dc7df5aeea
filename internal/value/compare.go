package value

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Truth reports whether v counts as true, as in Python: zero, nothing and the
// empty are false.
func Truth(v any) bool {
	switch v := v.(type) {
	case nil, Undefined:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case *string:
		return *v != ""
	case *float64:
		return *v != 0
	case time.Duration:
		return v != 0
	case *Generator:
		return true
	}
	if n, ok := numberOf(v); ok {
		return n.sign() != 0 || n.kind == isFloat && n.f != n.f
	}
	if n, err := Len(v); err == nil {
		return n > 0
	}
	return true
}

// Equal reports whether two values are equal, as in Python: numbers by value
// whatever their kind, lists and tuples apart, mappings whatever their order.
// Beyond Python, a time equals the text that spells it. The error is that of
// reading a document.
func Equal(a, b any, t Ticker) (same bool, err error) {
	defer caught(&err)
	return (&comparer{Ticker: t}).equal(a, b), nil
}

// A Ticker is told how much work goes on, and may end it with a panic. It may be
// nil where one is asked for: then nobody counts.
type Ticker interface{ Tick(n int) }

// comparer bounds a comparison. It ends with a failure.
type comparer struct {
	Ticker
	depth, nodes int
}

// nodesPerTick is how many values are visited at the price of tickPrice steps.
const (
	nodesPerTick = 256
	tickPrice    = 64
)

func (c *comparer) count() {
	if c.nodes++; c.nodes%nodesPerTick != 0 {
		return
	}
	if c.Ticker != nil {
		c.Tick(tickPrice)
	}
	if c.nodes > maxNodes {
		check(ErrTooLarge)
	}
}

func (c *comparer) enter() {
	if c.depth++; c.depth > MaxDepth {
		check(ErrDepth)
	}
}

func (c *comparer) leave() { c.depth-- }

func (c *comparer) equal(a, b any) bool {
	c.count()
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x == y
		}
	case nil:
		return b == nil
	case Undefined:
		return IsUndefined(b)
	case Range:
		return b == a
	}
	if n, ok := numberOf(a); ok {
		m, ok := numberOf(b)
		order, comparable := n.compare(m)
		return ok && comparable && order == 0
	}
	if s, ok := Text(a); ok {
		if t, ok := Text(b); ok {
			return s == t
		}
	}
	if order, ok := compareTimes(a, b); ok {
		return order == 0
	}
	if x, ok := a.(*View); ok {
		y, ok := b.(*View)
		return ok && c.equalViews(x, y)
	}
	switch {
	case IsMapping(a) && IsMapping(b):
		return c.equalMaps(a, b)
	case isTuple(a) && isTuple(b), IsList(a) && IsList(b):
		return c.equalItems(must(Items(a)), must(Items(b)))
	}
	switch a.(type) {
	case time.Duration, Opaque:
		return a == b
	}
	return false
}

func isTuple(v any) bool {
	switch v.(type) {
	case Tuple, *Group:
		return true
	}
	return false
}

// IsList reports whether v is a list as Python has it, no tuple or view.
func IsList(v any) bool {
	switch v.(type) {
	case []any, *List:
		return true
	}
	return false
}

func (c *comparer) equalItems(x, y []any) bool {
	if len(x) != len(y) {
		return false
	}
	c.enter()
	defer c.leave()
	for i := range x {
		if !c.equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

// equalViews compares the keys or the members of two mappings, whose order does
// not count. The values of mappings are never equal.
func (c *comparer) equalViews(x, y *View) bool {
	if x.Name != y.Name || x.Name == "dict_values" {
		return x == y
	}
	return c.equalMaps(x.mapping(), y.mapping())
}

// mapping is what the View is of, or its keys without their values.
func (v *View) mapping() *Object {
	o := NewObject()
	for _, item := range v.Items {
		if pair, ok := item.(Tuple); ok && v.Name == "dict_items" {
			o.Set(pair[0], pair[1])
		} else {
			o.Set(item, nil)
		}
	}
	return o
}

func (c *comparer) equalMaps(a, b any) bool {
	x := must(Entries(a))
	if n, _ := Len(b); n != len(x) {
		return false
	}
	c.enter()
	defer c.leave()
	for _, e := range x {
		y, ok, err := Lookup(b, e.Key)
		if check(err); !ok || !c.equal(e.Value, y) {
			return false
		}
	}
	return true
}

// Lookup returns the member of a mapping under a key of any kind.
func Lookup(v, key any) (any, bool, error) {
	if name, ok := Text(key); ok {
		return Get(v, name)
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, false, nil
	}
	x, ok := o.Find(key)
	return x, ok, nil
}

// Compare orders two values for < and >. Beyond Python, a time compares with
// the text of one, spelled makes text compare with a number when it spells one
// in decimals, and ok is false without an error when one of them is None or NaN:
// neither less nor greater. Undefined is an error.
func Compare(a, b any, spelled bool, t Ticker) (order int, ok bool, err error) {
	if err := undefinedAmong(a, b); err != nil || a == nil || b == nil {
		return 0, false, err
	}
	n, left := numberOf(a)
	m, right := numberOf(b)
	if spelled && left != right {
		if left {
			m, right = spelledNumber(b, a)
		} else {
			n, left = spelledNumber(a, b)
		}
	}
	if left && right {
		order, ok = n.compare(m)
		return order, ok, nil
	}
	order, err = Order(a, b, t)
	return order, err == nil, err
}

// spelledNumber reads text that spells a number, beside one that is no bool.
func spelledNumber(v, beside any) (number, bool) {
	s, ok := Text(v)
	if _, bool := beside.(bool); !ok || bool {
		return number{}, false
	}
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	if !isDecimal(s) {
		return number{}, false
	}
	return parseNumber(s)
}

// isDecimal reports whether s is digits with at most one point.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, frac, point := strings.Cut(s, ".")
	return len(s) <= maxDigits && whole+frac != "" && digits(whole, 0) == len(whole) &&
		digits(frac, 0) == len(frac) && (!point || len(s) > 1)
}

// Order compares two values strictly as Python's sort does, and times with the
// text of one.
func Order(a, b any, t Ticker) (order int, err error) {
	defer caught(&err)
	return (&comparer{Ticker: t}).order(a, b), nil
}

func (c *comparer) order(a, b any) int {
	c.count()
	if n, ok := numberOf(a); ok {
		if m, ok := numberOf(b); ok {
			order, _ := n.compare(m)
			return order
		}
	}
	if s, ok := Text(a); ok {
		if t, ok := Text(b); ok {
			return strings.Compare(s, t)
		}
	}
	if order, ok := compareTimes(a, b); ok {
		return order
	}
	if x, ok := a.(time.Duration); ok {
		if y, ok := b.(time.Duration); ok {
			return cmp.Compare(x, y)
		}
	}
	if IsList(a) && IsList(b) || isTuple(a) && isTuple(b) {
		return c.orderItems(must(Items(a)), must(Items(b)))
	}
	check(undefinedAmong(a, b))
	check(fmt.Errorf("%w for <: %s and %s", ErrType, TypeName(a), TypeName(b)))
	return 0
}

func (c *comparer) orderItems(x, y []any) int {
	c.enter()
	defer c.leave()
	for i := range min(len(x), len(y)) {
		if !c.equal(x[i], y[i]) {
			return c.order(x[i], y[i])
		}
	}
	return len(x) - len(y)
}

// undefinedAmong is the error of an operand that is not there.
func undefinedAmong(operands ...any) error {
	for _, v := range operands {
		if u, ok := v.(Undefined); ok {
			return errors.New(u.Message())
		}
	}
	return nil
}

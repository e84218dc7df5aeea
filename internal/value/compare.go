package value

import (
	"errors"
	"fmt"
	"math/big"
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
func Equal(a, b any) (bool, error) {
	c := comparer{}
	return c.equal(a, b)
}

type comparer struct {
	depth, nodes int
}

func (c *comparer) enter() error {
	if c.depth++; c.depth > MaxDepth {
		return ErrDepth
	}
	return nil
}

func (c *comparer) equal(a, b any) (bool, error) {
	if c.nodes++; c.nodes > maxNodes {
		return false, ErrTooLarge
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x == y, nil
		}
	case nil:
		return b == nil, nil
	case Undefined:
		return IsUndefined(b), nil
	case []any, map[string]any, *List, Tuple, *Object, *Record:
		return c.equalNested(a, b)
	case Range:
		y, ok := b.(Range)
		return ok && x == y, nil
	}
	if n, ok := numberOf(a); ok {
		m, ok := numberOf(b)
		if !ok {
			return false, nil
		}
		order, ok := n.compare(m)
		return ok && order == 0, nil
	}
	if s, ok := Text(a); ok {
		if t, ok := Text(b); ok {
			return s == t, nil
		}
	}
	if order, ok := compareTimes(a, b); ok {
		return order == 0, nil
	}
	if x, ok := a.(time.Duration); ok {
		return b == x, nil
	}
	return c.equalNested(a, b)
}

func (c *comparer) equalNested(a, b any) (bool, error) {
	if err := c.enter(); err != nil {
		return false, err
	}
	defer func() { c.depth-- }()
	switch {
	case IsMapping(a) && IsMapping(b):
		return c.equalMaps(a, b)
	case isTuple(a) && isTuple(b), isList(a) && isList(b):
		return c.equalItems(a, b)
	}
	if _, ok := a.(Opaque); ok {
		return a == b, nil
	}
	return false, nil
}

func isTuple(v any) bool {
	switch v.(type) {
	case Tuple, *Group:
		return true
	}
	return false
}

func isList(v any) bool {
	switch v.(type) {
	case []any, *List:
		return true
	}
	return false
}

func (c *comparer) equalItems(a, b any) (bool, error) {
	x, err := Items(a)
	if err != nil {
		return false, err
	}
	y, err := Items(b)
	if err != nil || len(x) != len(y) {
		return false, err
	}
	for i := range x {
		if same, err := c.equal(x[i], y[i]); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (c *comparer) equalMaps(a, b any) (bool, error) {
	x, err := Entries(a)
	if err != nil {
		return false, err
	}
	if n, _ := Len(b); n != len(x) {
		return false, nil
	}
	for _, e := range x {
		y, ok, err := Lookup(b, e.Key)
		if err != nil || !ok {
			return false, err
		}
		if same, err := c.equal(e.Value, y); err != nil || !same {
			return false, err
		}
	}
	return true, nil
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
// the text of one, text compares with a number when it spells one in decimals,
// and ok is false without an error when one of them is None or NaN: neither
// less nor greater. Undefined is an error.
func Compare(a, b any) (order int, ok bool, err error) {
	for _, v := range [...]any{a, b} {
		if u, undefined := v.(Undefined); undefined {
			return 0, false, errors.New(u.Message())
		}
	}
	if a == nil || b == nil {
		return 0, false, nil
	}
	if n, isNum := numberOf(a); isNum {
		if m, ok := asNumber(b, a); ok {
			order, ok = n.compare(m)
			return order, ok, nil
		}
	} else if m, isNum := numberOf(b); isNum {
		if n, ok := asNumber(a, b); ok {
			order, ok = n.compare(m)
			return order, ok, nil
		}
	}
	order, err = Order(a, b)
	return order, err == nil, err
}

// asNumber reads a number, or text that spells one beside a number.
func asNumber(v, beside any) (number, bool) {
	if n, ok := numberOf(v); ok {
		return n, true
	}
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
func Order(a, b any) (int, error) {
	c := comparer{}
	return c.order(a, b)
}

func (c *comparer) order(a, b any) (int, error) {
	if c.nodes++; c.nodes > maxNodes {
		return 0, ErrTooLarge
	}
	if n, ok := numberOf(a); ok {
		if m, ok := numberOf(b); ok {
			order, _ := n.compare(m)
			return order, nil
		}
	}
	if s, ok := Text(a); ok {
		if t, ok := Text(b); ok {
			return strings.Compare(s, t), nil
		}
	}
	if order, ok := compareTimes(a, b); ok {
		return order, nil
	}
	if x, ok := a.(time.Duration); ok {
		if y, ok := b.(time.Duration); ok {
			return big.NewInt(int64(x)).Cmp(big.NewInt(int64(y))), nil
		}
	}
	if isList(a) && isList(b) || isTuple(a) && isTuple(b) {
		return c.orderItems(a, b)
	}
	for _, v := range [...]any{a, b} {
		if u, ok := v.(Undefined); ok {
			return 0, errors.New(u.Message())
		}
	}
	return 0, fmt.Errorf("%w for <: %s and %s", ErrType, TypeName(a), TypeName(b))
}

func (c *comparer) orderItems(a, b any) (int, error) {
	if err := c.enter(); err != nil {
		return 0, err
	}
	defer func() { c.depth-- }()
	x, err := Items(a)
	if err != nil {
		return 0, err
	}
	y, err := Items(b)
	if err != nil {
		return 0, err
	}
	for i := range min(len(x), len(y)) {
		if same, err := c.equal(x[i], y[i]); err != nil {
			return 0, err
		} else if !same {
			return c.order(x[i], y[i])
		}
	}
	return len(x) - len(y), nil
}

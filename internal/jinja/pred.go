package jinja

import (
	"fmt"

	"github.com/docevent/webhook/internal/value"
)

// pred compiles an expression of which only the truth counts. Comparisons with
// constants, which are most of what conditions hold, take no detour through any
// and allocate nothing.
func (c *compiler) pred(x expr) predFn {
	switch x := x.(type) {
	case *notX:
		p := c.pred(x.x)
		return func(r *run) (bool, error) {
			ok, err := p(r)
			return !ok && err == nil, err
		}
	case *boolX:
		return c.both(x)
	case *compareX:
		return c.compare(x)
	case *testX:
		return c.test(x)
	}
	get := c.expr(x)
	return func(r *run) (bool, error) {
		v, err := get(r)
		return err == nil && value.Truth(v), err
	}
}

func (c *compiler) both(x *boolX) predFn {
	l := c.pred(x.l)
	right := c.pred(x.r)
	or := x.or
	return func(r *run) (bool, error) {
		ok, err := l(r)
		if err != nil || ok == or {
			return ok && err == nil, err
		}
		return right(r)
	}
}

func (c *compiler) compare(x *compareX) predFn {
	if len(x.ops) == 1 {
		return c.compareOnce(x)
	}
	first := c.expr(x.first)
	rest := c.exprs(x.rest)
	ops, pos := x.ops, x.pos
	return func(r *run) (bool, error) {
		a, err := first(r)
		if err != nil {
			return false, err
		}
		for i, next := range rest {
			b, err := next(r)
			if err != nil {
				return false, err
			}
			if ok, err := r.compare(ops[i], a, b); err != nil || !ok {
				return false, at(pos, err)
			}
			a = b
		}
		return true, nil
	}
}

func (c *compiler) compareOnce(x *compareX) predFn {
	l := c.expr(x.first)
	op, pos := x.ops[0], x.pos
	if fast := constantTest(op, x.rest[0]); fast != nil {
		return func(r *run) (bool, error) {
			v, err := l(r)
			if err != nil {
				return false, err
			}
			ok, err := fast(r, v)
			return ok, at(pos, err)
		}
	}
	right := c.expr(x.rest[0])
	return func(r *run) (bool, error) {
		a, err := l(r)
		if err != nil {
			return false, err
		}
		b, err := right(r)
		if err != nil {
			return false, err
		}
		ok, err := r.compare(op, a, b)
		return ok, at(pos, err)
	}
}

func (r *run) compare(op string, a, b any) (bool, error) {
	switch op {
	case "==":
		return value.Equal(a, b)
	case "!=":
		same, err := value.Equal(a, b)
		return !same && err == nil, err
	case "in":
		return r.contained(a, b)
	case "not in":
		ok, err := r.contained(a, b)
		return !ok && err == nil, err
	}
	order, ok, err := value.Compare(a, b)
	if (a == nil || b == nil) && err == nil && !r.noneOrders {
		err := fmt.Errorf("operator %s does not take None", op)
		return false, hinted{err, "say what it stands for: default(0, true)"}
	}
	return ok && ordered(op, order), err
}

// ordered reports whether an order satisfies an operator.
func ordered(op string, order int) bool {
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// constantTest returns a quick test against a constant on the right, or nil.
func constantTest(op string, right expr) func(r *run, v any) (bool, error) {
	if list, ok := right.(*listX); ok {
		return memberTest(op, list)
	}
	k, ok := right.(*constX)
	if !ok {
		return nil
	}
	switch want := k.v.(type) {
	case string:
		if op == "==" || op == "!=" {
			return textTest(op == "==", want)
		}
	case float64:
		return numberTest(op, want, want)
	case int64:
		if want > -1<<53 && want < 1<<53 {
			return numberTest(op, float64(want), want)
		}
	}
	return nil
}

func textTest(equal bool, want string) func(r *run, v any) (bool, error) {
	boxed := any(want)
	return func(_ *run, v any) (bool, error) {
		if s, ok := v.(string); ok {
			return (s == want) == equal, nil
		}
		same, err := value.Equal(v, boxed)
		return err == nil && same == equal, err
	}
}

func numberTest(op string, want float64, boxed any) func(r *run, v any) (bool, error) {
	switch op {
	case "in", "not in":
		return nil
	}
	return func(r *run, v any) (bool, error) {
		var f float64
		switch v := v.(type) {
		case float64:
			f = v
		case int:
			if f = float64(v); int64(v) <= -1<<53 || int64(v) >= 1<<53 {
				return r.compare(op, v, boxed)
			}
		case int64:
			if f = float64(v); v <= -1<<53 || v >= 1<<53 {
				return r.compare(op, v, boxed)
			}
		default:
			return r.compare(op, v, boxed)
		}
		switch op {
		case "==":
			return f == want, nil
		case "!=":
			return f != want, nil
		case "<":
			return f < want, nil
		case "<=":
			return f <= want, nil
		case ">":
			return f > want, nil
		}
		return f >= want, nil
	}
}

// memberTest is in over a list of constants.
func memberTest(op string, list *listX) func(r *run, v any) (bool, error) {
	if op != "in" && op != "not in" {
		return nil
	}
	texts := make([]string, 0, len(list.items))
	items := make(value.Tuple, 0, len(list.items))
	for _, x := range list.items {
		k, ok := x.(*constX)
		if !ok {
			return nil
		}
		if s, ok := k.v.(string); ok {
			texts = append(texts, s)
		}
		items = append(items, k.v)
	}
	in, boxed := op == "in", any(items)
	return func(r *run, v any) (bool, error) {
		if s, ok := v.(string); ok {
			for i := range texts {
				if texts[i] == s {
					return in, nil
				}
			}
			if len(texts) == len(items) {
				return !in, nil
			}
		}
		ok, err := r.contained(v, boxed)
		return err == nil && ok == in, err
	}
}

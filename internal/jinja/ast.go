package jinja

// expr is a parsed expression, of either language.
type expr interface {
	info() *spot
	// below lists the expressions right below, nil for one that is left out.
	below() []expr
}

// spot is what all expressions share: where they are in the source, how deep
// they nest, and how many nodes they have, which is the price of one evaluation.
type spot struct{ pos, depth, size int }

func (s *spot) info() *spot { return s }

// node completes an expression whose parts are complete, and refuses one that
// nests too deep, as long chains of operators do too.
func node(pos int, x expr) expr {
	s := x.info()
	s.pos, s.depth, s.size = pos, 0, 1
	for _, b := range x.below() {
		if b != nil {
			s.depth = max(s.depth, b.info().depth)
			s.size += b.info().size
		}
	}
	if s.depth++; s.depth > MaxNesting {
		tooDeep(pos)
	}
	return x
}

type (
	constX struct {
		spot
		v any
	}
	nameX struct {
		spot
		name string
	}
	// attrX is x.name; exported fields of Go templates that are missing are
	// errors. It is guarded where the template itself says what holds when the
	// field is missing.
	attrX struct {
		spot
		x               expr
		name            string
		golang, guarded bool
	}
	indexX struct {
		spot
		x, key expr
	}
	sliceX struct {
		spot
		lo, hi, step expr
	}
	callX struct {
		spot
		fn   expr
		args []arg
	}
	// filterX is x|name(args); x is nil for the filter of a set block.
	filterX struct {
		spot
		x    expr
		name string
		args []arg
	}
	testX struct {
		spot
		x    expr
		name string
		args []arg
	}
	notX struct {
		spot
		x expr
	}
	signX struct {
		spot
		negative bool
		x        expr
	}
	boolX struct {
		spot
		or   bool
		l, r expr
	}
	binaryX struct {
		spot
		op   string
		l, r expr
	}
	// compareX is first op rest op rest: 1 < x <= 3.
	compareX struct {
		spot
		first expr
		ops   []string
		rest  []expr
	}
	concatX struct {
		spot
		parts []expr
	}
	condX struct {
		spot
		test, then, els expr // els may be nil
	}
	listX struct {
		spot
		items []expr
		tuple bool
	}
	dictX struct {
		spot
		keys, values []expr
	}
	// compX is [elem for target in iter if cond], or that in other brackets.
	compX struct {
		spot
		elem expr
		fors []compFor
		end  string // the closing bracket
	}
)

// compFor is one for of a comprehension with its conditions.
type compFor struct {
	target target
	iter   expr
	conds  []expr
}

// arg is an argument of a call: x, name=x, *x (stars 1) or **x (stars 2).
type arg struct {
	name  string
	stars int
	x     expr
}

func argExprs(args []arg, more ...expr) []expr {
	for _, a := range args {
		more = append(more, a.x)
	}
	return more
}

func (x *constX) below() []expr   { return nil }
func (x *nameX) below() []expr    { return nil }
func (x *attrX) below() []expr    { return []expr{x.x} }
func (x *indexX) below() []expr   { return []expr{x.x, x.key} }
func (x *sliceX) below() []expr   { return []expr{x.lo, x.hi, x.step} }
func (x *callX) below() []expr    { return argExprs(x.args, x.fn) }
func (x *filterX) below() []expr  { return argExprs(x.args, x.x) }
func (x *testX) below() []expr    { return argExprs(x.args, x.x) }
func (x *notX) below() []expr     { return []expr{x.x} }
func (x *signX) below() []expr    { return []expr{x.x} }
func (x *boolX) below() []expr    { return []expr{x.l, x.r} }
func (x *binaryX) below() []expr  { return []expr{x.l, x.r} }
func (x *compareX) below() []expr { return append([]expr{x.first}, x.rest...) }
func (x *concatX) below() []expr  { return x.parts }
func (x *condX) below() []expr    { return []expr{x.test, x.then, x.els} }
func (x *listX) below() []expr    { return x.items }
func (x *dictX) below() []expr    { return append(append([]expr{}, x.keys...), x.values...) }

func (x *compX) below() []expr {
	out := []expr{x.elem}
	for _, f := range x.fors {
		out = append(append(out, f.iter), f.conds...)
	}
	return out
}

// target is what a for or set assigns to: a name, names in parentheses, or a
// field of a namespace.
type target struct {
	pos   int
	name  string
	field string
	tuple []target
}

// names appends the names that the target binds.
func (t target) names(out []string) []string {
	if t.tuple == nil {
		if t.field == "" {
			out = append(out, t.name)
		}
		return out
	}
	for _, sub := range t.tuple {
		out = sub.names(out)
	}
	return out
}

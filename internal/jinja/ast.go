package jinja

// expr is a parsed Jinja expression.
type expr interface {
	at() int    // offset in the source, for errors
	deep() int  // how deep it nests
	nodes() int // how many nodes it has, the price of one evaluation
}

// spot is the part that all expressions share.
type spot struct{ pos, depth, size int }

func (s spot) at() int    { return s.pos }
func (s spot) deep() int  { return s.depth }
func (s spot) nodes() int { return s.size }

// over is the spot of an expression above others.
func over(pos int, below ...expr) spot {
	s := spot{pos: pos, size: 1}
	for _, x := range below {
		if x != nil {
			s.depth = max(s.depth, x.deep())
			s.size += x.nodes()
		}
	}
	s.depth++
	return s
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
	attrX struct {
		spot
		x    expr
		name string
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
	// compX is [elem for target in iter if cond], or that in parentheses.
	compX struct {
		spot
		elem expr
		fors []compFor
		gen  bool
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

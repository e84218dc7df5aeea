package jinja

// survey notes the names that a template binds anywhere and those that it asks
// about with is defined, is undefined or default.
func survey(body []stmt, c *compiler) {
	for _, s := range body {
		switch s := s.(type) {
		case *outS:
			c.surveyExpr(s.x)
		case *ifS:
			c.surveyExpr(s.test)
			survey(s.then, c)
			survey(s.els, c)
		case *forS:
			c.surveyTarget(s.target)
			c.surveyExpr(s.iter, s.cond)
			survey(s.body, c)
			survey(s.els, c)
		case *setS:
			c.surveyTarget(s.target)
			c.surveyExpr(s.x)
		case *captureS:
			c.surveyTarget(s.target)
			c.surveyExpr(s.filter)
			survey(s.body, c)
		case *withS:
			for _, t := range s.targets {
				c.surveyTarget(t)
			}
			c.surveyExpr(s.values...)
			survey(s.body, c)
		}
	}
}

func (c *compiler) surveyTarget(t target) {
	for _, name := range t.names(nil) {
		c.bound[name] = true
	}
}

func (c *compiler) surveyExpr(xs ...expr) {
	for _, x := range xs {
		if x == nil {
			continue
		}
		if name, ok := asksAbout(x); ok {
			c.guarded[name] = true
		}
		if comp, ok := x.(*compX); ok {
			for _, f := range comp.fors {
				c.surveyTarget(f.target)
			}
		}
		c.surveyExpr(below(x)...)
	}
}

// asksAbout returns the name in: name is defined, name|default(...).
func asksAbout(x expr) (string, bool) {
	var of expr
	switch x := x.(type) {
	case *testX:
		if x.name == "defined" || x.name == "undefined" {
			of = x.x
		}
	case *filterX:
		if x.name == "default" || x.name == "d" {
			of = x.x
		}
	}
	n, ok := of.(*nameX)
	if !ok {
		return "", false
	}
	return n.name, true
}

// below lists the expressions right below one.
func below(x expr) []expr {
	switch x := x.(type) {
	case *attrX:
		return []expr{x.x}
	case *indexX:
		return []expr{x.x, x.key}
	case *sliceX:
		return []expr{x.lo, x.hi, x.step}
	case *callX:
		return append(argExprs(x.args), x.fn)
	case *filterX:
		return append(argExprs(x.args), x.x)
	case *testX:
		return append(argExprs(x.args), x.x)
	case *notX:
		return []expr{x.x}
	case *signX:
		return []expr{x.x}
	case *boolX:
		return []expr{x.l, x.r}
	case *binaryX:
		return []expr{x.l, x.r}
	case *compareX:
		return append([]expr{x.first}, x.rest...)
	case *concatX:
		return x.parts
	case *condX:
		return []expr{x.test, x.then, x.els}
	case *listX:
		return x.items
	case *dictX:
		return append(append([]expr{}, x.keys...), x.values...)
	case *compX:
		out := []expr{x.elem}
		for _, f := range x.fors {
			out = append(append(out, f.iter), f.conds...)
		}
		return out
	}
	return nil
}

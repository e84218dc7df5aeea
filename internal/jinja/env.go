package jinja

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/template"
)

// An Env holds the functions, filters, tests and methods that templates may
// use. It is immutable and safe for concurrent use.
type Env struct {
	host       map[string]*builtin // the host's, functions and filters at once
	functions  map[string]*builtin // Jinja's
	helpers    map[string]*builtin // Frappe's
	python     map[string]*builtin // Python's, in conditions
	golang     map[string]*builtin // text/template's, in Go templates
	filters    map[string]*builtin
	tests      map[string]*builtin
	docMethods map[string]*builtin
	methods    map[string]map[string]*builtin // by kind of the value
	stranger   *builtin                       // stands for what is unknown; nil when that is an error
}

// NewEnv returns an Env with the host's own functions, which are functions and
// filters in both languages and may replace a built-in. A function takes and
// returns what text/template allows; its panic is the template's error.
func NewEnv(funcs template.FuncMap) (*Env, error) {
	e := &Env{
		host:      map[string]*builtin{},
		functions: globals(),
		helpers:   helpers(),
		python:    pythonFunctions(),
		golang:    goFunctions(),
		filters: merge(textFilters(), listFilters(), orderFilters(), numberFilters(),
			encodingFilters(), chooserFilters()),
		tests:      newTests(),
		docMethods: newDocMethods(),
		methods: map[string]map[string]*builtin{
			"str": textMethods(), "dict": dictMethods(), "list": listMethods(), "tuple": tupleMethods(),
			"time": timeMethods(),
		},
	}
	for name, fn := range funcs {
		b, err := hostFunction(fn)
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", name, err)
		}
		e.host[name] = b
	}
	return e, nil
}

// LenientEnv returns an Env for templates whose host functions are not known
// yet. A function or filter that it does not know is no error, also where
// another filter is to apply it, as in map("x"); evaluating it is. All else is
// as strict as in any Env: names, methods, tests, syntax and the arguments of
// what is known.
func LenientEnv() *Env {
	e, _ := NewEnv(nil) // without functions there is nothing to refuse
	e.stranger = def("*args **kwargs", func(call) any { panic(failure{errors.New("not known here")}) })
	return e
}

func merge(all ...map[string]*builtin) map[string]*builtin {
	out := map[string]*builtin{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

func sortedNames(all ...map[string]*builtin) []string {
	return slices.Sorted(maps.Keys(merge(all...)))
}

// filter finds a filter; Frappe's helpers that take a value are filters too.
func (e *Env) filter(name string) (*builtin, bool) {
	for _, m := range []map[string]*builtin{e.host, e.filters} {
		if b, ok := m[name]; ok {
			return b, true
		}
	}
	b, ok := e.helpers[name]
	return b, ok && len(b.params) > 0
}

func (e *Env) filterNames() []string { return sortedNames(e.host, e.filters) }
func (e *Env) testNames() []string   { return sortedNames(e.tests) }

func (e *Env) isMethod(name string) bool {
	if slices.Contains([]string{"cycle", "changed"}, name) {
		return true
	}
	for _, m := range e.methods {
		if _, ok := m[name]; ok {
			return true
		}
	}
	_, ok := e.docMethods[name]
	return ok
}

func (e *Env) methodNames() []string {
	all := []map[string]*builtin{e.docMethods}
	for _, m := range e.methods {
		all = append(all, m)
	}
	return sortedNames(all...)
}

// function finds a function by its bare name.
func (c *compiler) function(name string) (*builtin, bool) {
	for _, m := range []map[string]*builtin{c.env.host, c.env.functions, c.env.helpers} {
		if b, ok := m[name]; ok {
			return b, true
		}
	}
	if !c.python {
		return nil, false
	}
	b, ok := c.env.python[name]
	return b, ok
}

func (c *compiler) functionNames() []string {
	if c.python {
		return sortedNames(c.env.host, c.env.functions, c.env.helpers, c.env.python)
	}
	return sortedNames(c.env.host, c.env.functions, c.env.helpers)
}

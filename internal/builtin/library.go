package builtin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/template"
)

type table = map[string]*Func

// A Library is all that templates may call. It is immutable and safe for
// concurrent use.
type Library struct {
	host       table // the host's, functions and filters at once
	functions  table // Jinja's
	helpers    table // Frappe's
	python     table // Python's, in conditions
	golang     table // text/template's, in Go templates
	filters    table
	tests      table
	docMethods table
	methods    map[string]table // by kind of the value
	stranger   *Func            // stands for what is unknown; nil when that is an error
}

// NewLibrary returns a Library with the host's own functions, which are
// functions and filters in both languages and may replace a built-in.
func NewLibrary(funcs template.FuncMap) (*Library, error) {
	l := &Library{
		host:      table{},
		functions: functions(),
		helpers:   helpers(),
		python:    pythonFunctions(),
		golang:    goFunctions(),
		filters: merge(textFilters(), listFilters(), orderFilters(), numberFilters(),
			encodingFilters(), chooserFilters()),
		tests:      newTests(),
		docMethods: newDocMethods(),
		methods: map[string]table{
			"str": textMethods(), "dict": dictMethods(), "list": listMethods(),
			"tuple": tupleMethods(), "time": timeMethods(), "number": numberMethods(),
			"engine": {"cycle": nil, "changed": nil, "next": nil, "reset": nil},
		},
	}
	for name, fn := range funcs {
		b, err := hostFunction(fn)
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", name, err)
		}
		l.host[name] = b
	}
	return l, nil
}

// Lenient returns a Library in which a function or filter that it does not know
// is no error; calling it is.
func Lenient() *Library {
	l, _ := NewLibrary(nil) // without functions there is nothing to refuse
	l.stranger = def("*args **kwargs", func(call) any {
		panic(Failure{errors.New("not known here")})
	})
	return l
}

func merge(all ...table) table {
	out := table{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// A Kind is what a name is looked up as.
type Kind int

// The kinds. A Condition's functions are Python's too; a GoFunction is any
// function, those of text/template first.
const (
	Function Kind = iota
	ConditionFunction
	GoFunction
	Filter
	Test
	Method
	DocMethod
)

func (k Kind) String() string {
	return [...]string{"function", "function", "function", "filter", "test", "method", "method"}[k]
}

// tables are those that a kind is looked up in, in order.
func (l *Library) tables(k Kind) []table {
	switch k {
	case ConditionFunction:
		return []table{l.host, l.functions, l.helpers, l.python}
	case GoFunction:
		return []table{l.host, l.golang, l.functions, l.helpers}
	case Filter:
		return []table{l.host, l.filters, l.helpers}
	case Test:
		return []table{l.tests}
	case Method:
		return append(slices.Collect(maps.Values(l.methods)), l.docMethods)
	case DocMethod:
		return []table{l.docMethods}
	}
	return []table{l.host, l.functions, l.helpers}
}

// Find returns what a name means, or nil. A helper of Frappe that takes no
// value is no filter. For a method, which several kinds of values may have, it
// returns one of theirs.
func (l *Library) Find(k Kind, name string) *Func {
	for _, t := range l.tables(k) {
		if f := t[name]; f != nil && (k != Filter || len(f.params) > 0) {
			return f
		}
	}
	return nil
}

// Replaced reports whether one of the names is the host's own.
func (l *Library) Replaced(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return l.host[name] != nil })
}

// FindOrStranger is Find, with what stands for the unknown in a lenient Library.
func (l *Library) FindOrStranger(k Kind, name string) *Func {
	if f := l.Find(k, name); f != nil {
		return f
	}
	return l.stranger
}

// Has reports whether a name is known: that of a method, for any kind of value.
func (l *Library) Has(k Kind, name string) bool {
	return slices.ContainsFunc(l.tables(k), func(t table) bool { _, ok := t[name]; return ok })
}

// Names lists the names of a kind.
func (l *Library) Names(k Kind) []string {
	return slices.Sorted(maps.Keys(merge(l.tables(k)...)))
}

const (
	onlyDocument = "templates see only the document"
	noAddress    = "the library does not know the address of the host; write it"
)

// leftOut are the functions, filters, tests and methods of Jinja2, Python and
// Frappe that this engine does not have, and what to do instead.
var leftOut = map[string]string{
	"contains":         "write part in text",
	"encode":           "text is text already",
	"exists":           onlyDocument,
	"generate_hash":    "a template gives the same body every time",
	"get_all":          onlyDocument,
	"get_cached_doc":   onlyDocument,
	"get_cached_value": onlyDocument,
	"get_doc":          onlyDocument,
	"get_formatted":    "write formatdate or fmt_money",
	"get_fullname":     onlyDocument,
	"get_last_doc":     onlyDocument,
	"get_link_to_form": noAddress,
	"get_list":         onlyDocument,
	"get_meta":         onlyDocument,
	"get_single_value": onlyDocument,
	"get_url":          noAddress,
	"get_url_to_form":  noAddress,
	"get_value":        onlyDocument,
	"is_new":           `write event.type == "after_insert"`,
	"lipsum":           "write the text",
	"money_in_words":   "spell the amount in the receiver",
	"quoted":           "values in a URL are encoded; elsewhere write urlencode",
	"random":           "a template gives the same body every time",
	"session":          "write event.user",
	"sql":              onlyDocument,
	"urlize":           "messages are not pages",
}

// Unknown says what is wrong with a name that is not known, and what to write
// instead.
func (l *Library) Unknown(k Kind, name string) (msg, hint string) {
	if hint, ok := leftOut[name]; ok {
		return fmt.Sprintf("%s %s is not supported", k, name), hint
	}
	return fmt.Sprintf("unknown %s %q", k, Clip(name)), DidYouMean(name, l.Names(k))
}

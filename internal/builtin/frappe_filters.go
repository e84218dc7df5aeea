package builtin

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// filterHelpers are compare and evaluate_filters, which know the operators of
// Frappe's list filters.
func filterHelpers() table {
	return table{
		"compare": def("val1 condition val2 fieldtype=none", func(c call) any {
			kind, _ := value.Text(c.a[3])
			op, _ := value.Text(c.a[1])
			return c.holds(c.cast(kind, c.a[0]), op, c.cast(kind, c.a[2]))
		}),
		"evaluate_filters": def("doc filters", evaluateFilters),
	}
}

// holds reports whether an operator of a filter holds; one that it does not know
// never does, as in Frappe (frappe/utils/data.py, operator_map).
func (c call) holds(a any, op string, b any) bool {
	switch op {
	case "^":
		s, _ := value.Text(a)
		return strings.HasPrefix(s, textOf(b))
	case "not None":
		return value.Truth(a)
	case "None":
		return !value.Truth(a)
	case "=":
		return c.Compare(Equal, a, b)
	case "!=", "<", "<=", ">", ">=", "in", "not in":
		return c.Compare(ComparisonOf(op), a, b)
	}
	return false
}

// cast makes a value that of a field of this type.
func (c call) cast(fieldtype string, v any) any {
	switch fieldtype {
	case "Currency", "Float", "Percent":
		return toFloat(v)
	case "Int", "Check":
		return cint(boolOf(v), int64(0))
	case "Data", "Text", "Small Text", "Long Text", "Text Editor", "Select", "Link", "Dynamic Link":
		return call{c.Run, []any{v}}.cstr(0)
	case "Date":
		return getDate(call{c.Run, []any{v, false}})
	case "Datetime":
		return getDatetime(call{c.Run, []any{v}})
	}
	return v
}

// evaluateFilters reports whether a document has all of {field: value},
// {field: [operator, value]}, or [[field, operator, value], ...].
func evaluateFilters(c call) any {
	var rows [][]any
	if value.IsMapping(c.a[1]) {
		for _, e := range entries(c.a[1]) {
			row := []any{e.Key, "=", e.Value}
			if value.IsSequence(e.Value) {
				row = append([]any{e.Key}, c.Items(e.Value)...)
			}
			rows = append(rows, row)
		}
	} else {
		for _, row := range c.list(1) {
			rows = append(rows, c.Items(row))
		}
	}
	for _, row := range rows {
		if len(row) >= 4 { // the document type comes first
			row = row[1:4]
		}
		if len(row) != 3 {
			refuse("a filter is a field, an operator and a value")
		}
		field, _ := c.member(row[0])
		if op, _ := value.Text(row[1]); !c.holds(field, op, row[2]) {
			return false
		}
	}
	return true
}

// rowsOf are the rows of a table that have all of {field: value}, {field:
// [operator, value]}, {field: "^beginning"}, and {field: true} for any value.
func (c call) rowsOf(rows []any, filters []value.Entry, most int) any {
	var out []any
	for _, row := range rows {
		if len(out) == most {
			break
		}
		if c.passes(row, filters) {
			out = append(out, row)
		}
	}
	return c.newList(out)
}

func (c call) passes(row any, filters []value.Entry) bool {
	for _, f := range filters {
		c.Tick(1)
		v, _, err := value.Lookup(row, f.Key)
		Check(err)
		if op, want := filterOf(f.Value); !c.holds(v, op, want) {
			return false
		}
	}
	return true
}

// filterOf reads the operator and the value of a filter.
func filterOf(v any) (op string, want any) {
	if pair, err := value.Items(v); err == nil && value.IsSequence(v) && len(pair) == 2 {
		op, _ = value.Text(pair[0])
		return op, pair[1]
	}
	s, _ := value.Text(v)
	switch {
	case v == true:
		return "not None", v
	case v == false:
		return "None", v
	case strings.HasPrefix(s, "^"):
		return "^", s[1:]
	}
	return "=", v
}

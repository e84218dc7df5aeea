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
		field := getMember(call{c.Run, []any{c.a[0], row[0], nil}})
		if op, _ := value.Text(row[1]); !c.holds(field, op, row[2]) {
			return false
		}
	}
	return true
}

package jinja

// leftOut are the functions, filters, tests and methods of Jinja2, Python and
// Frappe that this engine does not have, and what to do instead.
var leftOut = map[string]string{
	"cycler":         "use loop.cycle",
	"encode":         "text is text already",
	"expandtabs":     "use replace",
	"generate_hash":  "a template gives the same body every time",
	"get_fullname":   "templates see only the document",
	"get_url":        "the library does not know the address of the host; write it",
	"joiner":         "use loop.first or join",
	"lipsum":         "write the text",
	"money_in_words": "spell the amount in the receiver",
	"pprint":         "use tojson(2)",
	"random":         "a template gives the same body every time",
	"rpartition":     "use rsplit",
	"urlize":         "messages are not pages",
	"wordwrap":       "let the receiver wrap",
	"xmlattr":        "use a for over the items",
}

// unknown refuses what no name known is: as left out, or with the nearest one.
func unknown(pos int, kind, name string, known []string) *located {
	if hint, ok := leftOut[name]; ok {
		return fail(pos, "%s %s is not supported", kind, name).with(hint)
	}
	return fail(pos, "unknown %s %q", kind, clip(name)).with(didYouMean(name, known))
}

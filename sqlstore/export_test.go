package sqlstore

// KindOf says as what kind of fault a dialect sees an error.
func KindOf(name Dialect, err error) string {
	d, _ := dialectOf(name)
	switch {
	case d.transient(err):
		return "transient"
	case d.noTable(err):
		return "no table"
	case d.full(err):
		return "full"
	}
	return ""
}

package value

import "time"

// layouts are the spellings of a time that Frappe, RFC 3339 and databases use.
// A fraction of a second is accepted after each that has seconds.
var layouts = [...]string{
	time.DateOnly,
	time.DateTime,
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
}

// ParseTime reads a date or a time. A text without a zone is in loc. The second
// result reports whether the text has a time of day.
func ParseTime(s string, loc *time.Location) (t time.Time, clock, ok bool) {
	if len(s) < len(time.DateOnly) || len(s) > 40 || s[4] != '-' {
		return time.Time{}, false, false
	}
	for i, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, i > 0, true
		}
	}
	return time.Time{}, false, false
}

// TimeOf reads a time or a date.
func TimeOf(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case Date:
		return v.Time, true
	}
	return time.Time{}, false
}

// compareTimes compares when one side is a time and the other one too, or text
// that spells one, read in the zone of the first. A date and a time compare by
// the date's midnight.
func compareTimes(a, b any) (int, bool) {
	t, aTime := TimeOf(a)
	u, bTime := TimeOf(b)
	switch {
	case aTime && bTime:
		if _, day := a.(Date); day {
			t = midnightIn(t, u.Location())
		} else if _, day := b.(Date); day {
			u = midnightIn(u, t.Location())
		}
	case aTime:
		s, ok := Text(b)
		if !ok {
			return 0, false
		}
		if u, _, ok = ParseTime(s, t.Location()); !ok {
			return 0, false
		}
	case bTime:
		s, ok := Text(a)
		if !ok {
			return 0, false
		}
		if t, _, ok = ParseTime(s, u.Location()); !ok {
			return 0, false
		}
	default:
		return 0, false
	}
	return t.Compare(u), true
}

func midnightIn(day time.Time, loc *time.Location) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc)
}

package builtin

import (
	"fmt"
	"strings"
	"time"
)

// A dateField is a field of a date pattern, of a letter that stands n times.
type dateField func(t time.Time, n int) string

// dateFields are the fields of Unicode's date patterns that dates and times of
// day have.
var dateFields = map[byte]dateField{
	'y': func(t time.Time, n int) string {
		if n == 2 {
			return t.Format("06")
		}
		return fmt.Sprintf("%0*d", n, t.Year())
	},
	'Q': quarterField,
	'q': quarterField,
	'M': monthField,
	'L': monthField,
	'd': digitsOf(time.Time.Day),
	'D': digitsOf(time.Time.YearDay),
	'E': func(t time.Time, n int) string { return calendarName(t.Weekday(), n) },
	'H': digitsOf(time.Time.Hour),
	'h': digitsOf(func(t time.Time) int { return (t.Hour()+11)%12 + 1 }),
	'K': digitsOf(func(t time.Time) int { return t.Hour() % 12 }),
	'k': digitsOf(func(t time.Time) int { return (t.Hour()+23)%24 + 1 }),
	'm': digitsOf(time.Time.Minute),
	's': digitsOf(time.Time.Second),
	'S': func(t time.Time, n int) string {
		return (fmt.Sprintf("%09d", t.Nanosecond()) + strings.Repeat("0", n))[:n]
	},
	'a': func(t time.Time, _ int) string { return t.Format("PM") },
}

// digitsOf is a field of at least as many digits as its letter stands.
func digitsOf(part func(time.Time) int) dateField {
	return func(t time.Time, n int) string { return fmt.Sprintf("%0*d", n, part(t)) }
}

func monthField(t time.Time, n int) string {
	if n > 2 {
		return calendarName(t.Month(), n)
	}
	return fmt.Sprintf("%0*d", n, t.Month())
}

func quarterField(t time.Time, n int) string {
	quarter := (int(t.Month())-1)/3 + 1
	switch n {
	case 3:
		return fmt.Sprintf("Q%d", quarter)
	case 4:
		return [...]string{"1st", "2nd", "3rd", "4th"}[quarter-1] + " quarter"
	}
	return fmt.Sprintf("%0*d", n, quarter)
}

// calendarName is the name of a month or day: in three letters, whole, or the
// first letter.
func calendarName(name fmt.Stringer, n int) string {
	s := name.String()
	switch {
	case n < 4:
		return s[:3]
	case n == 4:
		return s
	}
	return s[:1]
}

// datePattern writes a time by a pattern such as dd-MM-yyyy. What stands in
// quotes, and what is no field, is text.
func datePattern(t time.Time, p string) string {
	var out strings.Builder
	for p != "" {
		if p[0] == '\'' {
			text, rest := quotedText(p)
			out.WriteString(text)
			p = rest
			continue
		}
		n := 1
		for n < len(p) && p[n] == p[0] {
			n++
		}
		if field := dateFields[p[0]]; field != nil {
			out.WriteString(field(t, n))
		} else {
			out.WriteString(p[:n])
		}
		p = p[n:]
	}
	return out.String()
}

// quotedText cuts the quoted text that p begins with; two quotes are one.
func quotedText(p string) (text, rest string) {
	if strings.HasPrefix(p, "''") {
		return "'", p[2:]
	}
	text, rest, _ = strings.Cut(p[1:], "'")
	return text, rest
}

package builtin

import (
	"strings"
	"time"

	"github.com/docevent/webhook/internal/value"
)

func timeMethods() table {
	onTime := func(fn func(t time.Time) any) *Func {
		return def("self", func(c call) any { return fn(c.moment()) })
	}
	return table{
		"date":       onTime(func(t time.Time) any { return value.Date{Time: midnight(t)} }),
		"weekday":    onTime(func(t time.Time) any { return int64(t.Weekday()+6) % 7 }),
		"isoweekday": onTime(func(t time.Time) any { return int64(t.Weekday()+6)%7 + 1 }),
		"replace": def("self year=none month=none day=none hour=none minute=none "+
			"second=none microsecond=none", replaceFields),
		"isoformat": def("self", func(c call) any {
			if d, ok := c.a[0].(value.Date); ok {
				return d.Time.Format(time.DateOnly)
			}
			return c.moment().Format("2006-01-02T15:04:05.999999Z07:00")
		}),
		"total_seconds": def("self", func(c call) any {
			d, ok := c.a[0].(time.Duration)
			if !ok {
				refuse("only a duration has seconds")
			}
			return d.Seconds()
		}),
		"strftime": def("self format", func(c call) any {
			c.Grow(len(c.text(1)) * 8)
			return strftime(c.moment(), c.text(1))
		}),
	}
}

// replaceFields is date.replace and datetime.replace.
func replaceFields(c call) any {
	t := c.moment()
	fields := [...]int{
		t.Year(), int(t.Month()), t.Day(),
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1000,
	}
	want := fields
	for i := range fields {
		if c.a[i+1] != nil {
			want[i] = c.int(i + 1)
		}
	}
	out := time.Date(want[0], time.Month(want[1]), want[2],
		want[3], want[4], want[5], want[6]*1000, t.Location())
	if out.Year() != want[0] || want[0] < 1 || want[0] > 9999 ||
		int(out.Month()) != want[1] || out.Day() != want[2] ||
		out.Hour() != want[3] || out.Minute() != want[4] || out.Second() != want[5] {
		refuse("there is no such time")
	}
	if _, day := c.a[0].(value.Date); day {
		return value.Date{Time: midnight(out)}
	}
	return out
}

// moment is the time or date that a method is called of.
func (c call) moment() time.Time {
	t, ok := value.TimeOf(c.a[0])
	if !ok {
		refuse("a duration has no such method")
	}
	return t
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// strftimeLayouts are the directives that Go's layouts can spell.
var strftimeLayouts = map[byte]string{
	'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'j': "002",
	'B': "January", 'b': "Jan", 'A': "Monday", 'a': "Mon",
	'p': "PM", 'I': "03", 'z': "-0700", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'f': ".000000",
}

func strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := strftimeLayouts[format[i]]; {
		case ok:
			b.WriteString(strings.TrimPrefix(t.Format(layout), "."))
		case format[i] == '%':
			b.WriteByte('%')
		default:
			b.WriteString(format[i-1 : i+1])
		}
	}
	return b.String()
}

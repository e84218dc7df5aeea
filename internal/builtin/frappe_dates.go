package builtin

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/docevent/webhook/internal/value"
)

const (
	frappeTime = "2006-01-02 15:04:05.000000"
	clockTime  = "15:04:05.000000"
)

func dateHelpers() table {
	now := func(layout string) *Func {
		return def("", func(c call) any { return c.Clock().Format(layout) })
	}
	shift := func(name string, months, days int) *Func {
		return def("date "+name, func(c call) any {
			by := intOf(cint(c.a[1], int64(0)))
			if by < -400_000 || by > 400_000 {
				refuse("date is out of range")
			}
			return c.shift(months*by, days*by, 0)
		})
	}
	edge := func(fn func(m time.Month) (time.Month, int)) *Func {
		return def("dt as_str=false", func(c call) any {
			t := c.day(0)
			month, day := fn(t.Month())
			return c.dayOf(time.Date(t.Year(), month, day, 0, 0, 0, 0, t.Location()), 1)
		})
	}
	format := func(layout string) *Func {
		return def("date=none", func(c call) any { return c.time(0).Format(layout) })
	}
	diff := func(read func(call, int) time.Time, fn func(t, u time.Time) any) *Func {
		return def("string_ed_date string_st_date", func(c call) any {
			return fn(read(c, 0), read(c, 1))
		})
	}
	days := diff(call.day, func(t, u time.Time) any { return dayNumber(t) - dayNumber(u) })
	date := def("string_date=none format_string=none", formatDate)
	return table{
		"nowdate":      now(time.DateOnly),
		"today":        now(time.DateOnly),
		"now":          now(frappeTime),
		"nowtime":      now(clockTime),
		"now_datetime": def("", func(c call) any { return c.Clock() }),
		"getdate":      def("string_date=none parse_day_first=false", getDate),
		"get_datetime": def("datetime_str=none", getDatetime),

		"get_datetime_str": format(frappeTime),
		"get_date_str":     format(time.DateOnly),
		"get_time_str":     def("timedelta_obj", getTimeStr),
		"get_weekday":      format("Monday"),

		"add_days":    shift("days", 0, 1),
		"add_months":  shift("months", 1, 0),
		"add_years":   shift("years", 12, 0),
		"add_to_date": def(addToDateSignature, addToDate),

		"date_diff": days,
		"days_diff": days,
		"month_diff": diff(call.day, func(t, u time.Time) any {
			return int64((t.Year()-u.Year())*12 + int(t.Month()-u.Month()) + 1)
		}),
		"time_diff": diff(call.time, func(t, u time.Time) any { return t.Sub(u) }),

		"time_diff_in_seconds": diff(call.time, func(t, u time.Time) any {
			return t.Sub(u).Seconds()
		}),
		"time_diff_in_hours": diff(call.time, func(t, u time.Time) any {
			return roundTo(t.Sub(u).Hours(), 6)
		}),

		"get_first_day": def("dt d_years=0 d_months=0 as_str=false", firstDay),
		"get_last_day":  edge(func(m time.Month) (time.Month, int) { return m + 1, 0 }),
		"get_first_day_of_week": def("dt as_str=false", func(c call) any {
			t := c.day(0)
			return c.dayOf(t.AddDate(0, 0, -int(t.Weekday())), 1)
		}),
		"get_last_day_of_week": def("dt", func(c call) any {
			t := c.day(0)
			return value.Date{Time: t.AddDate(0, 0, 6-int(t.Weekday()))}
		}),
		"get_year_start":  edge(func(time.Month) (time.Month, int) { return 1, 1 }),
		"get_year_ending": edge(func(time.Month) (time.Month, int) { return 12, 31 }),
		"get_quarter_start": edge(func(m time.Month) (time.Month, int) {
			return (m-1)/3*3 + 1, 1
		}),
		"get_quarter_ending": edge(func(m time.Month) (time.Month, int) {
			return (m-1)/3*3 + 4, 0
		}),

		"formatdate":         date,
		"format_date":        date,
		"global_date_format": def("date format='long'", formatDate),
		"format_time": def("time_string=none format_string=none", func(c call) any {
			if !value.Truth(c.a[0]) {
				return ""
			}
			c.a[0] = c.timeOfDay()
			if p, ok := value.Text(c.a[1]); ok {
				c.a[1] = cmp.Or(clockFormats[p], p)
			}
			return c.layout("HH:mm:ss")
		}),
		"format_datetime": def("datetime_string format_string=none", func(c call) any {
			if !value.Truth(c.a[0]) {
				return nil
			}
			if p, ok := value.Text(c.a[1]); ok && clockFormats[p] != "" {
				c.a[1] = dateFormats[p] + ", " + clockFormats[p]
			}
			return c.layout("yyyy-MM-dd HH:mm:ss")
		}),
	}
}

// time reads a time from an argument that spells one; None is now.
func (c call) time(i int) time.Time {
	if c.a[i] == nil {
		return c.Clock()
	}
	if t, ok := value.TimeOf(c.a[i]); ok {
		return t
	}
	s, ok := value.Text(c.a[i])
	if !ok {
		mistyped("needs a date, not %s", c.a[i])
	}
	t, _, ok := value.ParseTime(s, c.Clock().Location())
	if !ok {
		return c.looseDate(s, false)
	}
	return t
}

// looseDates are other spellings of a day, those with the month first before
// those with the day first.
var looseDates = [...]string{
	"2006-1-2", "2006/1/2", "20060102", "1-2-2006", "1/2/2006", "1.2.2006",
	"2-1-2006", "2/1/2006", "2.1.2006",
	"Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "2 January 2006",
}

// looseDate reads a day that a person has spelled. Of 10-06-2024 the month comes
// first where it can, unless dayFirst says otherwise.
func (c call) looseDate(s string, dayFirst bool) time.Time {
	for _, layout := range looseDates {
		if dayFirst && layout[0] == '1' {
			continue
		}
		if t, err := time.ParseInLocation(layout, s, c.Clock().Location()); err == nil {
			return t
		}
	}
	refuse("text is no date; write it as 2006-01-02 or 2006-01-02 15:04:05")
	return time.Time{}
}

// day reads the day of a date; one that is empty is today.
func (c call) day(i int) time.Time {
	if s, ok := value.Text(c.a[i]); ok && s == "" {
		return c.Clock()
	}
	return c.time(i)
}

// dayOf is a date, or its text if argument i says so.
func (c call) dayOf(t time.Time, i int) any {
	if c.truth(i) {
		return t.Format(time.DateOnly)
	}
	return value.Date{Time: t}
}

// standsForNone reports whether text spells one of the dates that databases have
// for none.
func standsForNone(v any) bool {
	s, _ := value.Text(v)
	return strings.HasPrefix(s, "0001-01-01") || strings.HasPrefix(s, "0000-00-00")
}

func getDate(c call) any {
	if standsForNone(c.a[0]) {
		return nil
	}
	if s, ok := value.Text(c.a[0]); ok && c.truth(1) {
		if _, _, iso := value.ParseTime(s, c.Clock().Location()); !iso {
			return value.Date{Time: c.looseDate(s, true)}
		}
	}
	return value.Date{Time: midnight(c.day(0))}
}

// getDatetime is None for text that says nothing, where getdate is today.
func getDatetime(c call) any {
	if s, ok := value.Text(c.a[0]); ok && s == "" || standsForNone(c.a[0]) {
		return nil
	}
	return c.time(0)
}

func firstDay(c call) any {
	t := c.day(0)
	year, month := t.Year()+c.int(1), t.Month()+time.Month(c.int(2))
	first := time.Date(year, month, 1, 0, 0, 0, 0, t.Location())
	if y := first.Year(); y < 1 || y > 9999 {
		refuse("date is out of range")
	}
	return c.dayOf(first, 3)
}

// timeOfDay reads a time, of which the day does not count: Frappe's documents
// spell times of day without one.
func (c call) timeOfDay() time.Time {
	if s, text := value.Text(c.a[0]); text && !strings.Contains(s, "-") {
		c.a[0] = "2006-01-02 " + s
	}
	return c.time(0)
}

// getTimeStr spells the time of day without zeros in front, as Frappe does:
// 9:5:0.
func getTimeStr(c call) any {
	d, ok := c.a[0].(time.Duration)
	if !ok {
		t := c.timeOfDay()
		d = t.Sub(midnight(t))
	}
	const day = 24 * time.Hour
	d = (d%day + day) % day
	return fmt.Sprintf("%d:%d:%d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
}

// shift moves the date of the first argument and gives it back as the kind it
// came as.
func (c call) shift(months, days int, d time.Duration) any {
	moved := addMonths(c.time(0), months).AddDate(0, 0, days).Add(d)
	if y := moved.Year(); y < 1 || y > 9999 {
		refuse("date is out of range")
	}
	switch v := c.a[0].(type) {
	case value.Date:
		if d == 0 {
			return value.Date{Time: moved}
		}
	case string:
		if len(v) <= len(time.DateOnly) && d == 0 {
			return moved.Format(time.DateOnly)
		}
		return moved.Format(frappeTime)
	}
	return moved
}

// addMonths keeps the day of the month where the month has it.
func addMonths(t time.Time, n int) time.Time {
	h, m, s := t.Clock()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, h, m, s, t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

const addToDateSignature = "date years=0 months=0 weeks=0 days=0 hours=0 minutes=0 seconds=0 " +
	"as_string=false as_datetime=false"

func addToDate(c call) any {
	var n [8]int
	for i := 1; i < len(n); i++ {
		if n[i] = c.int(i); n[i] < -10_000_000 || n[i] > 10_000_000 {
			refuse("date is out of range")
		}
	}
	d := time.Duration(n[5])*time.Hour + time.Duration(n[6])*time.Minute +
		time.Duration(n[7])*time.Second
	v := c.shift(12*n[1]+n[2], 7*n[3]+n[4], d)
	t, ok := value.TimeOf(v)
	switch {
	case !ok || !c.truth(8):
		return v
	case c.truth(9):
		return t.Format(frappeTime)
	}
	return t.Format(time.DateOnly)
}

func dayNumber(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}

// dateFormats and clockFormats are those that have a name.
var (
	dateFormats = map[string]string{
		"short": "M/d/yy", "medium": "MMM d, yyyy",
		"long": "MMMM d, yyyy", "full": "EEEE, MMMM d, yyyy",
	}
	clockFormats = map[string]string{"short": "h:mm a", "medium": "h:mm:ss a"}
)

// formatDate is frappe.utils.formatdate: a date has no minutes, so that mm is the
// month too.
func formatDate(c call) any {
	if s, ok := value.Text(c.a[0]); c.a[0] == nil || ok && s == "" {
		return ""
	}
	if p, ok := value.Text(c.a[1]); ok {
		c.Grow(8 * len(p))
		c.a[1] = cmp.Or(dateFormats[p], strings.NewReplacer("mm", "MM", "Y", "y").Replace(p))
	}
	return c.layout("yyyy-MM-dd")
}

// layout formats the first argument by the pattern of the second, such as
// dd-MM-yyyy.
func (c call) layout(fallback string) any {
	t := c.time(0)
	p, ok := value.Text(c.a[1])
	if !ok || p == "" {
		p = fallback
	}
	c.Grow(8 * len(p))
	return datePattern(t, p)
}

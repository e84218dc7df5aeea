package jinja

import (
	"errors"
	"time"

	"github.com/docevent/webhook/internal/value"
)

const (
	frappeTime = "2006-01-02 15:04:05.000000"
	clockTime  = "15:04:05.000000"
)

func dateHelpers() map[string]*builtin {
	nowdate := def("", func(r *run, _ []any) (any, error) { return r.s.now().Format(time.DateOnly), nil })
	shift := func(name string, years, months, days int) *builtin {
		return def("date "+name, func(r *run, a []any) (any, error) {
			n, err := cint(r, []any{a[1], int64(0)})
			if err != nil {
				return nil, err
			}
			by, err := intArg(n)
			if err != nil || by < -400_000 || by > 400_000 {
				return nil, errors.New("date is out of range")
			}
			return r.shift(a[0], years*by, months*by, days*by, 0)
		})
	}
	edge := func(fn func(t time.Time) time.Time) *builtin {
		return def("dt as_str=false", func(r *run, a []any) (any, error) {
			t, err := r.time(a[0])
			if err != nil {
				return nil, err
			}
			if day := fn(t); value.Truth(a[1]) {
				return day.Format(time.DateOnly), nil
			} else {
				return value.Date{Time: day}, nil
			}
		})
	}
	return map[string]*builtin{
		"nowdate":      nowdate,
		"today":        nowdate,
		"now":          def("", func(r *run, _ []any) (any, error) { return r.s.now().Format(frappeTime), nil }),
		"nowtime":      def("", func(r *run, _ []any) (any, error) { return r.s.now().Format(clockTime), nil }),
		"now_datetime": def("", func(r *run, _ []any) (any, error) { return r.s.now(), nil }),
		"getdate":      def("string_date=none parse_day_first=false", getDate),
		"get_datetime": def("datetime_str=none", func(r *run, a []any) (any, error) {
			if a[0] == nil {
				return r.s.now(), nil
			}
			return r.time(a[0])
		}),
		"get_datetime_str": def("datetime_obj", func(r *run, a []any) (any, error) { return r.formatted(a[0], frappeTime) }),
		"get_date_str":     def("date_obj=none", func(r *run, a []any) (any, error) { return r.formatted(a[0], time.DateOnly) }),
		"get_time_str":     def("timedelta_obj=none", func(r *run, a []any) (any, error) { return r.formatted(a[0], clockTime) }),
		"get_timestamp": def("date=none", func(r *run, a []any) (any, error) {
			t, err := r.time(a[0])
			return float64(t.Unix()), err
		}),
		"add_days":    shift("days", 0, 0, 1),
		"add_months":  shift("months", 0, 1, 0),
		"add_years":   shift("years", 1, 0, 0),
		"add_to_date": def("date years=0 months=0 weeks=0 days=0 hours=0 minutes=0 seconds=0 as_string=false as_datetime=false", addToDate),
		"date_diff":   def("string_ed_date string_st_date", func(r *run, a []any) (any, error) { return r.dayDiff(a[0], a[1]) }),
		"days_diff":   def("string_ed_date string_st_date", func(r *run, a []any) (any, error) { return r.dayDiff(a[0], a[1]) }),
		"month_diff":  def("string_ed_date string_st_date", monthDiff),
		"time_diff":   def("string_ed_date string_st_date", func(r *run, a []any) (any, error) { return r.timeDiff(a[0], a[1]) }),
		"time_diff_in_seconds": def("string_ed_date string_st_date", func(r *run, a []any) (any, error) {
			d, err := r.timeDiff(a[0], a[1])
			return d.Seconds(), err
		}),
		"time_diff_in_hours": def("string_ed_date string_st_date", func(r *run, a []any) (any, error) {
			d, err := r.timeDiff(a[0], a[1])
			if err != nil {
				return nil, err
			}
			return roundTo(d.Hours(), 6)
		}),
		"get_first_day":      edge(func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()) }),
		"get_last_day":       edge(func(t time.Time) time.Time { return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, t.Location()) }),
		"get_year_start":     edge(func(t time.Time) time.Time { return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location()) }),
		"get_year_ending":    edge(func(t time.Time) time.Time { return time.Date(t.Year(), 12, 31, 0, 0, 0, 0, t.Location()) }),
		"get_quarter_start":  edge(func(t time.Time) time.Time { return quarter(t, 0, 1) }),
		"get_quarter_ending": edge(func(t time.Time) time.Time { return quarter(t, 3, 0) }),
		"get_weekday": def("datetime=none", func(r *run, a []any) (any, error) {
			t, err := r.time(a[0])
			return t.Weekday().String(), err
		}),
		"formatdate":         def("string_date=none format_string=none", formatDate),
		"format_date":        def("string_date=none format_string=none", formatDate),
		"format_datetime":    def("datetime_string format_string=none", func(r *run, a []any) (any, error) { return r.layout(a[0], a[1], "dd-MM-yyyy HH:mm:ss") }),
		"global_date_format": def("date", func(r *run, a []any) (any, error) { return r.formatted(a[0], "02 January 2006") }),
	}
}

func quarter(t time.Time, months, day int) time.Time {
	first := (int(t.Month())-1)/3*3 + 1
	return time.Date(t.Year(), time.Month(first+months), day, 0, 0, 0, 0, t.Location())
}

// asTime reads a time or a date that is one already.
func asTime(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case value.Date:
		return v.Time, true
	}
	return time.Time{}, false
}

// time reads a time from anything that spells one; None is now.
func (r *run) time(v any) (time.Time, error) {
	if v == nil {
		return r.s.now(), nil
	}
	if t, ok := asTime(v); ok {
		return t, nil
	}
	if s, ok := value.Text(v); ok {
		if t, _, ok := value.ParseTime(s, r.s.now().Location()); ok {
			return t, nil
		}
		return time.Time{}, errors.New("text is no date; write it as 2006-01-02 or 2006-01-02 15:04:05")
	}
	return time.Time{}, typeError("needs a date, not %s", v)
}

// getDate is None for text that says nothing, as in Frappe.
func getDate(r *run, a []any) (any, error) {
	if s, ok := value.Text(a[0]); ok && (s == "" || s == "0001-01-01") {
		return nil, nil
	}
	t, err := r.time(a[0])
	if err != nil {
		return nil, err
	}
	return value.Date{Time: midnight(t)}, nil
}

func (r *run) formatted(v any, layout string) (any, error) {
	t, err := r.time(v)
	if err != nil {
		return nil, err
	}
	return t.Format(layout), nil
}

// shift moves a date and gives it back as the kind it came as.
func (r *run) shift(v any, years, months, days int, d time.Duration) (any, error) {
	t, err := r.time(v)
	if err != nil {
		return nil, err
	}
	moved := addMonths(t, 12*years+months).AddDate(0, 0, days).Add(d)
	if y := moved.Year(); y < 1 || y > 9999 {
		return nil, errors.New("date is out of range")
	}
	switch v := v.(type) {
	case value.Date:
		if d == 0 {
			return value.Date{Time: moved}, nil
		}
	case string:
		if len(v) <= len(time.DateOnly) && d == 0 {
			return moved.Format(time.DateOnly), nil
		}
		return moved.Format(frappeTime), nil
	}
	return moved, nil
}

// addMonths keeps the day of the month where the month has it.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func addToDate(r *run, a []any) (any, error) {
	var n [7]int
	for i := range n {
		x, err := intArg(a[i+1])
		if err != nil || x < -10_000_000 || x > 10_000_000 {
			return nil, errors.New("date is out of range")
		}
		n[i] = x
	}
	d := time.Duration(n[4])*time.Hour + time.Duration(n[5])*time.Minute + time.Duration(n[6])*time.Second
	v, err := r.shift(a[0], n[0], n[1], 7*n[2]+n[3], d)
	if err != nil {
		return nil, err
	}
	if t, ok := asTime(v); ok && value.Truth(a[8]) {
		if value.Truth(a[9]) {
			return t.Format(frappeTime), nil
		}
		return t.Format(time.DateOnly), nil
	}
	return v, nil
}

func (r *run) dayDiff(a, b any) (any, error) {
	t, err := r.time(a)
	if err != nil {
		return nil, err
	}
	u, err := r.time(b)
	if err != nil {
		return nil, err
	}
	return dayNumber(t) - dayNumber(u), nil
}

func dayNumber(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}

func monthDiff(r *run, a []any) (any, error) {
	t, err := r.time(a[0])
	if err != nil {
		return nil, err
	}
	u, err := r.time(a[1])
	return int64((t.Year()-u.Year())*12 + int(t.Month()) - int(u.Month()) + 1), err
}

func (r *run) timeDiff(a, b any) (time.Duration, error) {
	t, err := r.time(a)
	if err != nil {
		return 0, err
	}
	u, err := r.time(b)
	return t.Sub(u), err
}

func formatDate(r *run, a []any) (any, error) {
	if s, ok := value.Text(a[0]); a[0] == nil || ok && s == "" {
		return "", nil
	}
	return r.layout(a[0], a[1], "dd-MM-yyyy")
}

// dateFields are the fields of Unicode date patterns, longest first.
var dateFields = [...]struct{ field, layout string }{
	{"yyyy", "2006"}, {"yy", "06"}, {"y", "2006"}, {"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"},
	{"dd", "02"}, {"d", "2"}, {"HH", "15"}, {"hh", "03"}, {"mm", "04"}, {"ss", "05"}, {"EEEE", "Monday"}, {"EEE", "Mon"}, {"a", "PM"},
}

// layout formats by a Unicode date pattern such as dd-MM-yyyy.
func (r *run) layout(v, pattern any, fallback string) (any, error) {
	t, err := r.time(v)
	if err != nil {
		return nil, err
	}
	p, ok := value.Text(pattern)
	if !ok || p == "" {
		p = fallback
	}
	if err := r.grow(8 * len(p)); err != nil {
		return nil, err
	}
	var out []byte
next:
	for p != "" {
		for _, f := range dateFields {
			if len(p) >= len(f.field) && p[:len(f.field)] == f.field {
				out = t.AppendFormat(out, f.layout)
				p = p[len(f.field):]
				continue next
			}
		}
		out, p = append(out, p[0]), p[1:]
	}
	return string(out), nil
}

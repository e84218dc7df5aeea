package builtin

import (
	"fmt"
	"strings"
	"time"

	"github.com/docevent/webhook/internal/value"
)

// wordHelpers write spans of time, and names, in short words.
func wordHelpers() table {
	return table{
		"format_duration": def("seconds hide_days=false", formatDuration),
		"pretty_date":     def("iso_datetime", prettyDate),
		"get_abbr":        def("string max_len=2", abbreviation),
	}
}

// formatDuration spells seconds as 1d 2h 3m 4s, without the parts that are zero.
func formatDuration(c call) any {
	seconds, ok := value.Int64(cint(c.a[0], int64(0)))
	if !ok {
		mistyped("needs seconds, not %s", c.a[0])
	}
	hours, day := seconds, int64(24*60*60)
	var parts []string
	add := func(n int64, unit string) {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, unit))
		}
	}
	if !c.truth(1) {
		add(floorDiv(seconds, day), "d")
		hours -= floorDiv(seconds, day) * day
	}
	add(floorDiv(hours, 60*60), "h")
	add(floorDiv(seconds, 60)-floorDiv(seconds, 60*60)*60, "m")
	add(seconds-floorDiv(seconds, 60)*60, "s")
	return strings.Join(parts, " ")
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return (a+1)/b - 1
	}
	return a / b
}

// prettyDate says how long ago a time was.
func prettyDate(c call) any {
	if !value.Truth(c.a[0]) {
		return ""
	}
	ago := c.Clock().Sub(c.time(0))
	days := int(ago / (24 * time.Hour))
	switch {
	case ago < time.Minute:
		return "just now"
	case ago < 2*time.Minute:
		return "1 minute ago"
	case ago < time.Hour:
		return fmt.Sprintf("%d minutes ago", ago/time.Minute)
	case ago < 2*time.Hour:
		return "1 hour ago"
	case days < 1:
		return fmt.Sprintf("%d hours ago", ago/time.Hour)
	case days == 1:
		return "Yesterday"
	case days < 7:
		return fmt.Sprintf("%d days ago", days)
	case days < 14:
		return "1 week ago"
	case days < 31:
		return fmt.Sprintf("%d weeks ago", days/7)
	case days < 61:
		return "1 month ago"
	case days < 365:
		return fmt.Sprintf("%d months ago", days/30)
	case days < 730:
		return "1 year ago"
	}
	return fmt.Sprintf("%d years ago", days/365)
}

// abbreviation is the first letters of the words of a name.
func abbreviation(c call) any {
	var b builder
	n := c.int(1)
	for word := range strings.SplitSeq(c.text(0), " ") {
		if word != "" && n > 0 {
			b.add(cut(word, 1))
			n--
		}
	}
	if b.Len() == 0 {
		return "?"
	}
	return b.String()
}

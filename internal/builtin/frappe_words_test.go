package builtin_test

import "testing"

func TestFrappeWords(t *testing.T) {
	requireAnswers(t, []example{
		{src: `[12885, 0, 60, 90061, "3600", none]|map("format_duration")|join("; ")`,
			want: "3h 34m 45s; ; 1m; 1d 1h 1m 1s; 1h; "},
		{src: `format_duration(90061, true) ~ "; " ~ format_duration(-1) ~ "; " ~ format_duration(59.9)`,
			want: "25h 1m 1s; -1d 23h 59m 59s; 59s"},
		{src: `["2024-06-01 09:29:30", "2024-06-01 09:28:00", "2024-06-01 08:31:00", "2024-06-01 08:00:00",
			"2024-05-31 10:00:00", "2024-05-31 09:00:00"]|map("pretty_date")|join("; ")`,
			want: "just now; 2 minutes ago; 59 minutes ago; 1 hour ago; 23 hours ago; Yesterday"},
		{src: `["2024-05-27", "2024-05-20", "2024-05-10", "2024-04-20", "2024-01-01", "2023-05-01", "2020-01-01",
			none, "2024-06-01 09:28:30"]|map("pretty_date")|join("; ")`,
			want: "5 days ago; 1 week ago; 3 weeks ago; 1 month ago; 5 months ago; 1 year ago; 4 years ago; ; " +
				"1 minute ago"},
		{src: `get_abbr("Blue Shop Ltd") ~ get_abbr("  \u00e9a ", 3) ~ get_abbr("") ~ get_abbr("a b c", max_len=9)`,
			want: "BS\u00e9?abc"},
		{src: `safe_div(1, 3) ~ " " ~ safe_div(1, 0) ~ " " ~ safe_div("5", 2, 0) ~ " " ~ safe_div(2, 3, precision=4)`,
			want: "0.33 0.0 2.0 0.6667"},
		{src: `has_common(["a", "b"], ["c", "b"]) ~ has_common([1], (2,)) ~ ` +
			`has_common([], [1]) ~ has_common([1.0], [1])`,
			want: "TrueFalseFalseTrue"},
		{src: `has_common([[1]], [1])`, wantErr: "has_common(): a key cannot be a list"},
		{src: `get_first_day_of_week("2024-06-05") ~ get_last_day_of_week("2024-06-05") ~ ` +
			`get_first_day_of_week("2024-06-02", true)`,
			want: "2024-06-022024-06-082024-06-02"},
	})
}

package builtin_test

import "testing"

// Patterns write what Babel writes, which Frappe asks.
func TestDatePatterns(t *testing.T) {
	requireAnswers(t, []example{
		{src: `formatdate("2024-06-01", "y yy yyy yyyy yyyyy")`, want: "2024 24 2024 2024 02024"},
		{src: `formatdate("2024-06-01", "M MM MMM MMMM MMMMM L LLLL")`, want: "6 06 Jun June J 6 June"},
		{src: `formatdate("2024-06-01", "d dd D DDD E EE EEE EEEE EEEEE")`,
			want: "1 01 153 153 Sat Sat Sat Saturday S"},
		{src: `formatdate("2024-06-01", "Q QQ QQQ QQQQ q") ~ formatdate("2024-12-31", " QQQQ D")`,
			want: "2 02 Q2 2nd quarter 2 4th quarter 366"},
		{src: `formatdate("2024-06-01", "d 'de' MMMM ''")`, want: "1 de June '"},
		{src: `formatdate("2024-06-01", "yyyy年M月d日") ~ format_time("09:05:07", "é'è'éHH")`,
			want: "2024年6月1日éèé09"},
		{src: `formatdate("2024-06-01", "dd/mm/YYYY") ~ formatdate("2024-06-01", "#.!")`, want: "01/06/2024#.!"},
		{src: `format_time("09:05:07", "H HH h hh K k m mm s ss a")`, want: "9 09 9 09 9 9 5 05 7 07 AM"},
		{src: `format_time("00:00:00", "H h K k a") ~ "|" ~ format_time("12:00:00", "H h K k a")`,
			want: "0 12 0 24 AM|12 12 0 12 PM"},
		{src: `format_time("23:59:01", "h:mm a") ~ "|" ~ format_time("09:05:07", "HH'h'mm")`, want: "11:59 PM|09h05"},
		{src: `format_time("09:05:07", "short") ~ "|" ~ format_time("09:05:07", "medium")`,
			want: "9:05 AM|9:05:07 AM"},
		{src: `format_datetime("2024-06-01 15:05:07.25", "short") ~ "|" ~ format_datetime("2024-06-01", "medium")`,
			want: "6/1/24, 3:05 PM|Jun 1, 2024, 12:00:00 AM"},
		{src: `format_datetime("2024-06-01 15:05:07.25", "S SS SSSSSSSSSSS")`, want: "2 25 25000000000"},
	})
}

package builtin_test

import "testing"

// Dates at the edges of months, years and of what there is.
func TestFrappeDates(t *testing.T) {
	requireAnswers(t, []example{
		{src: `now() ~ " " ~ nowtime() ~ " " ~ today()`, want: "2024-06-01 09:30:00.000000 09:30:00.000000 2024-06-01"},
		{src: `add_months("2024-01-31", 1) ~ " " ~ add_months("2023-01-31", 1) ~ " " ` +
			`~ add_months("2024-03-31", -13)`,
			want: "2024-02-29 2023-02-28 2023-02-28"},
		{src: `add_years("2024-02-29", 1) ~ " " ~ add_days("2024-12-31", "1") ~ " " ` +
			`~ add_days("2024-06-01 10:00:00", 1)`,
			want: "2025-02-28 2025-01-01 2024-06-02 10:00:00.000000"},
		{src: `add_to_date("2024-06-01", days=-1, hours=5) ~ " " ~ add_to_date(none, weeks=1, as_string=true)`,
			want: "2024-05-31 05:00:00.000000 2024-06-08"},
		{src: `get_first_day("2024-02-10") ~ get_last_day("2023-02-10") ` +
			`~ get_last_day("2024-12-05", true)`,
			want: "2024-02-012023-02-282024-12-31"},
		{src: `get_quarter_start("2024-05-05") ~ get_quarter_ending("2024-05-05") ` +
			`~ get_year_start("2024-05-05") ` +
			`~ get_year_ending("2024-05-05")`,
			want: "2024-04-012024-06-302024-01-012024-12-31"},
		{src: `date_diff("2024-03-01", "2024-02-01") ~ " " ` +
			`~ date_diff("2024-01-01 23:00:00", "2024-01-02 01:00:00") ~ " " ` +
			`~ month_diff("2024-03-01", "2024-01-31")`,
			want: "29 -1 3"},
		{src: `time_diff("2024-01-02", "2024-01-01 12:00:00") ~ " " ` +
			`~ time_diff_in_seconds("2024-01-01 00:01:00", "2024-01-01")`,
			want: "12:00:00 60.0"},
		{src: `getdate("") == today() and getdate("2024-01-05").year == 2024 and getdate() == today()`, want: "True"},
		{src: `getdate("0001-01-01") ~ getdate("0000-00-00") ~ get_datetime("") ` +
			`~ date_diff("", "2024-05-31")`,
			want: "NoneNoneNone1"},
		{src: `get_first_day("2024-02-10", 1, -2) ` +
			`~ get_first_day("2024-02-10", d_months=11, as_str=true) ` +
			`~ get_first_day("")`,
			want: "2024-12-012025-01-012024-06-01"},
		{src: `get_time_str("9:05:03") ~ " " ` +
			`~ get_time_str(time_diff("2024-01-02 01:02:03", "2024-01-03")) ~ " " ` +
			`~ get_time_str("2024-01-02 23:00:00")`,
			want: "9:5:3 1:2:3 23:0:0"},
		{src: `formatdate("2024-01-05", "medium") ~ "; " ~ formatdate("2024-01-05", "full") ` +
			`~ "; " ~ format_datetime("") ~ "; " ~ format_datetime("2024-01-05 13:04:05")`,
			want: "Jan 5, 2024; Friday, January 5, 2024; None; 2024-01-05 13:04:05"},
		{src: `get_first_day("9999-12-01", 1)`, wantErr: "get_first_day(): date is out of range"},
		{src: `formatdate("2024-01-05") ~ formatdate("2024-01-05", "EEE d MMM yy") ` +
			`~ formatdate("") ~ format_datetime("2024-01-05 13:04:05", "hh:mm a")`,
			want: "2024-01-05Fri 5 Jan 2401:04 PM"},
		{src: `get_datetime("2024-01-05 13:04:05").isoformat() ` +
			`~ getdate("2024-01-05").isoformat() ` +
			`~ get_weekday("2024-01-05")`,
			want: "2024-01-05T13:04:05Z2024-01-05Friday"},
		{src: `getdate("2024-01-05").strftime("%d.%m.%y %j %% %q") ` +
			`~ getdate("2024-01-07").weekday()`,
			want: "05.01.24 005 % %q6"},
		{src: `getdate("2024-6-1") ~ getdate("2024/06/10") ~ getdate("20240610") ` +
			`~ getdate("Jun 10, 2024") ~ getdate("10 June 2024") ~ getdate("13.2.2024")`,
			want: "2024-06-012024-06-102024-06-102024-06-102024-06-102024-02-13"},
		{src: `getdate("10-06-2024") ~ getdate("13-06-2024") ~ getdate("10/06/2024", true) ` +
			`~ getdate("2024-06-01", true) ~ add_days("1/2/2024", 1)`,
			want: "2024-10-062024-06-132024-06-102024-06-012024-01-03"},
		{src: `getdate("2024-06-10").replace(day=1) ~ " " ` +
			`~ get_datetime("2024-06-10 09:30:00").replace(hour=0, month=2).isoformat() ~ " " ` +
			`~ getdate("2024-06-09").isoweekday()`,
			want: "2024-06-01 2024-02-10T00:30:00Z 7"},
		{src: `getdate("2024-01-31").replace(month=2)`, wantErr: "replace(): there is no such time"},
		{src: `getdate("2024-02-30")`,
			wantErr: "getdate(): text is no date; write it as 2006-01-02 or 2006-01-02 15:04:05"},
		{src: `add_days("2024-01-01", 9999999)`, wantErr: "add_days(): date is out of range"},
		{src: `add_years("9999-01-01", 1)`, wantErr: "add_years(): date is out of range"},
		{src: `add_to_date("2024-01-01", hours=99999999)`, wantErr: "add_to_date(): date is out of range"},
		{src: `getdate(5)`, wantErr: "getdate(): needs a date, not int"},
		{src: `time_diff("2024-01-02", "2024-01-01").weekday()`, wantErr: "weekday(): a duration has no such method"},
		{src: `now_datetime().total_seconds()`, wantErr: "total_seconds(): only a duration has seconds"},
	})
}

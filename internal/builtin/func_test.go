package builtin_test

import "testing"

// Arguments are bound by the signatures of the functions.
func TestFunc(t *testing.T) {
	requireAnswers(t, []example{
		{src: `"a-b" | replace(old="-", new="+")`, want: "a+b"},
		{src: `"a" | center(width=3) ~ "|"`, want: " a |"},
		{src: `"%s %s" | format(*[1, 2])`, want: "1 2"},
		{src: `dict(**{"a": 1}, **{"b": 2})`, want: "{'a': 1, 'b': 2}"},
		{src: `"abc" | truncate(2, **{"end": "", "killwords": true, "leeway": 0})`, want: "ab"},
		{src: `"a" | replace("-")`, wantErr: "replace argument new is missing"},
		{src: `"a" | replace("-", "+", 1, 2)`, wantErr: "replace has too many arguments, by 1"},
		{src: `"a" | replace(*["-", "+", 1, 2, 3])`, wantErr: "replace: has too many arguments, by 2"},
		{src: `"a" | replace("-", "+", nope=1)`, wantErr: "replace has no argument nope"},
		{src: `"a" | replace("-", "+", **{"nope": 1})`, wantErr: "replace: has no argument nope"},
		{src: `"a" | replace("-", "+", old=1)`, wantErr: "replace argument old is given twice"},
		{src: `"a" | replace(1, 2, **{"old": 1})`, wantErr: "replace: argument old is given twice"},
		{src: `"a" | center("b")`, wantErr: "center: needs an integer, not str"},
		{src: `"a" | trim(1)`, wantErr: "trim: needs text, not int"},
		{src: `"a" | center(doc.nope)`, wantErr: "center: 'doc.nope' is undefined"},
	})
}

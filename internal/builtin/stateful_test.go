package builtin_test

import "testing"

var statefulExamples = []example{
	{src: "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}" +
		"{{ c.current }}{% set _ = c.reset() %}{{ c.current }}",
		want: "ababa"},
	{src: "{% set j = joiner('|') %}{{ j() }}a{{ j() }}b", want: "a|b"},
	{src: "{% set j = joiner() %}{{ j() }}a{{ j() }}b", want: "a, b"},
	{src: "{{ cycler() }}", wantErr: "cycler(): needs something to cycle through"},
	{src: "{% set n = namespace(a=1) %}{% for i in [1, 2] %}{% set n.a = n.a + i %}{% endfor %}" +
		"{{ n.a }}{{ n.b is defined }}",
		want: "4False"},
	{src: "{% set l = [3, 1] %}{% set _ = l.append(2) %}{% set _ = l.sort() %}" +
		"{% set _ = l.insert(0, 9) %}{{ l }}{{ l.pop() }}{{ l.pop(0) }}" +
		"{{ l }}",
		want: "[9, 1, 2, 3]39[1, 2]"},
	{src: "{% set l = [1, 2, 1] %}{% set _ = l.remove(1) %}{% set _ = l.extend((5,)) %}" +
		"{% set _ = l.reverse() %}{{ l }}{% set _ = l.clear() %}{{ l }}",
		want: "[5, 1, 2][]"},
	{src: "{% set d = {'a': 1} %}{% set _ = d.update(b=2) %}{% set _ = d.update([('c', 3)]) %}" +
		"{{ d.setdefault('a', 9) }}{{ d.setdefault('z', 9) }}{{ d.pop('a') }}" +
		"{{ d }}",
		want: "191{'b': 2, 'c': 3, 'z': 9}"},
	{src: "{% set d = {} %}{% set _ = d.update(doc.nope) %}", wantErr: "update(): 'doc.nope' is undefined"},
	{src: "{{ [].pop() }}", wantErr: "pop(): index is out of range"},
	{src: "{{ [1].remove(2) }}", wantErr: "remove(): value is not in the list"},
}

func TestStateful(t *testing.T) { requireAnswers(t, statefulExamples) }

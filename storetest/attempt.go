package storetest

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

var attemptChecks = []check{
	{
		name: "attempts/fields",
		rule: "The Attempt of a change is kept with all its fields.",
		run: func(p *probe) {
			p.add(delivery("a"))
			want := response("a", 1)
			p.change("a", func(c *webhook.Change) { a := response("a", 1); c.Attempt = &a })
			got := p.attempts("a")
			p.expect(len(got) == 1, "%d attempts, not 1", len(got))
			p.alike("the attempt", reflect.ValueOf(got[0]), reflect.ValueOf(want))
		},
	},
	{
		name: "attempts/order",
		rule: "Attempts returns those of one delivery, the oldest first; " +
			"a change without one adds none.",
		run: func(p *probe) {
			p.add(delivery("a"), delivery("b"))
			for n := 1; n <= 12; n++ {
				for _, id := range []string{"a", "b"} {
					p.change(id, func(c *webhook.Change) { a := response(id, n); c.Attempt = &a })
					p.change(id, nil)
				}
			}
			got := p.attempts("a")
			p.expect(len(got) == 12, "%d attempts, not 12", len(got))
			for i, a := range got {
				p.expect(a.Number == i+1 && a.DeliveryID == "a",
					"attempt %d of %s is at place %d", a.Number, a.DeliveryID, i+1)
			}
		},
	},
	{
		name: "attempts/none",
		rule: "Attempts of an unknown delivery, or one without attempts, are none, and no error.",
		run: func(p *probe) {
			p.add(delivery("a"))
			p.expect(len(p.attempts("a"))+len(p.attempts("unknown")) == 0, "there are attempts")
		},
	},
	{
		name: "attempts/bytes",
		rule: "The body of an attempt comes back byte for byte, and its header, " +
			"which is UTF-8; none stays nil, or becomes it when it is empty.",
		run: func(p *probe) {
			p.add(delivery("a"))
			every := make([]byte, 256)
			for i := range every {
				every[i] = byte(i)
			}
			for i, body := range [][]byte{nil, {0}, every} {
				want := response("a", i+1)
				want.Header, want.Body = http.Header{"X": {"\x00\"\\", "\u00e9\u65e5", ""}}, body
				given := want
				p.change("a", func(c *webhook.Change) { c.Attempt = &given })
				p.alike("the attempt", reflect.ValueOf(p.attempts("a")[i]), reflect.ValueOf(want))
			}
			for n, header := range []http.Header{nil, {}} {
				none := response("a", 9+n)
				none.Header, none.Body = header, []byte{}
				p.change("a", func(c *webhook.Change) { c.Attempt = &none })
				got := p.attempts("a")[3+n]
				p.expect(len(got.Body) == 0, "an empty body came back as %q", got.Body)
				p.expect(len(got.Header) == 0 && (header != nil || got.Header == nil),
					"header %v came back as %v", header, got.Header)
			}
		},
	},
	{
		name: "attempts/large",
		rule: "Attempts may be large, and many in a call: 20 with a MiB of header.",
		run: func(p *probe) {
			const n, size = 20, 1 << 20
			ds, cs := make([]webhook.Delivery, n), make([]webhook.Change, n)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i))
				a := response(ds[i].ID, 1)
				a.Header = http.Header{"X": {strings.Repeat("'abc", size/4)}}
				cs[i] = changeOf(ds[i], to(webhook.Delivered))
				cs[i].Attempt = &a
			}
			p.add(ds...)
			for _, err := range p.update(cs...) {
				p.ok("a change", err)
			}
			for _, i := range []int{0, n / 2, n - 1} {
				got := p.attempts(ds[i].ID)
				p.expect(len(got) == 1, "%d attempts, not 1", len(got))
				p.expect(reflect.DeepEqual(got[0].Header, cs[i].Attempt.Header),
					"the header came back different")
			}
		},
	},
	{
		name: "attempts/ownership",
		rule: "A store copies header and body of the attempts it keeps and hands out copies.",
		run: func(p *probe) {
			p.add(delivery("a"))
			given, want := response("a", 1), response("a", 1)
			p.change("a", func(c *webhook.Change) { c.Attempt = &given })
			spoil := func(by string, a *webhook.Attempt) {
				a.Body[0] = 'X'
				a.Header["Retry-After"][0] = "X"
				a.Header["New"] = []string{"X"}
				got := p.attempts("a")[0]
				p.alike("the attempt, after the one "+by+" was changed,", reflect.ValueOf(got),
					reflect.ValueOf(want))
			}
			spoil("given to Update", &given)
			spoil("returned by Attempts", &p.attempts("a")[0])
		},
	},
}

// response returns an attempt with every field set.
func response(id string, number int) webhook.Attempt {
	return webhook.Attempt{
		DeliveryID: id, Number: number, Time: at(number), Duration: 1234 * time.Millisecond,
		StatusCode: 503, Class: "status", Error: "status 503 '\u00e4\u65e5",
		Header: http.Header{"Retry-After": {"120"}, "X": {"a", "b"}}, Body: []byte("busy \x00\xff"),
		State: webhook.Pending, Next: at(number + 5),
	}
}

func (p *probe) attempts(id string) []webhook.Attempt {
	as, err := p.store.Attempts(p.ctx, id)
	p.ok("Attempts", err)
	return as
}

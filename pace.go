package webhook

import "time"

// A pace counts attempts that ended, to tell how many will in the near future. The
// zero value is ready.
type pace struct {
	began    time.Time // of the present window
	now, old int       // in it, and in the one before
}

// paceWindow is how far a claim looks ahead.
const paceWindow = 100 * time.Millisecond

func (p *pace) count() {
	p.roll()
	p.now++
}

// recent returns how many there were in a window of late.
func (p *pace) recent() int {
	p.roll()
	return max(p.now, p.old)
}

func (p *pace) roll() {
	switch passed := time.Since(p.began); {
	case passed >= 2*paceWindow:
		*p = pace{began: time.Now()}
	case passed >= paceWindow:
		*p = pace{began: p.began.Add(paceWindow), old: p.now}
	}
}

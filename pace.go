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

func (p *pace) count(now time.Time) {
	p.roll(now)
	p.now++
}

// recent returns how many there were in a window of late.
func (p *pace) recent(now time.Time) int {
	p.roll(now)
	return max(p.now, p.old)
}

func (p *pace) roll(now time.Time) {
	switch passed := now.Sub(p.began); {
	case passed >= 2*paceWindow:
		*p = pace{began: now}
	case passed >= paceWindow:
		*p = pace{began: p.began.Add(paceWindow), old: p.now}
	}
}

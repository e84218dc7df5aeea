package webhook

import "time"

// A pace counts attempts that ended, to tell how many will in the near future.
// The zero value is ready.
type pace struct {
	began    time.Time // of the present window
	now, old int       // in it, and in the one before
	best     int       // in any before, less what it loses with time
}

// paceWindow is how far a claim looks ahead.
const paceWindow = 100 * time.Millisecond

// stockWindows is how many paceWindows ahead Dispatch hands over deliveries.
// One that is not handed over has to be claimed, which costs a database a tenth
// of the whole delivery. The time is less than startWindow, after which the
// store has to be asked once more.
const stockWindows = 8

// paceMemory is after how many windows nothing is left of the best one, which
// loses a sixteenth with each.
const paceMemory = 100

func (p *pace) count(now time.Time) {
	p.roll(now)
	p.now++
}

// recent returns how many attempts ended in this window or the one before,
// whichever had more.
func (p *pace) recent(now time.Time) int {
	p.roll(now)
	return max(p.now, p.old)
}

// able returns how many attempts a window can have, going by the best one of
// the last seconds.
func (p *pace) able(now time.Time) int { return max(p.recent(now), p.best) }

func (p *pace) roll(now time.Time) {
	passed := int(now.Sub(p.began) / paceWindow)
	if passed == 0 {
		return
	}
	if passed >= paceMemory {
		*p = pace{began: now}
		return
	}
	p.best = max(p.best, p.now)
	for range passed { // half of it in a second
		p.best = p.best * 15 / 16
	}
	if p.old = 0; passed == 1 {
		p.old = p.now
	}
	p.now = 0
	p.began = p.began.Add(time.Duration(passed) * paceWindow)
}

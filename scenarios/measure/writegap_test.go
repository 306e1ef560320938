package measure

import (
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// gapOf is the write gap of the good drill's switchover, ordered at 3 s, after an edit: write 24 is the last that is
// acknowledged before it, at 2.912 s, and 37, due at 4.2 s, the first one after it. Those in between are not, and
// writes usually take 12 ms.
func gapOf(edit func(d *drill)) *WriteGap {
	d := goodDrill()
	d.rotate()
	edit(d)
	within := time.Hour
	d.spec.WriteGap = &within
	return MeasureWriteGap(d.History, d.spec)
}

// delayed has writes 25 to n-1 wait until 4.05 s, where they are acknowledged one after another; those after them up to
// 37 are not offered.
func (d *drill) delayed(n int) {
	for i := 25; i < n; i++ {
		d.ok(i, standby)
		d.Ops[i].Done = 4050*msec + time.Duration(i-25)
	}
	d.drop(n, 37)
}

func TestWriteGapIsNoLongerThanSomebodyAsked(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(d *drill)
		lo, hi time.Duration
	}{
		"refused until somebody is served":         {func(*drill) {}, 4100 - 3000, 4212 - 2912},
		"nobody asked in the second half":          {func(d *drill) { d.drop(31, 37) }, 3500 - 3000, 4212 - 2912},
		"nobody asked in the first half":           {func(d *drill) { d.drop(25, 31) }, 4100 - 3600, 4212 - 2912},
		"nobody asked at all":                      {func(d *drill) { d.drop(25, 37) }, 0, 4212 - 2912},
		"held back until it is over":               {func(d *drill) { d.delayed(35) }, 3900 - 3000, 4050 - 2912},
		"one was held back, and nobody else asked": {func(d *drill) { d.delayed(26) }, 0, 4050 - 2912},
		"what was sent late by the harness was not kept waiting": {func(d *drill) {
			for i := 25; i < 37; i++ {
				d.Ops[i].Sent = 4100 * msec
				d.Ops[i].Done = max(d.Ops[i].Done, 4101*msec)
			}
		}, 4100 - 4000, 4212 - 2912}, // the last two were sent in time
		"what was sent again was asked for before": {func(d *drill) { d.Ops[36].Retry = 1 }, 4000 - 3000, 4212 - 2912},
		"what is under way at the end is no proof": {underWay(4200, 4223), 4100 - 3000, 4212 - 2912},
		"what is late at the end is one":           {underWay(4199, 4223), 4199 - 3000, 4212 - 2912},
		"what was slow before the steady state is not usual": {func(d *drill) {
			d.Ops[2].Done = d.Ops[2].Due + 400*msec
			underWay(4199, 4223)(d)
		}, 4199 - 3000, 4212 - 2912},
	} {
		if g := gapOf(c.edit); *g.Lo != Low(c.lo*msec) || g.Hi == nil || *g.Hi != High(c.hi*msec) {
			t.Errorf("%s: %v to %v ms, want %v to %v", name, g.Lo.MS(), g.Hi, c.lo, c.hi)
		}
	}
}

// underWay has write 38 be due and acknowledged at these times, in milliseconds.
func underWay(due, done time.Duration) func(d *drill) {
	return func(d *drill) {
		op := &d.Ops[38]
		op.Due, op.Sent, op.Done = due*msec, due*msec, done*msec
	}
}

// After the load has ended nobody asks: that is no gap.
func TestTheEndOfTheLoadIsNoWriteGap(t *testing.T) {
	g := gapOf(func(d *drill) {
		d.Ops = append(d.Ops, history.Op{
			Seq: 99, Kind: history.Read, Due: 9 * time.Second, Sent: 9 * time.Second,
			Done: 9 * time.Second, Attempts: 1,
		})
	})
	if g.Censored || g.Hi == nil {
		t.Errorf("it never ends: %+v", g)
	}
}

// Of switchovers during which nobody was refused it is not known how long the gap was, but no longer than the longest
// pause.
func TestALongerPauseIsTheLongerGap(t *testing.T) {
	if g := gapOf(func(d *drill) { d.drop(40, 42); d.drop(25, 37) }); *g.Lo != 0 || *g.Hi != High((4212-2912)*msec) {
		t.Errorf("%v to %v ms", g.Lo.MS(), g.Hi.MS())
	}
}

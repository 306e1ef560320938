package measure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// offered are writes that are due at some times, and answered after a millisecond.
func offered(due ...time.Duration) history.History {
	h := history.History{Phases: []history.Phase{{At: time.Second, Name: history.PhaseSteady}}}
	for _, at := range due {
		h.Ops = append(h.Ops, history.Op{
			Kind: history.Write, Due: at, Sent: at, Done: at + msec, Outcome: history.OK, Attempts: 1,
		})
	}
	return h
}

// each are times from one to the other, in even steps.
func each(step, from, to time.Duration) (all []time.Duration) {
	for at := from; at < to; at += step {
		all = append(all, at)
	}
	return all
}

// A stretch in which nothing was recorded is an outage. It begins between the last operation before what is covered
// ends and that end, but not before the steady state, of which nothing is asked.
func TestWhereNothingWasRecorded(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		h    history.History
		want history.Interval
	}{
		// The window from 1.1 s on is the last that has something in each fifth.
		"after a while": {
			offered(append(each(s/10, s/2, 2*s), each(s/10, 7*s/2, 6*s)...)...), *between(1900, 2100),
		},
		"from the steady state on": {
			offered(append(each(s/10, s/2, s), each(s/10, 2*s, 6*s)...)...), *between(1000, 1000),
		},
	} {
		got := newService(c.h, goodDrill().spec, nil).outages(nil)
		if len(got) != 1 || got[0].begin != c.want {
			t.Errorf("%s: %+v, want one that begins at %v", name, got, c.want)
		}
	}
}

// An observation that ends before a window does refutes nothing that the window could bear: one operation in a fifth.
func TestAnObservationThatIsTooShort(t *testing.T) {
	for bad, want := range map[int]int{1: 0, 2: 1} {
		h := offered(each(100*msec, time.Second, 1600*msec)...)
		for i := range bad {
			h.Ops[i].Outcome = history.Failed
		}
		if got := newService(h, goodDrill().spec, nil).outages(nil); len(got) != want {
			t.Errorf("%d are bad, and there are %d outages, want %d: %+v", bad, len(got), want, got)
		}
	}
}

// Of sixteen operations a second none may be due in a fifth of a window, by rounding. That of all that was offered
// nothing is, is no service; that of one kind nothing is may be.
func TestAPartOfAWindowWithoutOperations(t *testing.T) {
	h := offered(each(62500*time.Microsecond, time.Second, 5*time.Second)...)
	h.Ops = append(h.Ops[:4], h.Ops[7:]...) // due from 0.25 to 0.375 s after the first
	v := newService(h, goodDrill().spec, nil)
	for name, want := range map[string]windowState{"": windowFails, "writes": windowHolds} {
		s := *v.all
		s.name = name
		if got := v.scanWindows(&s, 0).judge(0); got != want {
			t.Errorf("of %q: %v, want %v", name, got, want)
		}
		if got := v.scanWindows(&s, 7).judge(7); got != windowHolds {
			t.Errorf("of %q: %v where all is there", name, got)
		}
	}
}

// All that is offered is of one kind: it is judged once, with what an uneven schedule may miss of all. Of ten a second
// that is four.
func TestALoadOfOneKindIsJudgedOnce(t *testing.T) {
	d := goodDrill()
	d.outage(30)
	for i := len(d.Ops) - 1; i >= 33; i-- {
		if at := i % 5; at == 1 || at == 3 {
			d.drop(i, i+1)
		}
	}
	var got [][]float64
	for _, o := range Judge(d.History, d.spec).Outages() {
		got = append(got, ends(o.Interval))
	}
	if diff := cmp.Diff([][]float64{{380, 500}}, got); diff != "" {
		t.Error(diff)
	}
}

package measure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// read appends a read of operation i's verification, sent so long after the recorder's start.
func (d *drill) readsOf(i, sentMS int, found bool) {
	sent := time.Duration(sentMS) * msec
	op := history.Op{
		Seq: int64(len(d.Ops)), Kind: history.Read, ID: d.Ops[i].ID, Client: 1, Due: sent, Sent: sent, Done: sent +
			5*msec, Attempts: 1,
		Outcome: history.OK, Status: 200, Region: standby,
	}
	if !found {
		op.Outcome, op.Status, op.Error = history.Failed, 404, history.Absent
	}
	d.Ops = append(d.Ops, op)
}

// Write 10 is sent at 1.501 s and acknowledged at 1.512 s; write 30, in the outage, at 3.501 s, and nobody knows what
// became of it.
func TestLinearizability(t *testing.T) {
	for name, c := range map[string]struct {
		edit    func(d *drill)
		verdict Verdict
		bad     []string
	}{
		"nothing was read":                 {func(*drill) {}, Inconclusive, nil},
		"read after it was acknowledged":   {func(d *drill) { d.readsOf(10, 1600, true) }, Pass, nil},
		"absent after it was acknowledged": {func(d *drill) { d.readsOf(10, 1600, false) }, Fail, []string{"v10"}},
		"absent while it was written":      {func(d *drill) { d.readsOf(10, 1508, false) }, Pass, nil},
		"there while it was written":       {func(d *drill) { d.readsOf(10, 1508, true) }, Pass, nil},
		"there before it was written":      {func(d *drill) { d.readsOf(10, 1400, true) }, Fail, []string{"v10"}},
		"there, and gone, while it is written": {func(d *drill) {
			d.Ops[10].Done = 1700 * msec
			d.readsOf(10, 1550, true)
			d.readsOf(10, 1600, false)
		}, Fail, []string{"v10"}},
		"unknown, and there later on": {
			func(d *drill) { d.readsOf(10, 5000, true); d.readsOf(30, 5000, true) }, Pass,
			nil,
		},
		"unknown, and never there": {
			func(d *drill) { d.readsOf(10, 5000, true); d.readsOf(30, 5000, false) }, Pass,
			nil,
		},
		"unknown, there, and then gone": {func(d *drill) {
			d.readsOf(10, 5000, true)
			d.readsOf(30, 5000, true)
			d.readsOf(30, 5100, false)
		}, Fail, []string{"v30"}},
		"refused, and there all the same": {func(d *drill) {
			d.Ops[30].Outcome = history.Failed
			d.readsOf(10, 5000, true)
			d.readsOf(30, 5000, true)
		}, Fail, []string{"v30"}},
		"a read without an answer": {func(d *drill) {
			d.readsOf(10, 1600, true)
			last := len(d.Ops) - 1
			d.Ops[last].Outcome, d.Ops[last].Status = history.Failed, 503
		}, Inconclusive, nil},
		"two of them": {func(d *drill) {
			d.readsOf(12, 3000, false)
			d.readsOf(11, 3000, false)
		}, Fail, []string{"v11", "v12"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := goodDrill()
			c.edit(d)
			f := CheckLinearizable(d.History)
			if f.Verdict != c.verdict || !cmp.Equal(f.Evidence, c.bad) && len(c.bad) > 0 {
				t.Errorf("got %s (%s) %v, want %s %v", f.Verdict, f.Detail, f.Evidence, c.verdict, c.bad)
			}
		})
	}
}

func TestLinearizabilityIsJudgedWhenItIsPromised(t *testing.T) {
	d := goodDrill()
	d.readsOf(10, 1600, false)
	for promised, want := range map[string]bool{"": false, Linearizable: true} {
		d.spec.Consistency = promised
		found := false
		for _, f := range Judge(d.History, d.spec).Findings {
			found = found || f.ID == FindingLinearizability && f.Verdict == Fail
		}
		if found != want {
			t.Errorf("promised %q: found %t", promised, found)
		}
	}
}

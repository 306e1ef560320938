package measure

import (
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Reads are within what was promised where those of each region are. One of which nobody can tell is enough for nobody
// to tell, whatever hides it, and also where something else hides another one.
func TestLocalReadsOfWhichNobodyCanTell(t *testing.T) {
	few := func(d *drill) { // reads in a third region
		for i := range d.Ops {
			if op := d.Ops[i]; op.Kind == history.Read && op.Region == standby && op.Due < 1200*msec {
				op.Region, op.Seq = "eu-west-1", int64(len(d.Ops))
				d.Ops = append(d.Ops, op)
			}
		}
	}
	stalled := func(d *drill) { // one of the reads at home is kept waiting by the harness
		for i := range d.Ops {
			if op := &d.Ops[i]; op.Kind == history.Read && op.Region == home && op.Due == 1500*msec {
				op.Done = op.Due + 200*msec
				d.Stalls = []history.Interval{{Lo: op.Due + 50*msec, Hi: op.Due + 190*msec}}
			}
		}
	}
	busy := func(d *drill) { // the standby's are too slow, and so is whoever has nothing to do there
		for i := range d.Ops {
			if op := &d.Ops[i]; op.Kind == history.Read && op.Region == standby && op.Due >= 5*time.Second {
				op.Done = op.Due + 12*msec
			}
		}
		d.control(2 * msec)
	}
	for name, c := range map[string]struct {
		edits []func(d *drill)
		want  Verdict
	}{
		"all are known":                             {nil, Pass},
		"few in one region":                         {[]func(*drill){few}, Inconclusive},
		"a stall in one":                            {[]func(*drill){stalled}, Inconclusive},
		"a busy machine in one":                     {[]func(*drill){busy}, Inconclusive},
		"few in one, a busy machine in one":         {[]func(*drill){few, busy}, Inconclusive},
		"few in one, a stall in one":                {[]func(*drill){few, stalled}, Inconclusive},
		"a stall in one, a busy machine in another": {[]func(*drill){stalled, busy}, Inconclusive},
		"nobody read anything": {
			[]func(*drill){func(d *drill) { d.Ops = d.Ops[:60] }},
			Inconclusive,
		},
	} {
		d := goodDrill()
		d.locally(9, 30)
		d.spec.LocalReads = 10 * msec
		for _, edit := range c.edits {
			edit(d)
		}
		if got := CheckLocalReads(d.History, d.spec); got.Verdict != c.want {
			t.Errorf("%s: %s, want %s: %s", name, got.Verdict, c.want, got.Detail)
		}
	}
}

package drill

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Windows count from the steady state, and what is brought back from the last fault.
func TestRulesAreRunAndVersionsAreBroughtBackWhereThePlanHasThem(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.manifests = []history.ManifestRead{{Key: "manifests/1", Objects: []history.NamedObject{{Key: "hot/1"}}}}
	p := plan(Step{At: 100 * ms, Replicate: "hot/"}, lose(),
		Step{When: "redirected", Restore: &Restore{Rule: "hot/", To: time.Minute}})
	p.Topology.Objects.Rules = []topology.CopyRule{{Name: "hot/", When: topology.CopyJob}}
	p.Judge.Manifests = true
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if diff := cmp.Diff([]string{"schedule", "replicate hot/", "restore hot/ in " + p.Judge.Survivor},
		l.jobs); diff != "" {
		t.Errorf("done in this order:\n%s", diff)
	}
	lost := o.fault(t, "lose_region")
	var began, restored *history.Mark
	for i, m := range o.Marks {
		switch m.Name {
		case MarkSchedule:
			began = &o.Marks[i]
		case measure.MarkRestored:
			restored = &o.Marks[i]
		}
	}
	steady, _ := o.PhaseAt(history.PhaseSteady)
	if began == nil || began.At.Hi > steady || steady-began.At.Lo > 100*ms {
		t.Errorf("steady at %s, the schedule began %+v", steady, began)
	}
	if restored == nil || restored.Count == nil || *restored.Count != 3 || restored.At.Lo < lost.Effective.Lo {
		t.Fatalf("lost at %+v, restored %+v", lost.Effective, restored)
	}
	if since := l.restored - time.Minute; since < restored.At.Lo-lost.Effective.Lo-100*ms ||
		since > restored.At.Hi-lost.Effective.Lo+100*ms {
		t.Errorf("what was %s and a minute ago was brought back, and the fault was %s ago", since,
			restored.At.Lo-lost.Effective.Lo)
	}
	if len(o.Backlogs) != 1 || o.Backlogs[0].At.Hi > lost.Command {
		t.Errorf("what waited before the fault: %+v", o.Backlogs)
	}
	if len(o.Manifests) != 2 || o.Manifests[0].Region != p.Judge.Survivor || o.Manifests[1].Count != 1 {
		t.Errorf("manifests %+v", o.Manifests)
	}
}

package drill

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/history"
)

// stallingLab is a lab whose east accepts a question and never answers it.
type stallingLab struct{ Lab }

func (stallingLab) Control(ctx context.Context, region string) error {
	if region == "west" {
		time.Sleep(3 * ms)
		return nil
	}
	<-ctx.Done()
	return errors.New("read: i/o timeout")
}

// A responder that stalls slows neither its own schedule nor that of another, and what is under way at the end is
// recorded when it has ended.
func TestControlsAreAskedOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, err := history.NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		d := &drill{lab: stallingLab{}, rec: rec}
		d.plan.Topology.Regions = []topology.Region{{Name: "east"}, {Name: "west"}}
		time.Sleep(7 * ms) // the load begins later than the clock
		stop := d.followControls(t.Context())
		time.Sleep(1970 * ms)
		stop()
		recorded := len(rec.Snapshot().Controls)
		stop()
		time.Sleep(time.Second)
		got := rec.Snapshot().Controls
		if len(got) != recorded {
			t.Errorf("%d controls were recorded after the end", len(got)-recorded)
		}
		var want []history.Control
		for n := range 20 {
			due := time.Duration(7+100*n) * ms
			want = append(want,
				history.Control{
					Region: "east", Due: due, Sent: due, Done: due + time.Second,
					Error: "read: i/o timeout",
				},
				history.Control{Region: "west", Due: due + 50*ms, Sent: due + 50*ms, Done: due + 53*ms})
		}
		slices.SortFunc(got, byDue)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("controls (-want +got):\n%s", diff)
		}
	})
}

func byDue(a, b history.Control) int { return int(a.Due - b.Due) }

// controlsOf are those of a region, by when they were due. Whatever the machine did, they were due by the clock and are
// in order.
func (o outcome) controlsOf(t *testing.T, region string) []history.Control {
	t.Helper()
	var of []history.Control
	for _, c := range o.Controls {
		if c.Sent < c.Due || c.Done < c.Sent {
			t.Errorf("due, sent and done are not in order: %+v", c)
		}
		if c.Region == region {
			of = append(of, c)
		}
	}
	slices.SortFunc(of, byDue)
	for i := range of {
		if want := of[0].Due + time.Duration(i)*controlEvery; of[i].Due != want {
			t.Errorf("control %d of %s was due at %s, want %s", i, region, of[i].Due, want)
		}
	}
	began, _ := o.PhaseAt(history.PhaseWorkload)
	stopped, _ := o.PhaseAt(history.PhaseStop)
	if len(of) == 0 || of[0].Due > began+controlEvery || of[len(of)-1].Done > stopped {
		t.Fatalf("the load began at %s and was stopped at %s; %d controls of %s: %+v", began, stopped, len(of), region,
			of)
	}
	return of
}

func unanswered(c history.Control) bool { return c.Error != "" }

func TestControlsPassWhereClientsAreCutOff(t *testing.T) {
	t.Parallel()
	p := plan(cutEast(&cut{}))
	p.Observe = time.Second
	o := run(t.Context(), t, p, newLab(t))
	if o.err != nil {
		t.Fatal(o.err)
	}
	f := o.fault(t, "cut")
	for _, region := range []string{"east", "west"} {
		all := o.controlsOf(t, region)
		if i := slices.IndexFunc(all, unanswered); i >= 0 {
			t.Errorf("the cut was in force at %+v; a control of %s says %+v", *f.Effective, region, all[i])
		}
		if last := all[len(all)-1]; last.Due < f.Effective.Hi {
			t.Errorf("%s was last asked at %s, and the cut was in force at %+v", region, last.Due, *f.Effective)
		}
	}
}

func TestControlsOfALostRegionFallSilent(t *testing.T) {
	t.Parallel()
	o := run(t.Context(), t, plan(lose()), newLab(t))
	if o.err != nil {
		t.Fatal(o.err)
	}
	f, lost := o.fault(t, "lose_region"), 0
	dead := f.Effective.Hi + 100*ms // clients are cut off a moment before the nodes are dead
	for _, c := range o.controlsOf(t, "east") {
		switch {
		case c.Done < f.Effective.Lo && unanswered(c):
			t.Errorf("lost at %+v; before, it says %+v", *f.Effective, c)
		case c.Sent > dead && !unanswered(c):
			t.Errorf("lost at %+v, and it answers: %+v", *f.Effective, c)
		case c.Sent > dead:
			lost++
		}
	}
	if lost == 0 {
		t.Error("nobody asked the region that was lost")
	}
	if all := o.controlsOf(t, "west"); slices.ContainsFunc(all, unanswered) {
		t.Errorf("west lived on: %+v", all)
	}
}

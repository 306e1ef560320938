package drill

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func TestADrillThatRecoversPasses(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := plan(lose())
	// The redirect takes some 50 ms, in which two or three operations fail: of the sixty of a window that is no outage
	// to generous objectives.
	p.Judge.RecoveryTime.Success = 0.99
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, measure.Pass)
	if got := o.phases(); got != "workload steady_state workload_stopped end" {
		t.Errorf("phases: %s", got)
	}
	f := o.fault(t, "lose_region")
	steady, _ := o.PhaseAt(history.PhaseSteady)
	if f.Command < steady+300*ms || f.Effective.Lo < f.Command || f.Healed == nil || f.Healed.Lo < f.Effective.Hi {
		t.Errorf("steady at %s, then %+v", steady, f)
	}
	if !slices.Equal(f.Regions, []string{"east"}) || !strings.Contains(f.By, "all 1 nodes are down") {
		t.Errorf("recorded %+v", f)
	}

	// What the harness measured is held against what really happened, on the same clock.
	r, moved := o.report.Metrics.RecoveryTime, l.redirected()
	if r.Hi == nil {
		t.Fatalf("no recovery was seen: %s", r.Words())
	}
	if moved == 0 || r.Hi.Duration() < moved-f.Effective.Hi-o.early(moved) || r.Lo.Duration() > r.Hi.Duration() {
		t.Errorf("clients were redirected at %s, the fault was at %+v; measured %s to %s", moved, *f.Effective,
			r.Lo.Duration(), r.Hi.Duration())
	}
	if m := o.mark(t, "redirected"); !m.At.Contains(moved) || m.At.Hi-m.At.Lo > time.Second ||
		m.Source != "automation.west" {
		t.Errorf("redirected at %s; the mark says %+v", moved, m)
	}

	var reads []string
	for _, r := range o.Reads {
		reads = append(reads, r.Read+" "+r.Store)
		if late := r.Read == history.AfterReconciliation; r.Region != "west" || late != (r.At.Lo >= f.Healed.Hi) {
			t.Errorf("healed at %+v; read %s of %s in %s at %+v", *f.Healed, r.Read, r.Store, r.Region, r.At)
		}
	}
	want := []string{
		"before_return postgres", "before_return items", "after_reconciliation postgres",
		"after_reconciliation items",
	}
	if diff := cmp.Diff(want, reads); diff != "" {
		t.Errorf("reads:\n%s", diff)
	}
	stopped, _ := o.PhaseAt(history.PhaseStop)
	if limit := f.Effective.Hi + 4*time.Second; stopped > limit {
		t.Errorf("the service was back; the load was stopped at %s, later than %s", stopped, limit)
	}
	loads := 0
	for _, e := range o.events {
		if e.Text == "" && e.Load.Acked > 0 {
			loads++
		}
	}
	if loads < 5 || stopped == 0 {
		t.Errorf("whoever watched saw the load %d times", loads)
	}
	loaded, _ := o.PhaseAt(history.PhaseWorkload)
	looked := history.Interval{Lo: o.Machines[0].At.Lo, Hi: o.Machines[len(o.Machines)-1].At.Hi}
	for _, op := range o.Ops {
		if op.Done > stopped || op.Due < loaded {
			t.Errorf("offered before the phase of the workload at %s, or ended after it at %s: %+v", loaded, stopped,
				op)
		}
		if !looked.Contains(op.Due) || !looked.Contains(op.Done) {
			t.Errorf("nobody looked how the machine did, from %s to %s: %+v", looked.Lo, looked.Hi, op)
		}
	}
}

func TestADrillThatLosesWritesFails(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.home.loses = func(n int) bool { return n > 30 } // acknowledged, and never copied
	o := run(t.Context(), t, plan(lose()), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, measure.Fail, measure.FindingRecoveryPoint)
	p := o.report.Metrics.RecoveryPoint
	if kept := p.Acked - p.Lost; p.Lost == 0 || kept < 25 || kept > 30 {
		t.Errorf("lost %d of %d: of the first 30 writes some may be unanswered, and of the others none is kept", p.Lost,
			p.Acked)
	}
}

func TestADrillThatNeverRecoversFails(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	p := plan(lose())
	p.Judge.RecoveryTime.Within, p.Judge.RecoveryTime.Window, p.Observe = time.Second, 500*ms, 2*time.Second
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, measure.Fail, measure.FindingRecoveryTime)
	r := o.report.Metrics.RecoveryTime
	if !r.Censored || r.Hi != nil || r.Lo.Duration() < time.Second || r.Lo.Duration() > 2500*ms {
		t.Errorf("observed for 2 s: %+v", r)
	}
	stopped, _ := o.PhaseAt(history.PhaseStop)
	if f := o.fault(t, "lose_region"); stopped-f.Effective.Hi < p.Observe || f.Healed == nil || f.Healed.Lo < stopped {
		t.Errorf("the load was stopped at %s; %+v", stopped, f)
	}
}

func TestAFaultThatIsNotSeenProvesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := run(t.Context(), t, plan(cutEast(&cut{unverified: true})), l)
	if !errors.Is(o.err, ErrProvesNothing) || !strings.Contains(o.err.Error(), "half of it did not come true") {
		t.Fatalf("got %v", o.err)
	}
	o.want(t, measure.Inconclusive)
	if f := o.fault(t, "cut"); f.Confirmed || f.Effective != nil || f.Healed == nil ||
		!strings.Contains(f.By, "half of it") {
		t.Errorf("recorded %+v", f)
	}
	if got := o.phases(); got != "workload steady_state workload_stopped" {
		t.Errorf("phases: %s", got)
	}
	if diff := cmp.Diff([]string{"cut"}, l.healed); diff != "" {
		t.Errorf("healed:\n%s", diff)
	}
}

func TestAFaultThatCannotBeInjectedIsAnError(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := run(t.Context(), t, plan(cutEast(&cut{before: func(context.Context) error { return errors.New("no way") }})),
		l)
	if o.err == nil || errors.Is(o.err, ErrProvesNothing) ||
		!strings.Contains(o.err.Error(), "inject cut on east: no way") {
		t.Errorf("got %v", o.err)
	}
	o.want(t, measure.Inconclusive)
	if diff := cmp.Diff([]string{"cut"}, l.healed); diff != "" { // who knows what it left behind
		t.Errorf("healed:\n%s", diff)
	}
}

func TestNoSteadyStateProvesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*tinyLab)
		last string
	}{
		"the service is sick": {func(l *tinyLab) { l.home.fall(true) }, "operations are ok (status 503: sick)"},
		"the lab is not ready": {
			func(l *tinyLab) { l.steady = func(time.Duration) error { return errors.New("the replica is behind") } },
			"the replica is behind",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.unattended = true
			c.set(l)
			p := plan(lose())
			p.Steady.Within = 1200 * ms
			o := run(t.Context(), t, p, l)
			if !errors.Is(o.err, ErrProvesNothing) || !strings.Contains(o.err.Error(),
				"no steady state within 1.2s; last seen: ") ||
				!strings.Contains(o.err.Error(), c.last) {
				t.Errorf("got %v", o.err)
			}
			o.want(t, measure.Inconclusive)
			if got := o.phases(); len(o.Faults) > 0 || got != "workload workload_stopped" {
				t.Errorf("phases %s; faults %+v", got, o.Faults)
			}
		})
	}
}

func TestAHoldBreaksNothingAndReadsHome(t *testing.T) {
	t.Parallel()
	l, p := newLab(t), plan(lose())
	p.Judge.Home = "east"
	rec, err := history.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	if err := Hold(t.Context(), p, l, rec, nil); err != nil {
		t.Fatal(err)
	}
	h := rec.Snapshot()
	if _, steady := h.PhaseAt(history.PhaseSteady); !steady || len(h.Faults) > 0 || l.redirected() != 0 {
		t.Errorf("steady: %t, faults: %v", steady, h.Faults)
	}
	acked := 0
	for _, op := range h.Ops {
		if op.Kind == history.Write && op.Outcome == history.OK {
			acked++
		}
	}
	for _, r := range h.Reads {
		if r.Region != "east" || len(r.IDs) != acked || acked == 0 {
			t.Errorf("read %s of %s: %d of %d writes", r.Store, r.Region, len(r.IDs), acked)
		}
	}
	if len(h.Reads) != 2 {
		t.Errorf("%d stores were read", len(h.Reads))
	}
	l.steady = func(time.Duration) error { return errors.New("a replica is away") }
	p.Steady.Within = 200 * ms
	if err := Hold(t.Context(), p, l, rec, nil); !errors.Is(err, ErrProvesNothing) ||
		!strings.Contains(err.Error(), "a replica is away") {
		t.Errorf("without a steady state: %v", err)
	}
}

func TestAFailoverBeforeTheFaultIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.steady = func(time.Duration) error { return fmt.Errorf("%w (to west)", ErrMovedAlready) }
	p := plan(lose())
	p.Steady.Within = time.Hour
	o := run(t.Context(), t, p, l)
	if !errors.Is(o.err, ErrProvesNothing) || !strings.Contains(o.err.Error(), "(to west)") {
		t.Errorf("got %v", o.err)
	}
	o.want(t, measure.Inconclusive)
}

func TestABreakInTheSteadyStateStartsItAnew(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const broken, mended = 400 * ms, 1300 * ms // three looks long: none of them is on time to the millisecond
	l.steady = func(now time.Duration) error {
		if now > broken && now < mended {
			return errors.New("a moment, please")
		}
		return nil
	}
	p := plan(lose())
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if at, ok := o.PhaseAt(history.PhaseSteady); !ok || at < mended-steadyEvery+p.Steady.Hold {
		t.Errorf("steady at %s, though the lab was not until %s", at, mended)
	}
}

func TestAStoreThatCannotBeReadIsInconclusive(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unreadable = history.StoreItems
	l.reconcile = func(context.Context) error { return errors.New("east has more to tell") }
	o := run(t.Context(), t, plan(lose()), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, measure.Inconclusive)
	if why := strings.Join(o.report.Reasons, "\n"); !strings.Contains(why,
		"reading items before the lost region returned failed: it burns") {
		t.Errorf("reasons: %s", why)
	}
	if m := o.mark(t, "reconcile_incomplete"); m.Source != "harness" || m.Detail != "east has more to tell" {
		t.Errorf("got %+v", m)
	}
}

// This one is alone while it runs: it looks at every goroutine there is.
func TestNothingRunsOnAfterADrill(t *testing.T) {
	l := newLab(t)
	o := run(t.Context(), t, plan(lose()), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for g := range strings.SplitSeq(string(all), "\n\n") {
		for _, ours := range []string{
			"drill.(*drill)", "drill.(*tinyLab).FollowMarks", "scenarios/workload.",
			"fault.(*Guard)",
		} {
			if strings.Contains(g, ours) {
				t.Errorf("it runs on:\n%s", g)
				break
			}
		}
	}
}

// early is by how much the first operation that the standby served was due before a time: one that was sent late, or
// looked its region up for long, was due while the service was away, and is served, as clients see it.
func (o outcome) early(before time.Duration) (by time.Duration) {
	for _, op := range o.Ops {
		if op.Outcome == history.OK && op.Region == "west" {
			by = max(by, before-op.Due)
		}
	}
	return by
}

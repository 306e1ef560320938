package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func TestAnInterruptedDrillLeavesTheLabWhole(t *testing.T) {
	t.Parallel()
	errCtrlC := errors.New("somebody pressed Ctrl-C")
	type act func(context.Context) error
	for name, c := range map[string]struct {
		when  string                // this was said; or, empty,
		steps func(stop act) []Step // one of these stops it, and does not end before
	}{
		"before steady state":    {"workload", func(act) []Step { return []Step{lose()} }},
		"while a region is lost": {"lose_region is in force", func(act) []Step { return []Step{lose()} }},
		"while it is injected":   {"", func(stop act) []Step { return []Step{cutEast(&cut{before: stop})} }},
		"while a job runs":       {"", func(act) []Step { return []Step{{Job: "backup"}, lose()} }},
		"while it reconciles":    {"", func(act) []Step { return []Step{lose()} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var at time.Time
			stop := func(ctx context.Context) error {
				at = time.Now()
				cancel(errCtrlC)
				<-ctx.Done()
				return context.Cause(ctx)
			}
			l.unattended, l.job, l.reconcile = true, stop, stop
			p := plan(c.steps(stop)...)
			p.Observe = 300 * ms
			o := run(ctx, t, p, l, func(e Event) {
				if c.when != "" && strings.HasPrefix(e.Text, c.when) && at.IsZero() {
					_ = stop(ctx)
				}
			})
			if took := time.Since(at); at.IsZero() || took > 5*time.Second {
				t.Errorf("it took %s to end", took)
			}
			if !errors.Is(o.err, errCtrlC) || errors.Is(o.err, ErrProvesNothing) {
				t.Errorf("got %v", o.err)
			}
			o.want(t, measure.Inconclusive)
			for _, f := range o.Faults {
				if f.Healed == nil {
					t.Errorf("not healed: %+v", f)
				}
			}
			if _, ended := o.PhaseAt(history.PhaseEnd); ended {
				t.Error("its evidence says that it is complete")
			}
		})
	}
}

func TestFaultsAreHealedInReverse(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	west := Step{At: 400 * ms, Inject: []fault.Spec{&cut{kind: "second", region: "west"}}}
	p := plan(cutEast(&cut{kind: "first"}), west)
	p.Observe = 300 * ms
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if diff := cmp.Diff([]string{"second", "first"}, l.healed); diff != "" {
		t.Errorf("healed:\n%s", diff)
	}
	if a, b := o.fault(t, "first"), o.fault(t, "second"); b.Command < a.Effective.Hi || a.Healed.Lo < b.Healed.Lo {
		t.Errorf("recorded %+v and %+v", a, b)
	}
}

func TestStepsWaitForWhatTheySay(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := run(t.Context(), t, plan(
		cutEast(&cut{}),
		Step{When: "redirected", At: 200 * ms, Heal: "cut"},
		Step{When: Recovered, Inject: []fault.Spec{&cut{kind: "second", region: "west"}}},
	), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	first, second, moved := o.fault(t, "cut"), o.fault(t, "second"), l.redirected()
	if first.Healed.Lo < moved+200*ms || first.Healed.Lo > second.Command {
		t.Errorf("redirected at %s; %+v", moved, first)
	}
	// The window of a second has to pass before anybody can say that the service is back.
	if second.Command < moved+time.Second {
		t.Errorf("redirected at %s; %+v", moved, second)
	}
	if diff := cmp.Diff([]string{"cut", "second"}, l.healed); diff != "" { // once each
		t.Errorf("healed:\n%s", diff)
	}
}

// A fault that is in force for a time ends when that is over, also while a step is waited for, and before the drill
// ends.
func TestFaultsEndInTime(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := cutEast(&cut{})
	first.For = 200 * ms
	second := Step{When: "redirected", Inject: []fault.Spec{&cut{kind: "second", region: "west"}}, For: 700 * ms}
	o := run(t.Context(), t, plan(first, second), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	for kind, lasts := range map[string]time.Duration{"cut": first.For, "second": second.For} {
		f := o.fault(t, kind)
		if took := f.Healed.Lo - f.Effective.Hi; took < lasts || took > lasts+lookEvery+50*ms {
			t.Errorf("%s was in force for %s, want %s: %+v", kind, took, lasts, f)
		}
		if i := slices.IndexFunc(o.Steps, func(s history.Step) bool {
			return s.Action == "heal" && s.Of == kind && s.Due == f.Effective.Hi+lasts
		}); i < 0 {
			t.Errorf("that %s is healed is no step of %+v", kind, o.Steps)
		}
	}
	if diff := cmp.Diff([]string{"cut", "second"}, l.healed); diff != "" { // once each
		t.Errorf("healed:\n%s", diff)
	}
}

// Faults of one step come at one moment: the baselines of all are from before, each is ordered and confirmed by itself,
// and a step that means them by the step's name heals all of them.
func TestFaultsOfOneStepComeAtOneMoment(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	slow := 200 * ms
	east := &cut{kind: "first", region: "east", before: func(context.Context) error { time.Sleep(slow); return nil }}
	west := &cut{kind: "second", region: "west", before: func(context.Context) error { time.Sleep(slow); return nil }}
	both := Step{Name: "both", At: 300 * ms, Inject: []fault.Spec{east, west}}
	o := run(t.Context(), t, plan(both, Step{After: "both", At: 100 * ms, Heal: "both"}), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	a, b := o.fault(t, "first"), o.fault(t, "second")
	if apart := (a.Command - b.Command).Abs(); apart > slow/2 {
		t.Errorf("they were ordered %s apart: %+v and %+v", apart, a, b)
	}
	if !a.Confirmed || !b.Confirmed || a.Effective == nil || b.Effective == nil {
		t.Errorf("confirmed: %+v and %+v", a, b)
	}
	last := max(a.Effective.Hi, b.Effective.Hi)
	for _, f := range []history.Fault{a, b} {
		if f.Healed == nil || f.Healed.Lo < last+100*ms {
			t.Errorf("it was healed before it was due: %+v", f)
		}
	}
	if diff := cmp.Diff([]string{"second", "first"}, l.healed); diff != "" {
		t.Errorf("healed:\n%s", diff)
	}
	var injected []string
	for _, s := range o.Steps {
		if s.Action == history.ActionInject {
			injected = append(injected, s.Of)
		}
	}
	slices.Sort(injected)
	if diff := cmp.Diff([]string{"first", "second"}, injected); diff != "" {
		t.Errorf("recorded as steps:\n%s", diff)
	}
}

// A step may be counted from when a fault took effect, and heal that of a step by its name, be there an older one.
func TestStepsMeanOthersByTheirNames(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first, second := cutEast(&cut{}), Step{Name: "west", At: 300 * ms, Inject: []fault.Spec{&cut{region: "west"}}}
	o := run(t.Context(), t, plan(first, second, Step{After: "west", At: 250 * ms, Heal: "west"}), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	east, west := o.Faults[0], o.Faults[1]
	if took := west.Healed.Lo - west.Effective.Hi; took < 250*ms || took > 350*ms {
		t.Errorf("it was healed %s after it took effect: %+v", took, west)
	}
	if east.Healed.Lo < west.Healed.Hi {
		t.Errorf("the older one was healed: %+v, then %+v", east, west)
	}
}

// That the service is back is said when it is, and not when the last step is done.
func TestTheServiceIsSaidToBeBackBeforeTheNextStep(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := run(t.Context(), t, plan(cutEast(&cut{}), Step{When: Recovered, At: 300 * ms, Heal: "cut"}), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	healed := o.fault(t, "cut").Healed.Lo
	said := 0
	for _, e := range o.events {
		if e.Text != "the service is back" {
			continue
		}
		if said++; e.At >= healed || e.At < l.redirected() {
			t.Errorf("clients were redirected at %s, the fault was healed at %s, and it is said at %s", l.redirected(),
				healed, e.At)
		}
	}
	if said != 1 {
		t.Errorf("it is said %d times", said)
	}
}

// Nobody says of a service that was not away that it is back, nor keeps silent of one that was, whatever was broken
// since. The history is made up: a machine that is busy has outages of its own.
func TestTheServiceIsSaidToBeBackOnlyWhereItWasAway(t *testing.T) {
	const sec = time.Second
	fault := func(kind string, at time.Duration) history.Fault {
		return history.Fault{
			Name: kind, Target: "west", Confirmed: true, Command: at,
			Effective: &history.Interval{Lo: at, Hi: at + 10*ms},
		}
	}
	for name, c := range map[string]struct {
		faults []history.Fault
		away   []history.Interval
		want   []time.Duration // by then it has been said, and not long before
	}{
		"nothing was away": {[]history.Fault{fault("cut", 2*sec)}, nil, nil},
		"away later": {
			[]history.Fault{fault("cut", 2*sec)},
			[]history.Interval{{Lo: 5 * sec, Hi: 6 * sec}},
			[]time.Duration{7000 * ms},
		},
		"a condition came since": {
			[]history.Fault{fault("cut", 2*sec), fault("squeeze", 3*sec)},
			[]history.Interval{{Lo: 2 * sec, Hi: 4 * sec}},
			[]time.Duration{5000 * ms},
		},
		"away twice, broken once": {
			[]history.Fault{fault("cut", 2*sec)},
			[]history.Interval{{Lo: 2 * sec, Hi: 3 * sec}, {Lo: 6 * sec, Hi: 7 * sec}},
			[]time.Duration{4000 * ms, 8000 * ms},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := history.NewRecorder("")
			if err != nil {
				t.Fatal(err)
			}
			at := time.Duration(0)
			var said []time.Duration
			d := &drill{rec: rec, live: measure.NewWatch(plan().Judge), watch: func(e Event) {
				if e.Text == "the service is back" {
					said = append(said, at)
				}
			}}
			h := history.History{Phases: []history.Phase{
				{Name: history.PhaseWorkload},
				{Name: history.PhaseSteady, At: sec},
			}}
			for ; at < 10*sec; at += 20 * ms {
				op := history.Op{
					Seq: int64(len(h.Ops)), Kind: history.Write, ID: fmt.Sprint(at), Due: at, Sent: at, Done: at + 5*ms,
					Outcome: history.OK,
					Status:  201, Region: "west", Attempts: 1,
				}
				for _, away := range c.away {
					if at >= away.Lo && at < away.Hi {
						op.Outcome, op.Status = history.Failed, 503
					}
				}
				h.Ops, h.Faults = append(h.Ops, op), nil
				for _, f := range c.faults {
					if f.Effective.Hi <= at {
						h.Faults = append(h.Faults, f)
					}
				}
				d.recovered(h)
			}
			if len(said) != len(c.want) {
				t.Fatalf("said at %s, want by %s", said, c.want)
			}
			for i, want := range c.want {
				if said[i] > want || said[i] < want-100*ms {
					t.Errorf("said at %s, want by %s", said[i], want)
				}
			}
		})
	}
}

func TestJobsRunWhereThePlanHasThem(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var at time.Duration
	l.job = func(context.Context) error { at = l.now(); return nil }
	o := run(t.Context(), t, plan(Step{At: 100 * ms, Job: "backup"}, lose()), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	steady, _ := o.PhaseAt(history.PhaseSteady)
	if f := o.fault(t, "lose_region"); at < steady+100*ms || at > f.Command {
		t.Errorf("steady at %s, the job ran at %s, the fault came at %s", steady, at, f.Command)
	}
	if diff := cmp.Diff([]string{"backup"}, l.jobs); diff != "" {
		t.Errorf("jobs:\n%s", diff)
	}
}

func TestAJobThatFailsEndsTheDrill(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := run(t.Context(), t, plan(Step{Job: "backup"}, lose()), l)
	if o.err == nil || errors.Is(o.err, ErrProvesNothing) ||
		!strings.Contains(o.err.Error(), `run job "backup": there is none`) {
		t.Errorf("got %v", o.err)
	}
	if len(o.Faults) > 0 {
		t.Errorf("the steps after it were run: %+v", o.Faults)
	}
}

func TestHealingWhatWasNotInjectedIsAnError(t *testing.T) {
	t.Parallel()
	o := run(t.Context(), t, plan(Step{Heal: "cut"}), newLab(t))
	if o.err == nil || !strings.Contains(o.err.Error(), "heal cut: it was not injected") {
		t.Errorf("got %v", o.err)
	}
}

// The wait is half a minute at least, so the clock of this one is not the machine's.
func TestAConditionThatNeverComesIsGivenUp(t *testing.T) {
	for name, observe := range map[string]time.Duration{
		"half a minute":          10 * time.Second,
		"as long as is observed": time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec, err := history.NewRecorder("")
				if err != nil {
					t.Fatal(err)
				}
				var events []string
				p := plan(Step{When: "promoted", Job: "backup"}, Step{Job: "backup"})
				p.Observe = observe
				l := &tinyLab{job: func(context.Context) error { return nil }}
				d := &drill{plan: p, lab: l, rec: rec, watch: func(e Event) { events = append(events, e.Text) }}
				if err := d.runSteps(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took, want := rec.Now(), max(observe, 30*time.Second); took < want || took > want+2*lookEvery {
					t.Errorf("gave up after %s, want %s", took, want)
				}
				if len(l.jobs) > 0 || len(events) != 1 || !strings.Contains(events[0],
					`gave up waiting for "promoted"`) {
					t.Errorf("jobs %v; said %q", l.jobs, events)
				}
			})
		})
	}
}

func TestASwitchoverIsRecordedFromItsOrderOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		done bool
		ends error
	}{
		"done":     {nil, true, nil},
		"not done": {fmt.Errorf("%w: the standby is behind", ErrNotSwitched), false, nil},
		"unknown":  {errors.New("no answer"), false, errors.New("no answer")},
	} {
		l := newLab(t)
		l.unattended = true
		var asked string
		l.switchover = func(_ context.Context, region string, said func(string)) error {
			asked = region
			said("step fence")
			return c.err
		}
		p := plan(Step{At: 200 * ms, Switchover: "west"})
		p.Observe = 300 * ms
		o := run(t.Context(), t, p, l)
		if (o.err != nil) != (c.ends != nil) || asked != "west" {
			t.Errorf("%s: %v, and asked was %q", name, o.err, asked)
		}
		f := o.fault(t, history.Switchover)
		if f.Target != "west" || !f.Confirmed || f.Effective.Lo != f.Command || (f.Healed != nil) != c.done {
			t.Errorf("%s: recorded %+v", name, f)
		}
	}
}

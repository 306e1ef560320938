package drill

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// lasting is something that takes so long.
func lasting(long time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(long):
			return nil
		}
	}
}

// A fault that is late by its own baseline is told to be when it is ordered, and not when it is confirmed.
func TestAFaultThatIsLateByItsBaselineIsToldAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	p := plan(cutEast(&cut{baseline: lasting(200 * ms), before: lasting(2 * time.Second)}))
	p.Observe = 300 * ms
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	f := o.fault(t, "cut")
	for _, e := range o.events {
		if strings.Contains(e.Text, " was due at ") {
			if e.At < f.Command || e.At > f.Command+time.Second {
				t.Errorf("it is ordered at %s, and told to be late at %s: %s", f.Command, e.At, e.Text)
			}
			return
		}
	}
	t.Errorf("its baseline took 400 ms, and nobody tells: %+v", o.Steps)
}

// A step waits until the fault before it is confirmed. That it is late then is told when it comes, once, and recorded.
func TestAStepThatStartsLateIsTold(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	slow := cutEast(&cut{kind: "slow", before: lasting(700 * ms)})
	p := plan(slow, Step{At: 400 * ms, Inject: []fault.Spec{&cut{kind: "second", region: "west"}}},
		Step{At: 3 * time.Second, Heal: "slow"}, Step{Heal: "second"})
	p.Observe = 300 * ms
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if len(o.Steps) != 4 {
		t.Fatalf("of four steps these are recorded: %+v", o.Steps)
	}
	steady, _ := o.PhaseAt(history.PhaseSteady)
	if s := o.Steps[3]; s.Late() > 50*ms { // no time was asked for
		t.Errorf("it is late for no time: %+v", s)
	}
	for i, s := range o.Steps[:3] {
		if due := steady + p.Steps[i].At; s.Due < due-50*ms || s.Due > due+50*ms || s.Waited {
			t.Errorf("it was due at %s: %+v", due, s)
		}
	}
	late := o.Steps[1].Late()
	if o.Steps[1].Began != o.fault(t, "second").Command || late < 500*ms || late > 5*time.Second {
		t.Errorf("the second began %s late: %+v", late, o.Steps[1])
	}
	var told []Event
	for _, e := range o.events {
		if strings.Contains(e.Text, " was due at ") {
			told = append(told, e)
		}
	}
	want := fmt.Sprintf("second was due at %s of the drill, and is ", measure.Exactly(o.Steps[1].Due))
	if len(told) != 1 || !told[0].Fault || !strings.HasPrefix(told[0].Text, want) ||
		!strings.HasSuffix(told[0].Text, " late") {
		t.Fatalf("want %q, and once: %+v", want, told)
	}
	if told[0].At > o.fault(t, "second").Effective.Hi {
		t.Errorf("it is told at %s, when %+v was over", told[0].At, o.fault(t, "second"))
	}
}

// What is confirmed long after it came is told by when it came: what followed from it may have been told before.
func TestSinceWhenAFaultIsInForceIsTold(t *testing.T) {
	for ago, want := range map[time.Duration]string{
		20 * ms: "", 1620 * ms: " since 1.62 s ago, confirmed now", -ms: "",
	} {
		if got := sinceWhen(ago); got != want {
			t.Errorf("after %s it says %q, want %q", ago, got, want)
		}
	}
}

// A step begins when it is due, and not at the next look after that.
func TestAStepBeginsWhenItIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec, err := history.NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		d := &drill{rec: rec, live: measure.NewWatch(plan().Judge)}
		const due = 1234567 * time.Microsecond
		if err := d.awaitDue(t.Context(), due); err != nil || rec.Now() != due {
			t.Errorf("it is %s: %v", rec.Now(), err)
		}
		if err := rec.Close(); err != nil {
			t.Error(err)
		}
	})
}

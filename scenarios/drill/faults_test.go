package drill

import (
	"context"
	"strings"
	"testing"
)

// A fault that went away by itself is on record, with when it was last seen in force and when it was found gone.
func TestAFaultThatLapsedIsOnRecord(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	p := plan(cutEast(&cut{}), Step{At: 900 * ms, Heal: "cut"})
	p.Observe = 300 * ms
	said := ""
	o := run(t.Context(), t, p, l, func(e Event) {
		if strings.HasPrefix(e.Text, "cut is in force") {
			_ = l.door("east").Restore(context.WithoutCancel(t.Context()))
		}
		if strings.Contains(e.Text, "was not in force any more") {
			said = e.Text
		}
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	f := o.fault(t, "cut")
	if !f.Confirmed || f.Lapsed == nil || f.Healed == nil || said == "" {
		t.Fatalf("recorded %+v, said %q", f, said)
	}
	// It is seen in force more than once before it counts, and so a little after it surely was.
	if f.Lapsed.Lo < f.Command || f.Lapsed.Hi < f.Lapsed.Lo+100*ms || f.Lapsed.Hi > f.Healed.Lo {
		t.Errorf("in force at %+v, lapsed %+v, healed %+v", *f.Effective, *f.Lapsed, *f.Healed)
	}
}

func TestAFaultThatHeldHasNotLapsed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := run(t.Context(), t, plan(lose()), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if f := o.fault(t, "lose_region"); f.Lapsed != nil || f.Healed == nil {
		t.Errorf("recorded %+v", f)
	}
}

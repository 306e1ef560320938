package drill

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// detailOf is what the first mark of a name says.
func detailOf(h history.History, name string) string {
	for _, m := range h.Marks {
		if m.Name == name {
			return m.Detail
		}
	}
	return ""
}

// Where no automation takes over, a person may order it: who did, and when, is in the record.
func TestAPersonOrdersTheFailover(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	o := run(t.Context(), t, plan(
		lose(),
		Step{At: 800 * ms, Note: "deploys are locked", By: "the manager"},
		Step{At: 900 * ms, Failover: "west", By: "the engineer on call"},
	), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, measure.Pass)
	if got, want := detailOf(o.History, MarkOrdered), "the engineer on call: to west"; got != want {
		t.Errorf("the order is %q, want %q", got, want)
	}
	if got, want := detailOf(o.History, MarkNote), "the manager: deploys are locked"; got != want {
		t.Errorf("the note is %q, want %q", got, want)
	}
	last := o.Steps[len(o.Steps)-1]
	if last.Action != "failover" || last.Of != "west" || last.By != "the engineer on call" ||
		l.redirected() < last.Began {
		t.Errorf("redirected at %s by %+v", l.redirected(), last)
	}
}

// That the failover is not done is what the drill finds out. Faults that end meanwhile end in time.
func TestAFailoverThatIsNotDoneIsRecorded(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	ended := make(chan struct{})
	l.failover = func(ctx context.Context) error {
		select {
		case <-ended:
			return errors.New("it is in step promote")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	first := cutEast(&cut{})
	first.For = 600 * ms
	p := plan(first, Step{At: 500 * ms, Failover: "west"})
	o := run(t.Context(), t, p, l, func(e Event) {
		if strings.HasPrefix(e.Text, "cut is healed") {
			close(ended)
		}
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	if got := detailOf(o.History, MarkNotDone); got != "it is in step promote" {
		t.Errorf("what became of the order is %q", got)
	}
	if got, want := detailOf(o.History, MarkOrdered), "somebody: to west"; got != want {
		t.Errorf("the order is %q, want %q", got, want)
	}
}

package drill

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// loaded is a drill of an app whose load is offered until the test ends.
func loaded(t *testing.T, l *tinyLab, a *app.App) *drill {
	t.Helper()
	rec, err := history.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	p := plan()
	p.App, p.Protocol = a, workload.Of(a, workload.Login{})
	nothing := func() {}
	d := &drill{
		plan: p, lab: l, rec: rec, watch: func(Event) {}, stopLags: nothing, stopControls: nothing,
		stopMachine: nothing,
	}
	if err := d.startLoad(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stopLoad(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A store that can't be read at first is read later, and then has what was acknowledged meanwhile.
func TestWhatIsAcknowledgedWhileStoresAreReadIsFound(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rounds := 0
	l.unreadable = history.StoreItems
	l.reading = func() {
		if rounds++; rounds == 3 {
			l.unreadable = ""
		}
	}
	d := loaded(t, l, giving)
	d.read(t.Context(), history.BeforeReturn)
	h := d.rec.Snapshot()
	if len(h.Reads) != 2 || h.Reads[1].Error != "" {
		t.Fatalf("read %+v", h.Reads)
	}
	first, later := h.Reads[0].At.Lo, 0
	for _, op := range h.Ops {
		if op.Kind != history.Write || op.Outcome != history.OK || op.Done > h.Reads[1].At.Lo {
			continue
		}
		if op.Done > first {
			later++
		}
		if !slices.Contains(h.Reads[1].IDs, op.ID) {
			t.Errorf("%s was acknowledged at %s, and is not in what was read from %s on", op.ID, op.Done,
				h.Reads[1].At.Lo)
		}
	}
	if later < 5 {
		t.Errorf("%d writes were acknowledged meanwhile", later)
	}
}

func TestOnlyTheDrillsOwnIDsAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app  *app.App
		want func(prefix string) []string
	}{
		// One that nobody wrote is told by its prefix.
		"the client chooses": {kyc, func(prefix string) []string { return []string{prefix + "phantom"} }},
		"the app chooses":    {giving, func(string) []string { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			d := loaded(t, l, c.app)
			prefix := d.load.IDPrefix()
			l.drop = map[string]func([]string) []string{history.StoreItems: func([]string) []string {
				return []string{"1", prefix + "phantom", "v-of-others"}
			}}
			d.read(t.Context(), history.BeforeReturn)
			if diff := cmp.Diff(c.want(prefix), d.rec.Snapshot().Reads[1].IDs, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

// An app may acknowledge a write before it has it in a store. What is there a moment later was not lost.
func TestWhatIsOnItsWayIsNotLost(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	reads := 0
	l.drop = map[string]func([]string) []string{history.StoreItems: func(ids []string) []string {
		slices.Sort(ids) // by when clients sent them
		if reads++; reads <= 3 {
			return ids[:max(0, len(ids)-3)]
		}
		return ids
	}}
	o := run(t.Context(), t, plan(lose()), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	for _, f := range o.report.Findings {
		if f.ID == measure.FindingLostAfterFailover && f.Verdict != measure.Pass {
			t.Errorf("%+v", f)
		}
	}
	if reads < 4 {
		t.Errorf("it was read %d times", reads)
	}
}

package drill

import (
	"context"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// steadyLab is a lab in which all is well.
type steadyLab struct{ Lab }

func (steadyLab) Steady(context.Context) error { return nil }

// The operations are held against the criterion as they are after the fault: each kind by itself too, and without what
// clients tried again.
func TestTheSteadyStateIsOneOfEachKind(t *testing.T) {
	t.Parallel()
	failed := func(op *history.Op) { op.Outcome, op.Error = history.Failed, "status 503: busy" }
	for name, c := range map[string]struct {
		edit func(i int, op *history.Op)
		want string
	}{
		"all is well": {func(int, *history.Op) {}, ""},
		"one in five writes fails": {func(i int, op *history.Op) {
			if i%100 == 0 {
				failed(op)
			}
		}, "8 of 10 writes are ok (status 503: busy)"},
		"repetitions fail": {func(i int, op *history.Op) {
			if op.Kind == history.Read && i%5 == 0 {
				op.Retry = 1
				failed(op)
			}
		}, ""},
	} {
		rec, err := history.NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 { // one in twenty is a write
			at := time.Duration(i) * 25 * ms
			op := history.Op{
				Seq: int64(i), Kind: history.Read, Due: at, Sent: at, Done: at + ms, Outcome: history.OK, Attempts: 1,
			}
			if i%20 == 0 {
				op.Kind = history.Write
			}
			c.edit(i, &op)
			rec.Op(op)
		}
		d := &drill{plan: plan(), lab: steadyLab{}, rec: rec}
		got := ""
		if err := d.checkSteady(t.Context(), 0); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

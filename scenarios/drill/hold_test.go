package drill

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

// A store may have a write a little after its acknowledgement.
func TestAHoldReadsAgainWhatAStoreLacks(t *testing.T) {
	t.Parallel()
	l, p := newLab(t), plan(lose())
	p.Judge.Home = "east"
	rec, err := history.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	rounds := 0
	l.reading = func() { rounds++ }
	l.drop = map[string]func([]string) []string{history.StoreItems: func(ids []string) []string {
		if rounds < 3 {
			return ids[:len(ids)-1]
		}
		return ids
	}}
	if err := Hold(t.Context(), p, l, rec, nil); err != nil {
		t.Fatal(err)
	}
	h := rec.Snapshot()
	if len(h.Reads) != 2 || rounds != 3 {
		t.Fatalf("read %d times: %+v", rounds, h.Reads)
	}
	for _, op := range h.Ops {
		if op.Kind == history.Write && op.Outcome == history.OK && !slices.Contains(h.Reads[1].IDs, op.ID) {
			t.Errorf("%s was acknowledged, and not read", op.ID)
		}
	}
}

// What a read that is cut short does not find says nothing, and is no success.
func TestAHoldThatIsCutShortInItsLastReadSaysSo(t *testing.T) {
	t.Parallel()
	errCtrlC := errors.New("somebody pressed Ctrl-C")
	l, p := newLab(t), plan(lose())
	p.Judge.Home = "east"
	rec, err := history.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	l.reading = func() { cancel(errCtrlC) }
	if err := Hold(ctx, p, l, rec, nil); !errors.Is(err, errCtrlC) {
		t.Errorf("it ends with %v", err)
	}
}

package drill

import (
	"context"
	"errors"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

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

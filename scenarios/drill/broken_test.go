package drill

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// A lab that breaks by itself ends the drill at once, whatever it is waiting for, and it is no matter of the service:
// neither that nothing was proven nor what could not be read or healed is told instead.
func TestALabThatBreaksEndsTheDrill(t *testing.T) {
	for moment, sign := range map[string]string{
		"before the steady state":      "workload",
		"while a mark is waited for":   "lose_region is in force",
		"while recovery is watched":    "automation.west: redirected",
		"while the stores are read":    "workload_stopped",
		"while it is healed":           "heal lose_region",
		"while what is left is copied": "lose_region is healed",
	} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			errBroken := errors.New("replicator.west ended by itself")
			l := newLab(t)
			l.reconcile = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
			p := plan(lose())
			if moment == "while a mark is waited for" {
				p = plan(lose(), Step{When: "never", Inject: lose().Inject})
			}
			var at time.Time
			o := run(t.Context(), t, p, l, func(e Event) {
				if at.IsZero() && strings.HasPrefix(e.Text, sign) {
					at = time.Now()
					l.breaks(errBroken)
				}
			})
			took := time.Since(at)
			if at.IsZero() {
				t.Fatalf("nobody was told %q", sign)
			}
			if !errors.Is(o.err, errBroken) || errors.Is(o.err, ErrProvesNothing) {
				t.Errorf("the drill ends with %v", o.err)
			}
			if took > 5*time.Second {
				t.Errorf("it took %s to end", took)
			}
			if _, ended := o.PhaseAt(history.PhaseEnd); ended {
				t.Error("it came to its end")
			}
		})
	}
}

func TestALabThatBreaksIsNoFailoverThatCameTooEarly(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("automation.west ended by itself")
	l := newLab(t)
	l.steady = func(now time.Duration) error {
		if now < 300*ms {
			return nil
		}
		l.end(errBroken)
		<-l.alive[0].Done() // the drill's
		return ErrMovedAlready
	}
	if o := run(t.Context(), t, plan(lose()), l); !errors.Is(o.err, errBroken) || errors.Is(o.err, ErrProvesNothing) {
		t.Errorf("the drill ends with %v", o.err)
	}
}

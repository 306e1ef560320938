package drill

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// work is what an app does for each operation.
type work = func(ctx context.Context) (sick bool)

// taking is the work of an app that needs so long for each, or until nobody waits for it.
func taking(long time.Duration) work {
	return func(ctx context.Context) bool {
		select {
		case <-time.After(long):
		case <-ctx.Done():
		}
		return false
	}
}

// oneByOne is that of one that does one thing at a time.
func oneByOne(each time.Duration) work {
	turn, take := make(chan struct{}, 1), taking(each)
	return func(ctx context.Context) bool {
		select {
		case turn <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		defer func() { <-turn }()
		return take(ctx)
	}
}

// An app that does not bear the load when all is well would be found guilty of what the fault did: the drill ends
// before it, and says what was offered, what was answered, and how quickly.
func TestAnAppThatDoesNotBearItsLoadProvesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		work func() work
		says string
	}{
		"it falls behind": {
			func() work { return oneByOne(40 * ms) }, // 25 operations a second
			`of \d+(\.\d)? operations/s that were offered when nothing was broken, \d\d?\.\d % were answered ok ` +
				`\(else: .+\), p90 in .+; the objective wants 90 %, p90 in at most 800 ms`,
		},
		"it is too slow": {
			func() work { return taking(850 * ms) },
			`of \d+(\.\d)? operations/s that were offered when nothing was broken, \d+\.\d % were answered ok` +
				`.*, p90 in (8[5-9]\d ms|9\d\d ms|1(\.\d+)? s); the objective wants 90 %, p90 in at most 800 ms`,
		},
		"it turns one in four away": {
			func() work {
				var n atomic.Int64
				return func(context.Context) bool { return n.Add(1)%4 == 0 }
			},
			`of \d+(\.\d)? operations/s that were offered when nothing was broken, [4-7]\d\.\d % were answered ok ` +
				`\(else: status 503: sick\), p90 in .+; the objective wants 90 %, p90 in at most 800 ms`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.unattended = true
			l.home.works(c.work())
			p := plan(lose())
			p.Steady.Hold, p.Steady.Within = 2*time.Second, 4*time.Second
			o := run(t.Context(), t, p, l)
			says := regexp.MustCompile(`the load was too high for the app: ` + c.says)
			both := regexp.MustCompile(`last seen: .+ (are ok|took longer than|operations ended) .+; ` + says.String())
			if !errors.Is(o.err, ErrProvesNothing) || !both.MatchString(o.err.Error()) {
				t.Errorf("got %v", o.err)
			}
			o.want(t, measure.Inconclusive)
			// What the harness did when it stood still is not held against the app.
			if len(o.Stalls) == 0 && !says.MatchString(o.report.Reasons[0]) {
				t.Errorf("reasons: %q", o.report.Reasons)
			}
			if got := o.phases(); len(o.Faults) > 0 || got != "workload workload_stopped" {
				t.Errorf("phases %s; faults %+v", got, o.Faults)
			}
		})
	}
}

// What nobody answered has another cause than its load.
func TestAnAppThatAnswersNothingIsNotSaidToHaveTooMuchToDo(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	l.home.fall(true)
	p := plan(lose())
	p.Steady.Within = 1200 * ms
	o := run(t.Context(), t, p, l)
	all := append([]string{o.err.Error()}, o.report.Reasons...)
	if said := strings.Join(all, "; "); strings.Contains(said, "the load was too high") {
		t.Errorf("it is said: %s", said)
	}
}

// What the load had to do with it is told only where the load is what was complained of last.
func TestALabThatIsNotSteadyIsNotSaidToHaveTooMuchToDo(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.unattended = true
	var n atomic.Int64
	l.home.works(func(context.Context) bool { return n.Add(1)%4 == 0 })
	l.steady = func(time.Duration) error { return errors.New("replication is 4 s behind") }
	p := plan(lose())
	p.Steady.Within = 1200 * ms
	o := run(t.Context(), t, p, l)
	const said = "last seen: replication is 4 s behind"
	if !errors.Is(o.err, ErrProvesNothing) || !strings.HasSuffix(o.err.Error(), said) {
		t.Errorf("got %v", o.err)
	}
}

package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/fault/faulttest"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// furtherCases are cases of kinds that do several things. The first case of each kind is its example in the catalogue.
var furtherCases = []string{
	"blackhole: {from: clients, to: us-east-1, service: app}",
	"byte_limit: {from: us-west-2, to: us-east-1, service: app, bytes: 50000, direction: upstream}",
	"cut_control: {region: us-east-1, of: automation}",
	"fill_disk: {service: postgres, role: primary}",
	"kill: {node: app-1.us-west-2}",
	"kill: {service: redis, region: us-east-1}",
	"lag_replication: {store: items, region: us-west-2, lag: 2m}",
	"lose_region: {region: us-west-2}",
	"partition: {from: us-west-2, to: us-east-1, service: redis}",
	"pause: {service: s3, region: us-east-1}",
	"pause_replication: {store: postgres, region: us-west-2}",
	"pause_replication: {store: postgres, region: us-west-2, what: receipt}",
	"read_only_disk: {node: postgres.us-west-2}",
	"throttle_replication: {store: postgres, region: us-west-2, rate: 50000}",
}

// timescale makes minutes of the examples seconds.
const timescale = 60

// readCase reads a fault as it is written in a scenario file.
func readCase(t *testing.T, text string) fault.Spec {
	t.Helper()
	kind, parameters, _ := strings.Cut(text, ": ")
	spec, ok := fault.New(kind)
	if !ok {
		t.Fatalf("%s: there is no fault %s", text, kind)
	}
	if err := yaml.UnmarshalWithOptions([]byte(parameters), spec, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if s, ok := spec.(fault.Scheduled); ok {
		spec = s.Scaled(timescale)
	}
	return spec
}

// cases are all that are run: those that wait, and those that measure an amount, which is wrong on a machine that
// does much else.
func cases(t *testing.T) (waiting, measuring []string) {
	t.Helper()
	add := func(text string) {
		if measures(readCase(t, text)) {
			measuring = append(measuring, text)
		} else {
			waiting = append(waiting, text)
		}
	}
	for _, e := range fault.Catalogue() {
		add(e.Example)
	}
	for _, text := range furtherCases {
		add(text)
	}
	return waiting, measuring
}

// measures says whether the probe of a fault measures an amount.
func measures(s fault.Spec) bool {
	switch s.(type) {
	case *fault.Bandwidth, *fault.ByteLimit, *fault.DelayConfig, *fault.Flapping, *fault.Jitter, *fault.LagReplication,
		*fault.Latency, *fault.SlowClose, *fault.Squeeze, *fault.ThrottleReplication:
		return true
	}
	return false
}

// healsItself says whether a fault ends its own breaking: where nothing heals, it can't be confirmed.
func healsItself(s fault.Spec) bool {
	switch s.(type) {
	case *fault.Flapping, *fault.Restart:
		return true
	}
	return false
}

// How many lives go on side by side: those wait for most of their time, and these measure, which too much company
// disturbs.
const waitingAtOnce, measuringAtOnce = 6, 3

// sideBySide runs something for each case, so many at a time.
func sideBySide(t *testing.T, atOnce int, cases []string, run func(t *testing.T, text string)) {
	t.Helper()
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, text := range cases {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(text, func(t *testing.T) { run(t, text) })
		})
	}
	all.Wait()
}

func guardOf(t *testing.T, text string, l *faulttest.Lab) *fault.Guard {
	t.Helper()
	spec := readCase(t, text)
	if err := spec.Validate(l.Topology()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	g, err := fault.NewGuard(spec, l, func() time.Duration { return time.Since(start) })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every fault of the catalogue is injected, confirmed, looked at again, healed and seen to be gone. One that is seen,
// though it never took hold, or that is seen to be gone, though it can't be healed, would let a drill prove what did
// not happen.
func TestEveryFaultLivesItsLife(t *testing.T) {
	if testing.Short() {
		t.Skip("in short mode somebody tries the guard's own tests, which are others")
	}
	var injectedIn sync.Map // how long it took, by case
	injecting := func(text string) time.Duration {
		took, ok := injectedIn.Load(text)
		if !ok {
			return 10 * time.Second // only this part of the test is run
		}
		return took.(time.Duration)
	}
	live := func(t *testing.T, text string) {
		decide(t, func() error {
			took, err := livesItsLife(t, text)
			injectedIn.Store(text, took)
			return err
		})
	}
	waiting, measuring := cases(t)
	each := func(t *testing.T, run func(t *testing.T, text string)) {
		sideBySide(t, waitingAtOnce, waiting, run)
		sideBySide(t, measuringAtOnce, measuring, run)
	}
	t.Run("lives", func(t *testing.T) { each(t, live) })
	t.Run("never takes hold", func(t *testing.T) {
		each(t, func(t *testing.T, text string) {
			decide(t, func() error { return neverTakesHold(t, text, injecting(text)) })
		})
	})
	t.Run("cannot be healed", func(t *testing.T) {
		each(t, func(t *testing.T, text string) {
			decide(t, func() error { return cannotBeHealed(t, text, injecting(text)) })
		})
	})
}

// livesItsLife returns how long it took to inject the fault.
func livesItsLife(t *testing.T, text string) (took time.Duration, err error) {
	l := faulttest.New(t, faulttest.NoDefect)
	g := guardOf(t, text, l)
	began := time.Now()
	s, err := g.Inject(t.Context())
	took = time.Since(began)
	if err != nil || g.State() != fault.Effective {
		return took, outcome(fmt.Sprintf("injected, it is %s", g.State()), err)
	}
	if s.By == "" || s.Window.Lo < s.Command || s.Window.Hi < s.Window.Lo || s.Window.Hi > took+time.Second {
		err = errors.Join(err, fmt.Errorf("it was seen as %+v, which took %s", s, took))
	}
	err = errors.Join(err, takesAsLongAsItSays(g.Spec, l.Topology(), took-s.Command))
	if g.Spec.Kind() != "restart" { // which is over by then
		err = errors.Join(err, somethingBreaks(t, l))
	}
	healing, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errLimit)
	defer cancel()
	m, herr := g.Heal(healing)
	if herr != nil || g.State() != fault.Healed {
		return took, wrongToo(err, outcome(fmt.Sprintf("healed, it is %s", g.State()), herr))
	}
	if m.Lapsed != nil {
		err = errors.Join(err, fmt.Errorf("it was in force all the time, and has lapsed in %+v", *m.Lapsed))
	}
	if broken := l.Broken(t); broken != "" {
		err = errors.Join(err, errors.New("it is healed, and broken are still "+broken))
	}
	return took, err
}

// takesAsLongAsItSays: a machine that is busy only adds to what a fault takes, so that more than it says proves
// nothing, but for a fault that says nothing and takes seconds. A look that it comes at the end of takes next to
// nothing.
func takesAsLongAsItSays(s fault.Spec, t topology.Topology, took time.Duration) error {
	says := fault.Takes(s, t).Seen
	if s.Kind() == "cut_control" { // whose checks are not waited for in this lab
		return nil
	}
	if says > 2*took+200*time.Millisecond || says == 0 && took > 5*time.Second {
		return fmt.Errorf("it says that it takes %s to be seen, and took %s", says, took)
	}
	return nil
}

// somethingBreaks waits a little: what flaps is broken now and then only.
func somethingBreaks(t *testing.T, l *faulttest.Lab) error {
	return wait.Until(t.Context(), 5*time.Second, "something of the lab to be broken", func(context.Context) error {
		if l.Broken(t) == "" { //nolint:contextcheck // it looks for as long as the test goes on
			return errors.New("nothing is broken")
		}
		return nil
	})
}

var errLimit = errors.New("the limit of the test")

// limited is some more time than a fault takes, to see it or to see that it can't be seen.
func limited(t *testing.T, took time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), took*3/2+3*time.Second, errLimit)
	t.Cleanup(cancel)
	return ctx
}

// neverTakesHold: what is ordered is taken, and nothing comes of it.
func neverTakesHold(t *testing.T, text string, took time.Duration) error {
	l := faulttest.New(t, faulttest.IgnoresInjection)
	g := guardOf(t, text, l)
	s, err := g.Inject(limited(t, took))
	if !errors.Is(err, fault.ErrUnconfirmed) || g.State() == fault.Effective {
		return outcome(fmt.Sprintf("nothing came of it, and it is %s by %q", g.State(), s.By), err)
	}
	if _, err := g.Heal(t.Context()); err != nil || g.State() != fault.Healed {
		return outcome(fmt.Sprintf("nothing came of it, and healed it is %s", g.State()), err)
	}
	return nil
}

// cannotBeHealed: what is taken back stays as it is. Every fault is confirmed there, but for one that heals itself.
func cannotBeHealed(t *testing.T, text string, took time.Duration) error {
	l := faulttest.New(t, faulttest.IgnoresHealing)
	g := guardOf(t, text, l)
	_, err := g.Inject(limited(t, took))
	switch unconfirmed := errors.Is(err, fault.ErrUnconfirmed); {
	case healsItself(g.Spec) && !unconfirmed:
		return outcome(fmt.Sprintf("it can't heal itself, and is %s", g.State()), err)
	case !healsItself(g.Spec) && err != nil:
		return outcome(fmt.Sprintf("injected, it is %s", g.State()), err)
	}
	if broken := l.Broken(t); broken == "" {
		return errors.New("nothing is broken that could not be healed")
	}
	_, err = g.Heal(limited(t, took))
	if err == nil || g.State() != fault.Invalid || !strings.Contains(err.Error(), "heal "+g.Spec.Kind()) {
		return errors.Join(fmt.Errorf("it can't be healed, and is %s", g.State()), err)
	}
	return nil
}

// undecidedLife is one of which nobody could tell whether the fault did what it should.
type undecidedLife struct{ error }

// outcome is what is wrong with a life that ended otherwise than it should.
func outcome(how string, err error) error {
	wrong := errors.Join(errors.New(how), err)
	if errors.Is(err, fault.ErrUndecided) {
		return undecidedLife{wrong}
	}
	return wrong
}

// wrongToo is an outcome beside what has been wrong before: with that, it is decided.
func wrongToo(before, outcome error) error {
	if before == nil {
		return outcome
	}
	return errors.Join(before, outcome)
}

// decide fails the test with what was wrong. A life of which nobody could tell is lived once more: where a machine does
// much else, a probe may find no amount that it can judge, and that says nothing about the fault. It is lived no third
// time, since a probe that can't tell twice is no good; and a life that was wrong is not lived again at all, however
// busy the machine was, since a fault that is wrong now and then is wrong.
func decide(t *testing.T, live func() error) {
	t.Helper()
	err := live()
	if _, nobodyCouldTell := err.(undecidedLife); nobodyCouldTell { //nolint:errorlint // joined to what is wrong it is wrong
		t.Logf("it is begun again, since nobody could tell: %v", err)
		err = live()
	}
	if err != nil {
		t.Fatal(err)
	}
}

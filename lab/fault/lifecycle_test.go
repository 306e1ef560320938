package fault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/fault/faulttest"
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
func cases() (waiting, measuring []string) {
	amounts := map[string]bool{}
	add := func(text string) {
		kind, _, _ := strings.Cut(text, ": ")
		if amounts[kind] {
			measuring = append(measuring, text)
		} else {
			waiting = append(waiting, text)
		}
	}
	for _, e := range fault.Catalogue() {
		amounts[e.Kind] = strings.Contains(e.Shows, "within 10 %")
		add(e.Example)
	}
	for _, text := range furtherCases {
		add(text)
	}
	return waiting, measuring
}

// atOnce is how many lives go on side by side that wait for most of their time.
const atOnce = 6

// sideBySide runs something for each case.
func sideBySide(t *testing.T, cases []string, run func(t *testing.T, text string)) {
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
		unlessStarved(t, func() error {
			took, err := livesItsLife(t, text)
			injectedIn.Store(text, took)
			return err
		})
	}
	waiting, measuring := cases()
	t.Run("lives", func(t *testing.T) {
		sideBySide(t, waiting, live)
		for _, text := range measuring {
			t.Run(text, func(t *testing.T) { live(t, text) })
		}
	})
	both := slices.Concat(waiting, measuring)
	t.Run("never takes hold", func(t *testing.T) {
		sideBySide(t, both, func(t *testing.T, text string) {
			unlessStarved(t, func() error { return neverTakesHold(t, text, injecting(text)) })
		})
	})
	t.Run("cannot be healed", func(t *testing.T) {
		sideBySide(t, both, func(t *testing.T, text string) {
			unlessStarved(t, func() error { return cannotBeHealed(t, text, injecting(text)) })
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
		return took, errors.Join(fmt.Errorf("injected, it is %s", g.State()), err)
	}
	if s.By == "" || s.Window.Lo < s.Command || s.Window.Hi < s.Window.Lo || s.Window.Hi > took+time.Second {
		err = errors.Join(err, fmt.Errorf("it was seen as %+v, which took %s", s, took))
	}
	if g.Spec.Kind() != "restart" { // which is over by then
		err = errors.Join(err, somethingBreaks(t, l))
	}
	healing, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errLimit)
	defer cancel()
	m, herr := g.Heal(healing)
	if herr != nil || g.State() != fault.Healed {
		return took, errors.Join(err, fmt.Errorf("healed, it is %s", g.State()), herr)
	}
	if m.Lapsed != nil {
		err = errors.Join(err, fmt.Errorf("it was in force all the time, and has lapsed in %+v", *m.Lapsed))
	}
	if broken := l.Broken(t); broken != "" {
		err = errors.Join(err, errors.New("it is healed, and broken are still "+broken))
	}
	return took, err
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
		return errors.Join(fmt.Errorf("nothing came of it, and it is %s by %q", g.State(), s.By), err)
	}
	if _, err := g.Heal(t.Context()); err != nil || g.State() != fault.Healed {
		return errors.Join(fmt.Errorf("nothing came of it, and healed it is %s", g.State()), err)
	}
	return nil
}

// cannotBeHealed: what is taken back stays as it is. A restart and flapping heal by themselves, and are not even
// confirmed.
func cannotBeHealed(t *testing.T, text string, took time.Duration) error {
	l := faulttest.New(t, faulttest.IgnoresHealing)
	g := guardOf(t, text, l)
	if _, err := g.Inject(limited(t, took)); err != nil && !errors.Is(err, fault.ErrUnconfirmed) {
		return err
	}
	if broken := l.Broken(t); broken == "" {
		return errors.New("nothing is broken that could not be healed")
	}
	_, err := g.Heal(limited(t, took))
	if err == nil || g.State() != fault.Invalid || !strings.Contains(err.Error(), "heal "+g.Spec.Kind()) {
		return errors.Join(fmt.Errorf("it can't be healed, and is %s", g.State()), err)
	}
	return nil
}

// A probe in a process that gets no time to run is wrong, be it twice. Such a life is begun again, but not often: a
// fault that does not work does not do so either when there is time.
const (
	starvedBy = 50 * time.Millisecond
	maxLives  = 3
)

// unlessStarved fails the test with what was wrong, unless the process got so little time meanwhile that this says
// nothing.
func unlessStarved(t *testing.T, live func() error) {
	t.Helper()
	for n := 1; ; n++ {
		late := lateness()
		err := live()
		by := late()
		switch {
		case err == nil:
			return
		case by < starvedBy || n == maxLives:
			t.Fatalf("%v (the process was late by %s at most)", err, by)
		}
		t.Logf("the process was late by %s; it is begun again, since %v", by, err)
	}
}

// lateness measures by how much the process is late at most, until it is asked.
func lateness() (stop func() time.Duration) {
	const every = 5 * time.Millisecond
	done, result := make(chan struct{}), make(chan time.Duration)
	go func() {
		var by time.Duration
		for last := time.Now(); ; {
			select {
			case <-done:
				result <- by
				return
			case <-time.After(every):
			}
			by = max(by, time.Since(last)-every)
			last = time.Now()
		}
	}()
	return func() time.Duration { close(done); return <-result }
}

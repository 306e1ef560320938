package lab

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// fakeEngine is an engine that tells of deaths.
type fakeEngine struct {
	deaths chan node.Death
	cut    chan struct{} // what comes in ends the stream

	mu    sync.Mutex
	deaf  bool   // nobody can follow
	asked func() // called before it says who is dead; nil for none
	dead  []node.Death
	since []int64 // of each stream
	words []string
}

func newFakeEngine() *fakeEngine {
	return &fakeEngine{deaths: make(chan node.Death), cut: make(chan struct{})}
}

func (e *fakeEngine) FollowDeaths(ctx context.Context, _ string, since int64, subscribed func() error,
	seen func(node.Death),
) error {
	e.mu.Lock()
	deaf := e.deaf
	e.since = append(e.since, since)
	e.mu.Unlock()
	if deaf {
		return errors.New("connection refused")
	}
	if err := subscribed(); err != nil {
		return err
	}
	for {
		select {
		case d := <-e.deaths:
			seen(d)
		case <-e.cut:
			return errors.New("the stream broke")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *fakeEngine) Dead(context.Context, string) ([]node.Death, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asked != nil {
		e.asked()
	}
	return slices.Clone(e.dead), nil
}

func (e *fakeEngine) DescribeDeath(_ context.Context, d node.Death) (node.Death, []string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return d, e.words, nil
}

func (e *fakeEngine) set(change func(e *fakeEngine)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

// watched is a lab that a fakeEngine tells of, with the faults that are noted.
func watched(t *testing.T, notes ...Note) (*Lab, *fakeEngine) {
	t.Helper()
	t.Setenv(StateEnv, t.TempDir())
	e := newFakeEngine()
	l := &Lab{Name: "ada", monitor: monitor{source: e}}
	for _, n := range notes {
		note(t, l, n)
	}
	return l, e
}

func note(t *testing.T, l *Lab, n Note) {
	t.Helper()
	led, err := state.LedgerOf(l.Name)
	if err != nil {
		t.Fatal(err)
	}
	p := led.Entry(n)
	if err := errors.Join(p.Begin(), p.Keep()); err != nil {
		t.Fatal(err)
	}
}

func deathOf(nodeName string, code int) node.Death {
	service, _, _ := strings.Cut(nodeName, ".")
	service, _, _ = strings.Cut(service, "-")
	return node.Death{Node: nodeName, Service: topology.Service(service), Code: code, At: 7}
}

func TestAProgramThatEndsByItselfEndsWhatIsWaitedFor(t *testing.T) {
	for _, name := range []string{
		"replicator.us-west-2", "automation.us-west-2", "nameservice.global",
		"repository.global", "backup.us-east-1", "hub.global", "s3.us-east-1", "dynamodb.us-west-2",
	} {
		l, e := watched(t)
		e.words = []string{"panic: " + topology.Secret, "goroutine 1"}
		alive, stop := l.Alive(t.Context())
		start := time.Now()
		e.deaths <- deathOf("app-1.us-east-1", 1) // the system under test may end as it likes
		e.deaths <- deathOf("postgres.us-east-1", 1)
		if alive.Err() != nil {
			t.Fatalf("%v", context.Cause(alive))
		}
		e.deaths <- deathOf(name, 2)
		<-alive.Done()
		var died *Died
		if !errors.As(context.Cause(alive), &died) || died.Node != name {
			t.Fatalf("%s: the cause is %v", name, context.Cause(alive))
		}
		const story = " ended by itself (exit code 2); its last words:\n    panic: …\n    goroutine 1"
		if got := died.Error(); got != name+story {
			t.Errorf("it is told as %s", got)
		}
		if got := died.During("the drill", start.Add(-14200*time.Millisecond)).Error(); !strings.HasPrefix(got,
			name+" ended by itself (exit code 2) 14.") || !strings.Contains(got, " s into the drill; its last") {
			t.Errorf("it is dated as %s", got)
		}
		got := died.During("the drill", died.At.Add(time.Second)).Error()
		_, rest, _ := strings.Cut(story, " ended by itself (exit code 2)")
		if got != name+" ended by itself (exit code 2) before the drill began"+rest {
			t.Errorf("of a lab that was up ahead it is %s", got)
		}
		stop()
		again, stop := l.Alive(t.Context())
		if again.Err() == nil || l.CheckPrograms(t.Context()) == nil {
			t.Error("a lab that has died lives")
		}
		stop()
	}
}

func TestLastWordsAreShortAndKeepSecrets(t *testing.T) {
	got := quotable([]string{strings.Repeat("é", 1000) + topology.Secret, strings.Repeat("x", mostQuoted-3) +
		topology.Secret, "fine"})
	want := []string{strings.Repeat("é", mostQuoted) + "…", strings.Repeat("x", mostQuoted-3) + "…", "fine"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestANodeThatWasEndedOnPurposeDidNotDie(t *testing.T) {
	const it, ends = "replicator.us-west-2", "automation.us-west-2"
	l, e := watched(t, Note{ID: "a", Kind: "kill", Holds: map[string]state.Hold{thingOf(it): state.Down}},
		Note{ID: "b", Kind: "kill_automation"})
	alive, stop := l.Alive(t.Context())
	defer stop()
	e.deaths <- deathOf(it, 137)          // by a fault, of whichever process
	e.deaths <- deathOf(ends, killedCode) // where a step began
	l.monitor.expectDeath("s3.us-east-1") // by this process, whose note may be gone when the engine tells
	e.deaths <- deathOf("s3.us-east-1", 137)
	e.set(func(e *fakeEngine) {
		e.dead = []node.Death{deathOf(it, 137), deathOf(ends, 137), deathOf("s3.us-east-1", 137)}
	})
	e.cut <- struct{}{} // and found dead when the stream is back
	e.deaths <- deathOf("app-1.us-east-1", 1)
	if alive.Err() != nil {
		t.Fatalf("%v", context.Cause(alive))
	}
	for _, known := range e.since[1:] {
		if known != 7 {
			t.Errorf("the stream was taken up after %d", known)
		}
	}
	l.monitor.expectLife("s3.us-east-1")     // started again
	e.deaths <- deathOf("s3.us-east-1", 137) // and this is another death
	<-alive.Done()
	if died := (*Died)(nil); !errors.As(context.Cause(alive), &died) || died.Node != "s3.us-east-1" {
		t.Errorf("the cause is %v", context.Cause(alive))
	}
}

func TestAnAutomationThatIsToEndWhereAStepBeginsMayNotEndOtherwise(t *testing.T) {
	l, e := watched(t, Note{ID: "b", Kind: "kill_automation"})
	alive, stop := l.Alive(t.Context())
	defer stop()
	e.deaths <- deathOf("automation.us-west-2", 2)
	<-alive.Done()
}

func TestADeathThatTheEngineDidNotTellOfIsFound(t *testing.T) {
	l, e := watched(t)
	alive, stop := l.Alive(t.Context())
	defer stop()
	e.deaths <- deathOf("app-1.us-east-1", 1)
	if err := l.CheckPrograms(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.set(func(e *fakeEngine) { e.dead = []node.Death{deathOf("hub.global", 1)} })
	if err := l.CheckPrograms(t.Context()); err == nil || !strings.Contains(err.Error(), "hub.global ended by itself") {
		t.Errorf("asked for: %v", err)
	}
	e.cut <- struct{}{}
	<-alive.Done()
	if !strings.HasPrefix(context.Cause(alive).Error(), "hub.global ended by itself") {
		t.Errorf("the cause is %v", context.Cause(alive))
	}
}

// A fault that ends may start a node again after the engine was asked about it.
func TestANodeThatIsStartedAgainWhileOthersAreAskedAboutDidNotDie(t *testing.T) {
	l, e := watched(t)
	asked := 0
	e.asked = func() {
		if asked++; asked == 2 {
			e.dead = nil
		}
	}
	e.dead = []node.Death{deathOf("s3.us-east-1", 137)}
	if err := l.CheckPrograms(t.Context()); err != nil || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	e.asked = func() { e.dead = []node.Death{deathOf("hub.global", 1)} }
	if err := l.CheckPrograms(t.Context()); err == nil {
		t.Error("one that stays dead is not found")
	}
}

func TestAnEngineThatDoesNotTellForLongIsGivenUp(t *testing.T) {
	t.Setenv(StateEnv, t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		e := newFakeEngine()
		l := &Lab{Name: "ada", monitor: monitor{source: e}}
		alive, stop := l.Alive(t.Context())
		defer stop()
		synctest.Wait()
		time.Sleep(2 * blindWithin) // it tells all the time
		e.set(func(e *fakeEngine) { e.deaf = true })
		start := time.Now()
		e.cut <- struct{}{}
		<-alive.Done()
		if took := time.Since(start); took < blindWithin || took > blindWithin+time.Second {
			t.Errorf("given up after %s", took)
		}
		if err := context.Cause(alive); !strings.Contains(err.Error(), "has not told for 30s") ||
			!strings.Contains(err.Error(), "connection refused") {
			t.Errorf("the cause is %v", err)
		}
	})
}

func TestNobodyLooksWhereNobodyWantsToKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if somebody is left
		l := &Lab{Name: "ada", monitor: monitor{source: newFakeEngine()}}
		_, first := l.Alive(t.Context())
		_, second := l.Alive(t.Context())
		first()
		first() // twice
		synctest.Wait()
		second()
		third, stop := l.Alive(t.Context())
		stop()
		if !errors.Is(third.Err(), context.Canceled) {
			t.Errorf("the end is %v", third.Err())
		}
		fourth, _ := l.Alive(t.Context()) // who never stops, as of the lab that is taken down, needs not
		l.closeMonitor()
		if _, stop := l.Alive(t.Context()); fourth.Err() != nil {
			stop()
			t.Errorf("a lab that is taken down is told as %v", context.Cause(fourth))
		}
	})
}

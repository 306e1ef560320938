package fault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func injected(t *testing.T, spec Spec, l Lab) *Guard {
	t.Helper()
	g, err := NewGuard(spec, l, clock())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAFaultThatWentAwayHasLapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{effect: 10 * ms, lapses: 60 * ms, takes: 5 * ms, probeTime: ms, patience: ms}
		g := injected(t, f, nil)
		time.Sleep(20 * time.Second)
		m, err := g.Heal(t.Context())
		if err != nil || g.State() != Healed {
			t.Fatalf("%v, %s", err, g.State())
		}
		if m.Lapsed == nil || m.Lapsed.Lo > 70*ms || m.Lapsed.Hi < 20*time.Second || m.Lapsed.Hi > m.Lo {
			t.Errorf("in force from 10 to 60 ms, healed after 20 s: %+v of %+v", m.Lapsed, m)
		}
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil {
			t.Errorf("healed again: %+v, %v", m, err)
		}
	})
}

// It was last seen in force when the question was asked that found it so, and not when that was answered: by then it
// may have been gone.
func TestALapseBeginsWithTheLastQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{effect: ms, lapses: 1500 * ms, takes: 7 * ms, probeTime: ms, patience: time.Second}
		g := injected(t, done{f, true}, nil)
		if now := g.now(); now < 1500*ms {
			t.Fatalf("it was confirmed at %s, before it lapsed", now)
		}
		m, err := g.Heal(t.Context())
		if err != nil || m.Lapsed == nil || m.Lapsed.Lo > 1500*ms || m.Lapsed.Lo < 5*ms || m.Lapsed.Hi < 1500*ms {
			t.Errorf("lapsed at 1.5 s: %+v, %v", m.Lapsed, err)
		}
	})
}

// unsure is a planted fault whose probe fails at will.
type unsure struct {
	*planted
	fails func() bool
}

func (f *unsure) For(Lab) (Fault, error) { return f, nil }

func (f *unsure) InForce(ctx context.Context) (bool, string, error) {
	if f.fails != nil && f.fails() {
		return false, "", errors.New("nobody can tell")
	}
	return f.planted.InForce(ctx)
}

func (f *unsure) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

func TestALapseIsSeenByMoreThanOneProbe(t *testing.T) {
	for name, c := range map[string]struct {
		gone   bool
		wrong  []bool // the questions before healing that are answered wrong
		fails  int    // of them, the first that are not answered
		lapsed bool
	}{
		"in force":                       {},
		"in force, and one bad probe":    {wrong: []bool{true}},
		"gone":                           {gone: true, lapsed: true},
		"gone, and one probe fails":      {gone: true, fails: 1, lapsed: true},
		"gone, and nobody can tell":      {gone: true, fails: 2},
		"gone, and one probe has missed": {gone: true, wrong: []bool{true}}, // it is for two to say so
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &unsure{planted: &planted{effect: ms, probeTime: ms, patience: ms}}
				g := injected(t, f, nil)
				if c.gone {
					f.lapses = time.Second
				}
				time.Sleep(2 * time.Second)
				if len(c.wrong) > 0 {
					f.wrong = f.asked + 1
				}
				left := c.fails
				f.fails = func() bool { left--; return left >= 0 }
				m, err := g.Heal(t.Context())
				if err != nil || (m.Lapsed != nil) != c.lapsed {
					t.Errorf("lapsed: %+v, %v", m.Lapsed, err)
				}
			})
		})
	}
}

// The patience of a probe with what is in force is not waited for.
func TestHealingIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{effect: ms, probeTime: 3 * ms, patience: 4 * time.Second}
		g := injected(t, done{f, false}, nil)
		start := g.now()
		m, err := g.Heal(t.Context())
		if err != nil || m.Lapsed != nil || m.Hi-start > againWithin+100*ms {
			t.Errorf("healed %s after that was ordered: %+v, %v", m.Hi-start, m, err)
		}
	})
}

// whole is a fault that can't be healed.
type whole struct{ *planted }

func (f whole) For(Lab) (Fault, error)   { return f, nil }
func (whole) Heal(context.Context) error { return errors.New("no way") }

func TestALapseIsReportedAlsoOfWhatCannotBeHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{effect: ms, lapses: 60 * ms, probeTime: ms, patience: ms}
		g := injected(t, whole{f}, nil)
		time.Sleep(time.Second)
		m, err := g.Heal(t.Context())
		if err == nil || m.Lapsed == nil || g.State() != Invalid {
			t.Errorf("%+v, %v, %s", m, err, g.State())
		}
	})
}

// What was never seen in force can't have lapsed.
func TestWhatWasNotConfirmedHasNotLapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, err := NewGuard(&planted{effect: time.Hour, probeTime: ms, patience: ms}, nil, clock())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Inject(t.Context()); !errors.Is(err, ErrUnconfirmed) {
			t.Fatal(err)
		}
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

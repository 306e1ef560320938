package fault

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A machine that has become slow since the probe was timed is so also with what it still finds well.
func TestTheTimeOfAProbeIsThatOfTheSlowestOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{
			effect: 500 * ms, probeTime: 3 * ms, patience: 4 * time.Second,
			reaches: func() float64 { return 0.99 },
		}
		g, err := NewGuard(done{f, false}, nil, clock())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*ms, func() { f.probeTime = 60 * ms })
		s, err := g.Inject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at := s.Command + f.effect; s.Window.Lo > at || s.Window.Hi < at {
			t.Errorf("in force at %s; the window is %+v", at, s.Window)
		}
	})
}

// The first question after the order may be on its way when the fault takes effect, and nothing else is known of the
// probe than what it took before.
func TestTheTimeOfAProbeIsKnownFromBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{
			effect: 30 * ms, probeTime: 40 * ms, patience: 4 * time.Second,
			reaches: func() float64 { return 0.99 },
		}
		g, err := NewGuard(done{f, false}, nil, clock())
		if err != nil {
			t.Fatal(err)
		}
		s, err := g.Inject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at := s.Command + f.effect; s.Window.Lo > at || s.Window.Hi < at || s.Window.Hi > s.Command+100*ms {
			t.Errorf("in force at %s; the window is %+v", at, s.Window)
		}
	})
}

// heldUp is a fault whose probe is held up as long as it is being ordered, which is when it takes effect.
type heldUp struct {
	*planted
	free chan struct{} // holds one while nobody is busy with it
}

func (f *heldUp) For(Lab) (Fault, error) { return f, nil }

func (f *heldUp) Inject(ctx context.Context) error {
	time.Sleep(10 * ms)
	<-f.free
	defer func() { f.free <- struct{}{} }()
	return f.planted.Inject(ctx)
}

func (f *heldUp) InForce(ctx context.Context) (bool, string, error) {
	if f.asked+1 != f.wrong {
		<-f.free
		defer func() { f.free <- struct{}{} }()
	}
	return f.planted.InForce(ctx)
}

func (f *heldUp) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

func (f *heldUp) Gone(ctx context.Context) (bool, string, error) {
	in, observed, err := f.InForce(ctx)
	return !in, observed, err
}

// A question that was held up by who carries the order out counts from when it was answered.
func TestAQuestionThatWasHeldUpDoesNotCountFromWhenItWasAsked(t *testing.T) {
	for wrong := range 12 {
		synctest.Test(t, func(t *testing.T) {
			f := &heldUp{
				&planted{effect: 790 * ms, takes: 800 * ms, probeTime: 2 * ms, patience: 2 * ms, wrong: wrong},
				make(chan struct{}, 1),
			}
			f.free <- struct{}{}
			g, err := NewGuard(f, nil, clock())
			if err != nil {
				t.Fatal(err)
			}
			s, err := g.Inject(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if at := s.Command + 10*ms + f.effect; s.Window.Lo > at || s.Window.Hi < at {
				t.Errorf("question %d is answered wrong: in force at %s; the window is %+v", wrong, at, s.Window)
			}
		})
	}
}

package fault

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// planted is a fault of which is known when it takes effect. A question reaches it some while after it was asked;
// what it finds well it answers soon, and what it finds in force when its patience is at an end. One question is
// answered wrong.
type planted struct {
	effect    time.Duration // after the command
	lapses    time.Duration // after the command; 0 is never
	takes     time.Duration // of Inject
	probeTime time.Duration // of a question
	patience  time.Duration
	wrong     int // the how-manieth question is answered so
	reaches   func() float64

	asked  int
	began  time.Time
	healed bool
}

func (*planted) Kind() string                     { return "planted" }
func (*planted) Target() string                   { return "x" }
func (*planted) Validate(topology.Topology) error { return nil }
func (f *planted) For(Lab) (Fault, error)         { return f, nil }

func (f *planted) Inject(context.Context) error {
	f.began = time.Now()
	time.Sleep(f.takes)
	return nil
}

func (f *planted) Heal(context.Context) error { f.healed = true; return nil }

func (f *planted) InForce(ctx context.Context) (bool, string, error) {
	f.asked++
	wrong := f.asked == f.wrong
	share := 0.5
	if f.reaches != nil {
		share = f.reaches()
	}
	reaches := time.Duration(share * float64(f.probeTime))
	time.Sleep(reaches)
	since := time.Since(f.began)
	in := !f.began.IsZero() && !f.healed && since >= f.effect && (f.lapses == 0 || since < f.lapses)
	rest := f.probeTime - reaches
	if in != wrong {
		rest = max(f.patience-reaches, 0)
	}
	select {
	case <-ctx.Done():
		return false, "", ctx.Err()
	case <-time.After(rest):
	}
	return in != wrong, "looked", nil
}

func (f *planted) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

func (f *planted) Gone(ctx context.Context) (bool, string, error) {
	in, observed, err := f.InForce(ctx)
	return !in, observed, err
}

// done is a planted fault for which somebody vouches.
type done struct {
	*planted
	already bool
}

func (f done) For(Lab) (Fault, error) { return f, nil }
func (f done) Vouched() bool          { return f.already }

func TestTheWindowHoldsTheTruthWhateverOneProbeSays(t *testing.T) {
	for name, c := range map[string]struct {
		vouched, already bool
		wrong            bool // a probe is
	}{
		"nobody vouches": {wrong: true}, "it is done when that is said": {vouched: true, already: true, wrong: true},
		"it is on its way": {vouched: true},
	} {
		rounds := 3000
		if testing.Short() {
			rounds = 300
		}
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 17))
			upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d) + 1)) }
			for range rounds {
				f := &planted{
					effect: upTo(time.Second), takes: upTo(time.Second), probeTime: ms + upTo(20*ms),
					reaches: rng.Float64,
				}
				if f.patience = f.probeTime; rng.IntN(2) == 0 {
					f.patience = time.Second
				}
				if c.wrong {
					f.wrong = rng.IntN(20)
				}
				if c.already {
					f.effect = upTo(f.takes)
				}
				synctest.Test(t, func(t *testing.T) {
					var spec Spec = f
					if c.vouched {
						spec = done{f, c.already}
					}
					g, err := NewGuard(spec, nil, clock())
					if err != nil {
						t.Fatal(err)
					}
					s, err := g.Inject(t.Context())
					if err != nil {
						t.Fatalf("%+v: %v", f, err)
					}
					if at := s.Command + f.effect; s.Window.Lo > at || s.Window.Hi < at {
						t.Fatalf("%+v: in force at %s; the window is %+v", f, at, s.Window)
					}
					if c.already && f.wrong == 0 && s.Window.Hi > s.Command+f.takes {
						t.Fatalf("%+v: it was said to be in force at %s; the window is %+v", f, s.Command+f.takes,
							s.Window)
					}
				})
			}
		})
	}
}

func TestOneBadProbe(t *testing.T) {
	const second, tick = time.Second, 20 * ms
	for name, c := range map[string]struct {
		f       planted
		vouched bool
		lo, hi  time.Duration // the window is within
	}{
		"in force, while it is ordered": {
			planted{effect: 800 * ms, takes: 900 * ms, wrong: 3},
			false,
			700 * ms, 900 * ms,
		},
		"in force, when it has been ordered": {planted{effect: 800 * ms, wrong: 5}, false, 700 * ms, 900 * ms},
		"in force, right before it is":       {planted{effect: 800 * ms, wrong: 162}, false, 700 * ms, 900 * ms},
		"not in force, though it is": {
			planted{effect: 100 * ms, takes: 900 * ms, wrong: 162},
			false, 0,
			900 * ms,
		},
		"not in force, when all has been said": {
			planted{effect: 100 * ms, takes: 900 * ms, wrong: 184},
			true,
			50 * ms, second,
		},
		"in force, before anything is ordered": {planted{effect: 100 * ms, wrong: 1}, false, 50 * ms, 150 * ms},
		"none, but the word is wrong":          {planted{effect: 800 * ms, wrong: 4}, true, 700 * ms, 900 * ms},
		"none, and it is done when that is said": {planted{
			effect: 5 * ms, takes: 20 * ms, probeTime: ms,
			patience: second,
		}, true, 0, 20 * ms},
		"none, and it is seen by silence": {planted{
			effect: 50 * ms, takes: 20 * ms, probeTime: ms,
			patience: second,
		}, false, 30 * ms, 50*ms + second + 2*tick},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var spec Spec = &c.f
				if c.vouched {
					spec = done{&c.f, true}
				}
				g, err := NewGuard(spec, nil, clock())
				if err != nil {
					t.Fatal(err)
				}
				s, err := g.Inject(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				lo, hi := s.Window.Lo-s.Command, s.Window.Hi-s.Command
				if lo > c.f.effect || hi < c.f.effect || lo < c.lo || hi > c.hi {
					t.Errorf("in force at %s; the window is %s to %s, and should be within %s to %s", c.f.effect, lo,
						hi, c.lo, c.hi)
				}
			})
		})
	}
}

// What is seen by silence is answered late, and was so when it was asked.
func TestSilenceCountsFromTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &planted{effect: 500 * ms, probeTime: 3 * ms, patience: 4 * time.Second}
		g, err := NewGuard(done{f, false}, nil, clock()) // on its way, as a lag is
		if err != nil {
			t.Fatal(err)
		}
		s, err := g.Inject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if lo, hi := s.Window.Lo-s.Command, s.Window.Hi-s.Command; lo > f.effect || hi < f.effect || hi-lo > 30*ms {
			t.Errorf("in force at %s; the window is %s to %s", f.effect, lo, hi)
		}
	})
}

func TestATurnIsTakenFromTheAnswers(t *testing.T) {
	yes := func(by time.Duration, after bool) answer { return answer{by: by, after: after} }
	said := confirmation{at: 50, vouched: true, already: true}
	ordered := confirmation{at: 50, vouched: true}
	for name, c := range map[string]struct {
		contrary     []time.Duration
		doubted      bool
		row          []answer
		confirmation confirmation
		lo, hi       time.Duration // 0, 0: nobody can say
	}{
		"nothing":                       {},
		"one":                           {row: []answer{yes(60, true)}},
		"two, of before":                {row: []answer{yes(20, false), yes(30, false)}},
		"two, of which one is of after": {row: []answer{yes(20, false), yes(60, true)}, lo: 5, hi: 60},
		"three": {
			row: []answer{yes(20, false), yes(30, false), yes(60, true)}, lo: 5,
			hi: 30,
		},
		"one to the contrary": {
			contrary: []time.Duration{10},
			row:      []answer{yes(60, true), yes(61, true)}, lo: 5, hi: 61,
		},
		"three to the contrary": {
			contrary: []time.Duration{10, 15, 20},
			row:      []answer{yes(60, true), yes(61, true)}, lo: 15, hi: 61,
		},
		"the word and one":           {row: []answer{yes(60, true)}, confirmation: said, lo: 5, hi: 50},
		"the word and one of before": {row: []answer{yes(20, false)}, confirmation: said},
		"the word and two, of before": {
			row:          []answer{yes(20, false), yes(30, false), yes(60, true)},
			confirmation: said, lo: 5, hi: 30,
		},
		"the word, and one who doubts it": {
			contrary: []time.Duration{51}, doubted: true,
			row: []answer{yes(60, true)}, confirmation: said,
		},
		"the word, doubted, and two": {
			contrary: []time.Duration{51}, doubted: true,
			row: []answer{yes(60, true), yes(61, true)}, confirmation: said, lo: 5, hi: 61,
		},
		"it is on its way, and one": {
			contrary: []time.Duration{51, 55}, doubted: true,
			row: []answer{yes(60, true)}, confirmation: ordered, lo: 51, hi: 60,
		},
		"it is on its way, and one of before": {
			row: []answer{yes(20, false), yes(60, true)}, confirmation: ordered,
			lo: 5, hi: 60,
		},
		"it is on its way, and two of before": {
			row:          []answer{yes(20, false), yes(30, false), yes(60, true)},
			confirmation: ordered, lo: 5, hi: 30,
		},
		"it is on its way, and nobody sees it": {
			contrary: []time.Duration{51, 55}, doubted: true,
			confirmation: ordered,
		},
	} {
		t.Run(name, func(t *testing.T) {
			turn := turning{since: 5}
			for _, asked := range c.contrary {
				turn.deny(asked, c.doubted)
			}
			for _, a := range c.row {
				turn.agree(a)
			}
			w, ok := turn.window(c.confirmation)
			if ok != (c.hi > 0) || w != (Window{Lo: c.lo, Hi: c.hi}) {
				t.Errorf("got %+v, %t", w, ok)
			}
			if turn.deny(99, true); len(turn.row) > 0 || !turn.doubted {
				t.Error("an answer to the contrary does not break the row")
			}
		})
	}
}

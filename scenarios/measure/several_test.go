package measure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// What comes out where more than one thing breaks, in many orders, derived by hand from the definitions.
func TestSeveralCauses(t *testing.T) {
	for _, s := range slices.Concat(severalCauses1, severalCauses2, severalCauses3) {
		t.Run(s.name, s.check)
	}
}

// rounds is how often something random is tried: less in short mode, where somebody tries the tests themselves.
func rounds(n int) int {
	if testing.Short() {
		return n / 8
	}
	return n
}

func TestSeveralOutagesAtRandom(t *testing.T) {
	bad := 0
	for seed := range uint64(rounds(400)) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		d := world(16000)
		d.readsOK(20)
		clients := rnd.IntN(2) == 0
		if clients {
			d.spec.ClientsIn = []string{home, standby}
		}
		for i := range d.Ops {
			d.Ops[i].Client = i % 8
		}
		type truth struct{ f, tb, te time.Duration }
		var truths []truth
		at := 1500 + rnd.IntN(1500)
		n := 1 + rnd.IntN(3)
		for k := range n {
			lo := ms(at)
			width := ms(5 + rnd.IntN(100))
			f := lo + time.Duration(rnd.Int64N(int64(width)))
			d.Faults = append(d.Faults, history.Fault{
				Name: "kill", Target: fmt.Sprint("n", k), Command: lo - 2*msec,
				Effective: &history.Interval{Lo: lo, Hi: lo + width},
				Healed:    between(at+200, at+210), Confirmed: true,
			})
			tb := f
			if rnd.IntN(3) == 0 {
				tb += ms(300 + rnd.IntN(700))
			}
			te := tb + ms(600+rnd.IntN(1600))
			kind := rnd.IntN(4)
			if kind == 3 && !clients {
				kind = 0
			}
			for i := range d.Ops {
				op := &d.Ops[i]
				in := op.Due >= tb && op.Due < te
				switch kind {
				case 1:
					in = in && op.Kind == history.Write
				case 2:
					in = in && op.Kind == history.Read
				case 3:
					in = in && op.Client%2 == 1
				}
				if in {
					c := op.Client
					if op.Kind == history.Write {
						d.bad(i)
						d.Ops[i].Client = c
					} else {
						op.Outcome, op.Status, op.Error, op.Done = history.Failed, 503, "x", op.Due+ms(1+rnd.IntN(400))
					}
				}
			}
			truths = append(truths, truth{f, tb, te})
			at = int(te/msec) + 1500 + rnd.IntN(1000)
		}
		r := Judge(d.History, d.spec)
		for k, p := range truths {
			i := r.Incidents[k]
			if len(i.Outages) != 1 {
				t.Errorf("seed %d: %d outages of %d: %s", seed, len(i.Outages), k, i.Words())
				bad++
				continue
			}
			truth := p.te - p.tb
			o := i.Outages[0]
			if o.Lo == nil || o.Hi == nil || truth < o.Lo.Duration() || truth > o.Hi.Duration() {
				t.Errorf("seed %d: cause %d: truth %s of %s", seed, k, truth, i.Words())
				bad++
			}
			if r.Incidents[k].InCharge != home {
				t.Errorf("in charge")
			}
		}
		if bad > 8 {
			t.FailNow()
		}
	}
}

func TestLossesOfTwoFailoversAtRandom(t *testing.T) {
	for seed := range uint64(rounds(200)) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		a, b := 2500+100*rnd.IntN(10), 6600+100*rnd.IntN(10)
		d := world(10500).failover(home, standby, a, a+600+100*rnd.IntN(8), 5500, 2).readAt(5400, standby)
		d.failover(standby, home, b, b+600+100*rnd.IntN(8), 0, 3)
		d.spec.Survivor = home
		d.allReads(history.BeforeReturn, func(r *history.FinalRead) {
			if r.At.Lo > ms(6000) {
				r.Region = home
			}
		}).allReads(history.AfterReconciliation, func(r *history.FinalRead) { r.Region = home })
		k := [2]int{rnd.IntN(9), rnd.IntN(9)}
		s := d.spec.Stores[rnd.IntN(3)]
		d.gone(a-100*k[0], a, s).gone(b-100*k[1], b, d.spec.Stores[rnd.IntN(3)])
		want := Pass
		for n := range 2 {
			if k[n] >= 5 {
				want = Fail
			} else if k[n] >= 3 && want == Pass {
				want = Inconclusive // f.hi - ack(y) = 100k + 108
			}
		}
		r := Judge(d.History, d.spec)
		if r.Verdict != want {
			t.Errorf("seed %d: %d and %d: %s, want %s\n%s", seed, k[0], k[1], r.Verdict, want, wordsOf(r))
		}
		for n, f := range []int{a, b} {
			p := r.Incidents[n].RecoveryPoint
			truth := time.Duration(0)
			if k[n] > 0 {
				truth = ms(f+10) - (ms(f-100*k[n]) + 12*msec)
			}
			if p == nil || p.Lost != k[n] || p.Lo == nil || p.Hi == nil || truth < p.Lo.Duration() ||
				truth > p.Hi.Duration() {
				t.Errorf("seed %d: %d lost %d: %s", seed, n, k[n], r.Incidents[n].Words())
			}
		}
	}
}

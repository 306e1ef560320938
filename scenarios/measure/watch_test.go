package measure

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/scenarios/history"
)

// lookAtAll says what Watch.Look does, from all of the history.
func lookAtAll(h history.History, s Spec, since time.Duration) (back, away bool) {
	v := newService(h, s, func(_ int, op *history.Op) bool {
		return op.FoundNothing()
	})
	if !v.observed() || v.tooThin() {
		return false, false
	}
	outages := v.outages(nil)
	back = v.all.lastHeld >= since
	for _, s := range v.parts {
		back = back && s.lastHeld >= since
	}
	return back, len(outages) > 0 && outages[len(outages)-1].censored
}

// cmpWalks compares what a watch has found in each stream with a walk from the start.
func cmpWalks(w *Watch, v *service) string {
	if !v.observed() || v.tooThin() {
		return ""
	}
	mine := append([]*stream{w.service.all}, w.service.parts...)
	for i, s := range append([]*stream{v.all}, v.parts...) {
		if i >= len(mine) || !slices.Equal(s.calls, mine[i].calls) || s.untimely.count != mine[i].untimely.count {
			return fmt.Sprintf("%q is not the same stream", s.name)
		}
		got, want := w.walk(mine[i]), v.start(s)
		for _, step := range append(w.trails[mine[i]].checkpoints, checkpoint{progress: got}) {
			if want = v.walk(s, want, step.next, nil); step.progress != want {
				return fmt.Sprintf("in %q it has come to %+v, from the start to %+v", s.name, step.progress, want)
			}
		}
	}
	return ""
}

// dice draws evenly; a generator of rapid prefers what is small, and nothing would be long enough to go wrong.
type dice struct{ *rand.Rand }

func throw(t *rapid.T) dice { return dice{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))} }

func (d dice) time(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(d.Int64N(int64(hi-lo)+1))
}

// load is one of some seconds that suffers now and then, in the order in which its operations end.
func (d dice) load() []history.Op {
	every := d.time(2*msec, 8*msec)
	timeout := d.time(50*msec, time.Second)
	var bad []history.Interval
	for range d.IntN(5) {
		lo := d.time(0, 6*time.Second)
		bad = append(bad, history.Interval{Lo: lo, Hi: lo + d.time(0, 1500*msec)})
	}
	oddities := d.IntN(12) * d.IntN(12) // in a thousand
	reads, readsUntil, together := d.IntN(5), d.time(2*time.Second, 10*time.Second), 1+d.IntN(2)
	var ops []history.Op
	for i := range int(d.time(2*time.Second, 7*time.Second) / every) {
		due := time.Duration(i/together*together) * every
		op := history.Op{Seq: int64(i), Kind: history.Write, Client: i % 5, Due: due, Sent: due, Done: due +
			d.time(0, 9*msec), Outcome: history.OK}
		if i%5 < reads {
			op.Kind = history.Read
			if due > readsUntil {
				continue
			}
		}
		suffers := slices.ContainsFunc(bad, func(at history.Interval) bool { return at.Contains(due) })
		if suffers != (d.IntN(1000) < oddities) {
			switch d.IntN(3) {
			case 0:
				op.Done, op.Outcome = due+timeout, history.Unknown
			case 1:
				op.Done += 30 * msec
			case 2:
				op.Outcome, op.Error = history.Failed, []string{"status 503", history.Absent}[d.IntN(2)]
			}
		}
		if ops = append(ops, op); op.Outcome == history.Unknown && d.IntN(2) == 0 {
			op.Retry, op.Due, op.Done, op.Outcome = 1, op.Done, op.Done+msec, history.OK
			ops = append(ops, op)
		}
	}
	slices.SortStableFunc(ops, func(a, b history.Op) int { return cmp.Compare(a.Done, b.Done) })
	return ops
}

// However it came to what it has seen, Watch says what it would if it saw all of it for the first time.
func TestALookTellsWhatAllOfItWould(t *testing.T) {
	said := map[[2]bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		d := throw(t)
		ops := d.load()
		pick := func(shares ...float64) float64 { return shares[d.IntN(len(shares))] }
		s := Spec{RecoveryTime: &RecoveryTimeObjective{
			Window: d.time(50*msec, 800*msec), Latency: 25 * msec, Success: pick(1, 0.99, 0.9),
			Capacity: pick(0.97, 0.9, 0.5), Quantile: pick(0.99, 0.95, 0.9),
		}}
		if d.IntN(2) == 0 {
			s.ClientsIn = []string{home, standby}
		}
		steady := d.time(0, time.Second)
		fault := steady + d.time(500*msec, 3*time.Second)
		since := fault
		w := NewWatch(s)
		now := time.Duration(0)
		for range 40 {
			switch d.IntN(60) {
			case 0:
				now = d.time(0, now) // another history
			case 1:
				since = d.time(0, 6*time.Second)
			case 2:
				ops = d.load() // another one, as long
			default:
				now += d.time(0, 200*msec)
			}
			n, _ := slices.BinarySearchFunc(ops, now, func(op history.Op,
				t time.Duration,
			) int {
				return cmp.Compare(op.Done, t)
			})
			h := history.History{Ops: ops[:n]}
			if now >= steady {
				h.Phases = []history.Phase{{At: steady, Name: history.PhaseSteady}}
			}
			if now >= fault {
				h.Faults = []history.Fault{{
					Name: "lose_region", Confirmed: true,
					Effective: &history.Interval{Lo: fault, Hi: fault + 5*msec},
				}}
			}
			if d.IntN(5) == 0 {
				w.Follow(h)
				continue
			}
			back, away := w.Look(h, since)
			said[[2]bool{back, away}]++
			if b, c := NewWatch(s).Look(h, since); b != back || c != away {
				t.Fatalf("at %v of %d operations, since %v: back %v, away %v; seen for the first time %v, %v", now, n,
					since, back, away, b, c)
			}
			if b, c := lookAtAll(h, s, since); b != back || c != away {
				t.Fatalf("at %v of %d operations, since %v: back %v, away %v; of all of it %v, %v", now, n, since, back,
					away, b, c)
			}
			if diff := cmpWalks(w, newService(h, s, w.service.excused)); diff != "" {
				t.Fatalf("at %v of %d operations: %s", now, n, diff)
			}
		}
	})
	for _, what := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		if !testing.Short() && said[what] < 100 {
			t.Errorf("back %v, away %v was said %d times only: the histories show too little", what[0], what[1],
				said[what])
		}
	}
}

func TestWithoutACriterionNothingIsBack(t *testing.T) {
	d := goodDrill()
	w := NewWatch(Spec{})
	w.Follow(d.History)
	if back, away := w.Look(d.History, 0); back || away {
		t.Errorf("back %v, away %v", back, away)
	}
}

// BenchmarkLook360k looks ten times a second at ten minutes of the greatest load that a scenario can offer, to its end.
// The first look, which takes in what came before it, is not counted.
func BenchmarkLook360k(b *testing.B) {
	for name, away := range map[string]time.Duration{"back": 2 * time.Second, "away": time.Hour} {
		b.Run(name, func(b *testing.B) {
			h, s := manyOperations(360_000, away)
			all, since := h.Ops, h.Faults[0].Effective.Hi
			var took []time.Duration
			for b.Loop() {
				w := NewWatch(s)
				for now := since; now < all[len(all)-1].Done; now += 100 * msec {
					n, _ := slices.BinarySearchFunc(all, now, func(op history.Op,
						t time.Duration,
					) int {
						return cmp.Compare(op.Done, t)
					})
					h.Ops = all[:n]
					if now == since {
						w.Follow(h)
					}
					began := time.Now()
					back, _ := w.Look(h, since)
					took = append(took, time.Since(began))
					if served := now - since - away - s.RecoveryTime.Window; back && served < 0 || !back &&
						served > 1500*msec {
						b.Fatalf("at %v: back is %v", now, back)
					}
				}
			}
			slices.Sort(took)
			us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
			b.ReportMetric(us(took[len(took)/2]), "p50-µs/look")
			b.ReportMetric(us(took[len(took)*99/100]), "p99-µs/look")
			b.ReportMetric(us(took[len(took)-1]), "max-µs/look")
		})
	}
}

// BenchmarkJudge1M judges a million operations by all that can be promised.
func BenchmarkJudge1M(b *testing.B) {
	const ops = 1_000_000
	h, s := manyOperations(ops, 2*time.Second)
	b.ReportAllocs()
	for b.Loop() {
		if r := Judge(h, s); r.Verdict != Pass {
			b.Fatal(r.Reasons)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/ops, "ns/operation")
}

// manyOperations are a drill at 100 writes and 500 reads a second, half of it after the region is lost. The standby
// serves after a while.
func manyOperations(n int, away time.Duration) (history.History, Spec) {
	const rate = 600
	total := time.Duration(n) * time.Second / rate
	fault := total / 2
	f := history.Interval{Lo: fault, Hi: fault + 5*msec}
	h := history.History{
		Phases: []history.Phase{
			{At: 0, Name: history.PhaseWorkload},
			{At: time.Second, Name: history.PhaseSteady},
			{At: total + time.Second, Name: history.PhaseStop},
			{At: total + 9*time.Second, Name: history.PhaseEnd},
		},
		Faults: []history.Fault{{
			Name: "lose_region", Target: home, Regions: []string{home}, Command: fault - 20*msec, Confirmed: true,
			Effective: &f,
			Healed:    &history.Interval{Lo: total + 5*time.Second, Hi: total + 5100*msec},
		}},
	}
	for i, name := range []string{"detected", "promoted", "redirected"} {
		at := fault + away*time.Duration(i+1)/4
		h.Marks = append(h.Marks, history.Mark{At: history.At(at), Source: "automation." + standby, Name: name})
	}
	random := rand.New(rand.NewPCG(1, 2))
	var acked []string
	for i := range n {
		due := time.Duration(i) * time.Second / rate
		op := history.Op{
			Seq: int64(i), Kind: history.Write, ID: fmt.Sprintf("v-1a2b3c-%06d", i), Client: i % 64, Due: due,
			Sent: due + 50_000, Attempts: 1,
			Done: due + 9*msec + time.Duration(i%1000)*time.Microsecond, Outcome: history.OK, Status: 201, Region: home,
			Timeline: 1,
		}
		if i%6 > 0 {
			op.Kind, op.ID, op.Status, op.Path = history.Read, acked[max(0, len(acked)-1-random.IntN(64))], 200,
				PathLocal
		}
		if i%12 == 1 {
			op.Region = standby
		}
		switch {
		case due > fault+away:
			op.Region, op.Timeline = standby, 2
		case op.Done > fault:
			op.Outcome, op.Status, op.Path, op.Error, op.Done = history.Unknown, 0, "", "no answer: timed out after 1s",
				due+time.Second
		}
		if acknowledged(&op) {
			acked = append(acked, op.ID)
		}
		h.Ops = append(h.Ops, op)
	}
	slices.SortStableFunc(h.Ops, func(a, b history.Op) int { return cmp.Compare(a.Done, b.Done) })
	s := goodDrill().spec
	s.RecoveryTime = &RecoveryTimeObjective{
		Within: 5 * time.Second, Window: 1667 * msec, Success: 0.99, Quantile: 0.99,
		Latency: 150 * msec, Capacity: 0.97,
	}
	s.Consistency, s.Sessions, s.StandbyCapacity, s.LocalReads = Linearizable, Guarantees(), 0.95, 50*msec
	for i, which := range []string{history.BeforeReturn, history.AfterReconciliation} {
		for _, store := range s.Stores {
			at := total + time.Duration(2+4*i)*time.Second
			h.Reads = append(h.Reads, history.FinalRead{
				Read: which, Store: store, Region: standby, At: history.At(at),
				IDs: acked,
			})
		}
	}
	return h, s
}

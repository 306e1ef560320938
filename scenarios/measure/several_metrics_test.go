package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// What the metrics are where more than one thing breaks, derived by hand from the definitions.
func TestMetricsOfSeveralCauses(t *testing.T) {
	for _, c := range slices.Concat(severalMetrics1, severalMetrics2, severalMetrics3, severalMetrics4) {
		t.Run(c.name, func(t *testing.T) {
			d := goodDrill()
			c.edit(d)
			if wrong := c.check(Judge(d.History, d.spec), d); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

func TestCapacityByBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	badHi, badLo := 0, 0
	for n := range 300 {
		d := goodDrill()
		d.spec.StandbyCapacity = []float64{0.5, 0.7, 0.8, 0.9}[n%4]
		for i := 25; i < 60; i++ {
			j := time.Duration(rng.IntN(99)) * msec
			d.Ops[i].Due += j
			d.Ops[i].Sent += j
			if rng.IntN(4) == 0 {
				d.bad(i)
			} else {
				d.ok(i, standby)
			}
		}
		got := MeasureCapacity(d.History, d.spec)
		if got.ShareHi == nil {
			continue
		}
		v := viewOf(d.History, d.spec)
		s, w := v.service.all, time.Second
		end := min(v.service.end, v.end)
		var starts []time.Duration
		for _, c := range s.calls {
			for k := time.Duration(-1); k <= 1; k++ {
				starts = append(starts, c.due+k, c.due-w+k)
			}
		}
		starts = append(starts, 3020*msec, end-w)
		slices.Sort(starts)
		best, from := -1.0, time.Duration(0)
		for _, at := range starts {
			if at < 3020*msec || at+w > end {
				continue
			}
			i, j := s.before(at), s.before(at+w)
			is := float64(s.inTime(i, j)) / float64(max(1, j-i, s.expected(w)))
			if is > best && best < d.spec.StandbyCapacity {
				from = at
			}
			best = max(best, is)
		}
		i, j := s.before(from), s.before(end)
		lo := min(best, float64(s.inTime(i, j))/float64(max(1, s.load(j-i, end-from))))
		if math.Abs(best-float64(*got.ShareHi)) > 1e-9 {
			badHi++
			t.Logf("n=%d hi %v want %v", n, *got.ShareHi, best)
		}
		if math.Abs(lo-float64(*got.ShareLo)) > 1e-9 {
			badLo++
			if badLo < 6 {
				t.Logf("n=%d lo %v want %v (objective %v, hi %v)", n, *got.ShareLo, lo, d.spec.StandbyCapacity, best)
			}
			if (lo >= d.spec.StandbyCapacity) != (float64(*got.ShareLo) >= d.spec.StandbyCapacity) {
				t.Logf("n=%d: and the verdict differs: %s", n, got.Verdict)
			}
		}
	}
	if badHi+badLo > 0 {
		t.Errorf("hi differs %d times, lo %d times", badHi, badLo)
	}
}

// Whatever is mangled, nothing panics, and it can be written.
func TestMangled(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	odd := []time.Duration{
		0, -1, 1, math.MaxInt64, math.MinInt64, 3 * time.Second, -3 * time.Second, 6400 * msec,
		3010 * msec,
	}
	pick := func() time.Duration { return odd[rng.IntN(len(odd))] }
	for n := range rounds(1000) {
		d := goodDrill()
		switch rng.IntN(4) {
		case 0:
			d.twice()
		case 1:
			d.rotate()
		case 2:
			d.locally(9, 30)
			d.spec.LocalReads = 10 * msec
		}
		d.configured("app", 3950, 4500)
		d.spec.StaleConfig, d.spec.WriteGap, d.spec.StandbyCapacity = lasting(100), lasting(1000), 0.9
		d.spec.Sessions, d.spec.Consistency = Guarantees(), Linearizable
		d.spec.ClientsIn = [][]string{nil, {home, standby}}[rng.IntN(2)]
		d.spec.Replicated = d.spec.Stores
		d.spec.Given = []string{"redirected", GivenReadLocally}
		for range 1 + rng.IntN(3) {
			op := &d.Ops[rng.IntN(len(d.Ops))]
			f := &d.Faults[rng.IntN(len(d.Faults))]
			switch rng.IntN(16) {
			case 0:
				op.Due = pick()
			case 1:
				op.Sent = pick()
			case 2:
				op.Done = pick()
			case 3:
				f.Effective = &history.Interval{Lo: pick(), Hi: pick()}
			case 4:
				f.Healed = &history.Interval{Lo: pick(), Hi: pick()}
			case 5:
				if len(d.Marks) > 0 {
					d.Marks[rng.IntN(len(d.Marks))].At = history.Interval{Lo: pick(), Hi: pick()}
				}
			case 6:
				d.Phases[rng.IntN(len(d.Phases))].At = pick()
			case 7:
				d.Phases = slices.Delete(d.Phases, 0, 1+rng.IntN(len(d.Phases)-1))
				d.Phases = append(d.Phases, history.Phase{At: pick(), Name: history.PhaseEnd})
			case 8:
				d.Configs[0].At = history.Interval{Lo: pick(), Hi: pick()}
			case 9:
				d.Reads[rng.IntN(len(d.Reads))].At = history.Interval{Lo: pick(), Hi: pick()}
			case 10:
				op.Client = -5
			case 11:
				f.Command = pick()
			case 12:
				d.Stalls = append(d.Stalls, history.Interval{Lo: pick(), Hi: pick()})
			case 13:
				d.Controls = append(d.Controls, history.Control{
					Region: standby, Due: pick(), Sent: pick(),
					Done: pick(),
				})
			case 14:
				d.spec.RecoveryTime.Window = pick()
			case 15:
				d.Machines = append(d.Machines, history.Machine{
					At:   history.Interval{Lo: pick(), Hi: pick()},
					Late: pick(),
				})
			}
		}
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("n=%d panics: %v", n, p)
				}
			}()
			r := Judge(d.History, d.spec)
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("n=%d: %v", n, err)
			}
			r.Rows(60)
		}()
	}
}

func TestTwentyASecond(t *testing.T) {
	for _, every := range []int{40, 34, 30, 20, 18, 17, 10} {
		d := goodDrill()
		d.Ops = nil
		for r := range d.Reads {
			d.Reads[r].IDs = nil
		}
		bad, after := 0, 0
		for i := range 480 { // 20/s
			due := 500*msec + time.Duration(i)*50*msec
			op := history.Op{
				Seq: int64(i), Kind: history.Write, ID: fmt.Sprint("w", i), Due: due, Sent: due,
				Done: due + 10*msec, Attempts: 1, Outcome: history.OK, Region: home,
			}
			if due >= 3*time.Second {
				op.Region = standby
				after++
				if i%every == 0 {
					op.Outcome, op.Status = history.Failed, 503
					bad++
				}
			}
			if op.Outcome == history.OK {
				for r := range d.Reads {
					d.Reads[r].IDs = append(d.Reads[r].IDs, op.ID)
				}
			}
			d.Ops = append(d.Ops, op)
		}
		d.Phases[2].At, d.Phases[3].At = 25*time.Second, 30*time.Second
		d.Faults[0].Healed = between(28000, 28100)
		for r := range d.Reads {
			d.Reads[r].At = *between(27000+1200*(r/3), 27010+1200*(r/3))
		}
		d.spec.RecoveryTime.Success, d.spec.RecoveryTime.Capacity, d.spec.RecoveryTime.Quantile = 0.97, 0.9, 0.97
		r := Judge(d.History, d.spec)
		t.Logf("every %d: %.2f %% of %d are ok; %s, %d outages: %s %q", every, 100-100*float64(bad)/float64(after),
			after, r.Verdict, len(r.Incidents[0].Outages), r.Metrics.RecoveryTime.Words(), r.Reasons)
	}
}

func TestEachCapacity(t *testing.T) {
	d := goodDrill()
	d.twice()
	d.spec.StandbyCapacity = 0.9
	v := viewOf(d.History, d.spec)
	for i, until := range []time.Duration{5100 * msec, v.end} {
		c := v.capacityAfter(v.causes[i], until)
		t.Logf("%s: %s", v.causes[i], c.Verdict)
		t.Log(capacityFinding(*c).Detail)
	}
}

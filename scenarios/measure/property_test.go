package measure

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/scenarios/history"
)

// plan of a random drill: when things truly happened.
type truth struct {
	fault    time.Duration // the instant, somewhere in f
	f        history.Interval
	back     time.Duration // from when on every call is answered by the standby
	replayed map[string]time.Duration
}

// randomDrill is a drill of one or two streams in which the region is lost at a random instant, each store had
// replicated what was acknowledged up to a random instant, and the standby serves from a random instant on.
func randomDrill(t *rapid.T) (history.History, Spec, truth) {
	good := goodDrill()
	s := good.spec
	every := drawTime(t, "every", 5*msec, 19*msec)
	delay := drawTime(t, "latency", 0, 20*msec)
	tr := truth{fault: drawTime(t, "fault", 1500*msec, 2*time.Second), replayed: map[string]time.Duration{}}
	tr.f = history.Interval{Lo: tr.fault - drawTime(t, "f.lo", 0, 50*msec), Hi: tr.fault +
		drawTime(t, "f.hi", 0, 50*msec)}
	tr.back = tr.fault + drawTime(t, "outage", 0, 2*time.Second)
	h := history.History{
		Phases: good.Phases,
		Faults: []history.Fault{{
			Name: "lose_region", Regions: []string{home}, Effective: &tr.f, Healed: between(7000, 7100),
			Confirmed: true,
		}},
	}
	for _, store := range s.Stores {
		lag := drawTime(t, "lag of "+store, 0, 2*time.Second)
		tr.replayed[store] = max(400*msec, tr.fault-lag) // no loss is older than the workload
	}
	reads := map[string][]string{}
	for i := range int(6 * time.Second / every) {
		due := 450*msec + time.Duration(i)*every
		op := history.Op{Seq: int64(i), Kind: history.Write, ID: fmt.Sprint("w", i), Due: due, Sent: due, Done: due +
			delay, Attempts: 1}
		if i%3 == 2 {
			op.Kind = history.Read
		}
		switch {
		case op.Done < tr.fault:
			op.Outcome, op.Region = history.OK, home
		case op.Due >= tr.back:
			op.Outcome, op.Region = history.OK, standby
		default:
			op.Outcome, op.Region, op.Done = history.Unknown, home, due+time.Second
		}
		h.Ops = append(h.Ops, op)
		for _, store := range s.Stores {
			if op.Kind == history.Write && op.Outcome == history.OK &&
				(op.Region == standby || op.Done <= tr.replayed[store]) {
				reads[store] = append(reads[store], op.ID)
			}
		}
	}
	for _, kind := range []string{history.BeforeReturn, history.AfterReconciliation} {
		for _, store := range s.Stores {
			h.Reads = append(h.Reads, history.FinalRead{
				Read: kind, Store: store, Region: standby, At: history.At(6900 * msec), IDs: slices.Clone(reads[store]),
			})
		}
	}
	return h, s, tr
}

func drawTime(t *rapid.T, what string, lo, hi time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(int64(lo), int64(hi)).Draw(t, what))
}

// The true age of the loss lies in the interval of each store and of the joint figure, and the joint figure is at least
// each store's.
func TestTrueLossIsWithinTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, s, tr := randomDrill(t)
		p := MeasureRecoveryPoint(h, s)
		oldest := tr.fault
		for i, store := range p.Stores {
			contains(t, store.Name, store.Interval, tr.fault-tr.replayed[s.Stores[i]])
			oldest = min(oldest, tr.replayed[s.Stores[i]])
			if *p.Lo < *store.Lo || *p.Hi < *store.Hi || p.Lost < store.Lost {
				t.Errorf("jointly %+v, but %+v", p, store)
			}
		}
		contains(t, "joint", p.Interval, tr.fault-oldest)
		for _, f := range Judge(h, s).Findings {
			if f.Verdict == Fail && f.ID != FindingRecoveryPoint && f.ID != FindingRecoveryTime {
				t.Errorf("nothing of the kind was planted: %+v", f)
			}
		}
	})
}

func contains(t *rapid.T, what string, i Interval, truth time.Duration) {
	t.Helper()
	if truth < time.Duration(*i.Lo) || i.Hi != nil && time.Duration(*i.Hi) < truth {
		t.Errorf("%s: %v is not in %v ms", what, truth, ends(i))
	}
}

// One acknowledged write planted as lost, anywhere, is found: as a lost one if it was sent before the fault was sure,
// else as one lost after the failover. Under a promise of no loss both fail.
func TestPlantedLossIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, s, tr := randomDrill(t)
		s.RecoveryPoint.Within = 0
		acked := slices.DeleteFunc(slices.Clone(h.Ops), func(op history.Op) bool { return !isAcknowledged(op) })
		lost := rapid.SampledFrom(acked).Draw(t, "lost")
		store := rapid.SampledFrom(s.Stores).Draw(t, "store")
		for i := range h.Reads {
			if h.Reads[i].Store == store {
				h.Reads[i].IDs = slices.DeleteFunc(h.Reads[i].IDs, func(id string) bool { return id == lost.ID })
			}
		}
		r := Judge(h, s)
		want := FindingRecoveryPoint
		if lost.Sent >= tr.f.Hi {
			want = FindingLostAfterFailover
		}
		if r.Verdict != Fail || !slices.ContainsFunc(r.Findings,
			func(f Finding) bool { return f.ID == want && f.Verdict == Fail }) {
			t.Errorf("%s lost %s: %v because %q", store, lost.ID, r.Verdict, r.Reasons)
		}
		if want != FindingRecoveryPoint {
			return
		}
		p := r.Metrics.RecoveryPoint
		at := slices.IndexFunc(p.Stores, func(p RecoveryPoint) bool { return p.Name == store })
		oldest := min(tr.replayed[store], lost.Done)
		is := p.Stores[at].Interval
		if age := tr.fault - oldest; time.Duration(*is.Lo) > age {
			t.Errorf("%s lost nothing older than %v, its recovery point is said to be %v ms", store, age, ends(is))
		}
		if time.Duration(*is.Hi) < tr.fault-lost.Done {
			t.Errorf("%s lost %s, %v before the fault, its recovery point is said to be %v ms", store, lost.ID,
				tr.fault-lost.Done, ends(is))
		}
	})
}

// The true end of the outage lies in the interval, or beyond the bound when nobody saw it.
func TestTrueOutageIsWithinTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, s, tr := randomDrill(t)
		s.RecoveryTime.Success = 1 // with less, a window may begin before the last bad call
		until := drawTime(t, "observed until", tr.f.Hi, 6500*msec)
		h.Ops = slices.DeleteFunc(h.Ops, func(op history.Op) bool { return op.Due > until })
		r := MeasureRecoveryTime(h, s)
		if !r.Recovered() && until > tr.back+s.RecoveryTime.Window+100*msec &&
			until > tr.f.Hi+s.RecoveryTime.Window+100*msec {
			t.Errorf("back at %v, observed until %v, not seen", tr.back, until)
		}
		contains(t, "recovery time", r.Interval, tr.back-tr.fault)
	})
}

// Phases add up to the time between the middle of the fault and the middle of the recovery, wherever the marks lie.
func TestPhasesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := goodDrill()
		for i := range d.Marks {
			d.Marks[i].At = history.At(drawTime(t, d.Marks[i].Name, 2*time.Second, 6*time.Second))
		}
		r := MeasureRecoveryTime(d.History, d.spec)
		sum, written := time.Duration(0), int64(0)
		for i, p := range r.Phases.Rounded() {
			if r.Phases[i].Took < 0 {
				t.Errorf("%s takes %v", p.Name, p.Took)
			}
			sum += time.Duration(r.Phases[i].Took)
			written += p.Took.MS()
		}
		if len(r.Phases) == 0 {
			return
		}
		if mid := (time.Duration(*r.Lo) + time.Duration(*r.Hi)) / 2; (sum-mid).Abs() > time.Microsecond ||
			written != Near(sum).MS() {
			t.Errorf("phases add up to %v, and written to %d ms, the recovery time is %v: %+v", sum, written, mid,
				r.Phases)
		}
	})
}

// Whatever the history, judging it ends without a panic, and what proves nothing does not pass.
func TestJudgeTakesAnyHistory(t *testing.T) {
	at := rapid.OneOf(rapid.Int64Range(0, int64(10*time.Second)), rapid.Int64())
	when := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(at.Draw(t, "time")) })
	id := rapid.SampledFrom([]string{"", "a", "b", "c"})
	region := rapid.SampledFrom([]string{"", home, standby})
	interval := rapid.Custom(func(t *rapid.T) history.Interval {
		return history.Interval{Lo: when.Draw(t, "lo"), Hi: when.Draw(t, "hi")}
	})
	op := rapid.Custom(func(t *rapid.T) history.Op {
		return history.Op{
			Kind: rapid.SampledFrom([]history.Kind{history.Write, history.Read, ""}).Draw(t, "kind"),
			ID:   id.Draw(t, "id"),
			Due:  when.Draw(t, "due"), Sent: when.Draw(t, "sent"), Done: when.Draw(t, "done"),
			Region:   region.Draw(t, "region"),
			Outcome:  history.Outcome(rapid.IntRange(0, 2).Draw(t, "outcome")),
			Attempts: rapid.IntRange(0, 2).Draw(t, "attempts"),
		}
	})
	fault := rapid.Custom(func(t *rapid.T) history.Fault {
		return history.Fault{
			Regions: rapid.SliceOfN(region, 0, 2).Draw(t, "regions"), Confirmed: rapid.Bool().Draw(t, "confirmed"),
			Effective: rapid.Ptr(interval, true).Draw(t, "effective"),
			Healed:    rapid.Ptr(interval, true).Draw(t, "healed"),
		}
	})
	read := rapid.Custom(func(t *rapid.T) history.FinalRead {
		return history.FinalRead{
			Read: rapid.SampledFrom([]string{history.BeforeReturn, history.AfterReconciliation}).Draw(t, "read"),
			Store: rapid.SampledFrom([]string{history.StorePostgres, history.StoreObjects, history.StoreItems}).Draw(t,
				"store"),
			At: interval.Draw(t, "at"), Region: standby, IDs: rapid.SliceOfN(id, 0, 5).Draw(t, "ids"),
		}
	})
	mark := rapid.Custom(func(t *rapid.T) history.Mark {
		return history.Mark{At: interval.Draw(t, "at"), Name: rapid.SampledFrom([]string{
			"detected",
			"promoted",
		}).Draw(t, "name")}
	})
	phase := rapid.Custom(func(t *rapid.T) history.Phase {
		name := rapid.SampledFrom([]string{history.PhaseWorkload, history.PhaseSteady}).Draw(t, "name")
		return history.Phase{At: when.Draw(t, "at"), Name: name}
	})
	rapid.Check(t, func(t *rapid.T) {
		h := history.History{
			Ops: rapid.SliceOfN(op, 0, 30).Draw(t, "ops"), Marks: rapid.SliceOfN(mark, 0, 3).Draw(t, "marks"),
			Faults: rapid.SliceOfN(fault, 0, 2).Draw(t, "faults"), Reads: rapid.SliceOfN(read, 0, 6).Draw(t, "reads"),
			Phases: rapid.SliceOfN(phase, 0, 3).Draw(t, "phases"),
		}
		for _, s := range []Spec{goodDrill().spec, {}} {
			r := Judge(h, s)
			if r.Verdict == Pass {
				t.Errorf("passes because %q", r.Reasons)
			}
			if r.Reasons == nil || r.Findings == nil {
				t.Error("reasons and findings are lists, also when there are none")
			}
		}
	})
}

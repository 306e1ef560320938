package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const third = "eu-west-1"

// world: ten writes a second from 0.5 s to end, all acknowledged by home and kept; nothing is broken. All times are
// milliseconds.
func world(end int) *drill {
	d := &drill{spec: goodDrill().spec}
	d.spec.RecoveryTime = new(*d.spec.RecoveryTime)
	d.Phases = []history.Phase{
		{At: 400 * msec, Name: history.PhaseWorkload},
		{At: 1000 * msec, Name: history.PhaseSteady},
		{At: ms(end), Name: history.PhaseStop},
		{At: ms(end + 3000), Name: history.PhaseEnd},
	}
	for _, kind := range []string{history.BeforeReturn, history.AfterReconciliation} {
		for _, store := range d.spec.Stores {
			at := end + 200
			if kind == history.AfterReconciliation {
				at = end + 2000
			}
			d.Reads = append(d.Reads, history.FinalRead{
				Read: kind, Store: store, Region: standby,
				At: *between(at, at+10),
			})
		}
	}
	for i := 0; 500+100*i < end; i++ {
		due := ms(500 + 100*i)
		d.Ops = append(d.Ops, history.Op{
			Seq: int64(i), Kind: history.Write, ID: fmt.Sprintf("v%02d", i), Due: due,
			Sent: due + msec,
		})
		d.ok(i, home)
		d.keep(i)
	}
	return d
}

func ms(n int) time.Duration { return time.Duration(n) * msec }

func at(due int) int { return (due - 500) / 100 }

func (d *drill) endMS() int { return int(d.Phases[2].At / msec) }

// fault healed at a time; 0: after everything was read; -1: never.
func (d *drill) fault(name, target string, lo, hi, heal int, regions ...string) *drill {
	f := history.Fault{
		Name: name, Target: target, Regions: regions, Command: ms(lo - 10), Effective: between(lo, hi),
		Confirmed: true, By: "seen",
	}
	switch {
	case heal == 0:
		f.Healed = between(d.endMS()+500, d.endMS()+600)
	case heal > 0:
		f.Healed = between(heal, heal+100)
	}
	d.Faults = append(d.Faults, f)
	return d
}

func (d *drill) loseRegion(region string, lo, heal int) *drill {
	return d.fault("lose_region", region, lo, lo+20, heal, region)
}

func (d *drill) order(target string, at, done int) *drill {
	f := history.Fault{
		Name: history.Switchover, Target: target, Command: ms(at), Effective: between(at, at),
		Confirmed: true, By: "done",
	}
	if done > 0 {
		f.Healed = between(at, done)
	}
	d.Faults = append(d.Faults, f)
	return d
}

func (d *drill) mark(name string, at int, region string) *drill {
	d.Marks = append(d.Marks, history.Mark{At: *between(at-5, at+5), Source: "automation." + region, Name: name})
	return d
}

// away: writes due in [from, to) are not answered.
func (d *drill) away(from, to int) *drill {
	for i := range d.Ops {
		if op := &d.Ops[i]; op.Kind == history.Write && op.Due >= ms(from) && op.Due < ms(to) {
			d.bad(i)
		}
	}
	return d
}

// served: writes due in [from, to) are acknowledged by a region, on a timeline, and kept.
func (d *drill) served(from, to int, region string, timeline int) *drill {
	for i := range d.Ops {
		if op := &d.Ops[i]; op.Kind == history.Write && op.Due >= ms(from) && op.Due < ms(to) {
			d.ok(i, region)
			d.Ops[i].Timeline = timeline
			d.keep(i)
		}
	}
	return d
}

// gone: writes due in [from, to) are in no reading of these stores (all: none named).
func (d *drill) gone(from, to int, stores ...string) *drill {
	if len(stores) == 0 {
		stores = d.spec.Stores
	}
	for _, op := range d.Ops {
		if op.Kind == history.Write && op.Due >= ms(from) && op.Due < ms(to) {
			for _, s := range stores {
				d.lose(s, op.ID)
			}
		}
	}
	return d
}

// failover: region lost at lo, away until back, served by another from then on.
func (d *drill) failover(from, to string, lo, back, heal, timeline int) *drill {
	d.loseRegion(from, lo, heal)
	d.mark("promoted", back-300, to).mark("redirected", back-150, to)
	return d.away(lo, back).served(back, d.endMS(), to, timeline)
}

// reading: n reads each 100 ms, from 0.5 s on; status says what becomes of each: 200, 404, 503 and of which id.
func (d *drill) readEvery(every int, is func(due int) (status int, id string)) *drill {
	for due, n := 503, 0; due < d.endMS(); due, n = due+every, n+1 {
		status, id := is(due)
		op := history.Op{
			Seq: int64(5000 + n), Kind: history.Read, ID: id, Client: n % 8, Due: ms(due), Sent: ms(due),
			Done: ms(due + 5), Attempts: 1,
			Outcome: history.OK, Status: status, Region: standby,
		}
		if status != 200 {
			op.Outcome, op.Error = history.Failed, errorOf(status)
		}
		d.Ops = append(d.Ops, op)
	}
	return d
}

func (d *drill) readsOK(every int) *drill {
	return d.readEvery(every, func(int) (int, string) { return 200, "v00" })
}

// extra reading before the return of a store's content: all kept by then.
func (d *drill) readAt(at int, region string) *drill {
	var more []history.FinalRead
	for _, store := range d.spec.Stores {
		r := history.FinalRead{Read: history.BeforeReturn, Store: store, Region: region, At: *between(at, at+10)}
		for _, id := range d.read(history.AfterReconciliation, store).IDs {
			i := slices.IndexFunc(d.Ops, func(op history.Op) bool { return op.ID == id && op.Kind == history.Write })
			if i >= 0 && d.Ops[i].Done <= ms(at) {
				r.IDs = append(r.IDs, id)
			}
		}
		more = append(more, r)
	}
	d.Reads = append(more, d.Reads...)
	return d
}

func (d *drill) allReads(kind string, edit func(r *history.FinalRead)) *drill {
	for i := range d.Reads {
		if d.Reads[i].Read == kind {
			edit(&d.Reads[i])
		}
	}
	return d
}

// several is a history in which more than one thing breaks, with what is to be said of it.
type several struct {
	name    string
	make    func() *drill
	verdict Verdict
	bad     map[string]Verdict // findings that do not pass; nil: none; with "*": not compared
	rt, rp  float64            // the true recovery time and recovery point, in milliseconds; 0: not compared
	lost    int                // -1: not compared
	says    string             // must be in reasons or words
	not     string             // must not be
}

func wordsOf(r Report) string {
	all := slices.Clone(r.Reasons)
	for _, i := range r.Incidents {
		all = append(all, "  I: "+i.Words())
	}
	for _, f := range r.Findings {
		if f.Verdict != Pass && f.ID != FindingDrill || f.ID == FindingFencing {
			all = append(all, fmt.Sprintf("  F: %s %s %s", f.ID, f.Verdict, f.Detail))
		}
	}
	return strings.Join(all, "\n")
}

func (a several) check(t *testing.T) {
	d := a.make()
	r := Judge(d.History, d.spec)
	bad := map[string]Verdict{}
	for _, f := range r.Findings {
		if f.Verdict != Pass {
			bad[f.ID] = f.Verdict
		}
	}
	var wrong []string
	if r.Verdict != a.verdict {
		wrong = append(wrong, fmt.Sprintf("verdict %s, want %s", r.Verdict, a.verdict))
	}
	if _, any := a.bad["*"]; !any && !maps.Equal(bad, a.bad) && len(bad)+len(a.bad) > 0 {
		wrong = append(wrong, fmt.Sprintf("findings %v, want %v", bad, a.bad))
	}
	in := func(what string, truth float64, i *Interval) {
		if truth == 0 {
			return
		}
		if i == nil || i.Lo == nil {
			wrong = append(wrong, what+" not measured")
			return
		}
		lo, hi := milliseconds(*i.Lo), 1e12
		if i.Hi != nil {
			hi = milliseconds(*i.Hi)
		}
		if truth < lo || truth > hi || hi < 1e12 && hi-lo > 400 {
			wrong = append(wrong, fmt.Sprintf("%s [%v, %v], truth %v", what, lo, hi, truth))
		}
	}
	if m := r.Metrics.RecoveryTime; m != nil {
		in("recovery time", a.rt, &m.Interval)
	} else {
		in("recovery time", a.rt, nil)
	}
	if p := r.Metrics.RecoveryPoint; p != nil {
		in("recovery point", a.rp, &p.Interval)
		if a.lost >= 0 && p.Lost != a.lost {
			wrong = append(wrong, fmt.Sprintf("lost %d, want %d", p.Lost, a.lost))
		}
	} else if a.lost > 0 {
		wrong = append(wrong, "recovery point not measured")
	}
	words := wordsOf(r)
	if a.says != "" && !strings.Contains(words, a.says) {
		wrong = append(wrong, "does not say "+a.says)
	}
	if a.not != "" && strings.Contains(words, a.not) {
		wrong = append(wrong, "says "+a.not)
	}
	if len(wrong) > 0 {
		t.Errorf("%s\n%s", strings.Join(wrong, "; "), words)
	}
}

func f1(id string, v Verdict) map[string]Verdict { return map[string]Verdict{id: v} }

var anyBad = map[string]Verdict{"*": Inconclusive}

func (d *drill) timeless() *drill {
	for i := range d.Ops {
		d.Ops[i].Timeline = 0
	}
	return d
}

func (d *drill) readIn(region string) *drill {
	for i := range d.Reads {
		d.Reads[i].Region = region
	}
	return d
}

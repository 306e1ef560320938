package measure

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingDecisions fails when a subject was approved and then denied, or denied and then approved again, without a
// recorded reason.
const FindingDecisions = "decisions"

// Decisions is how well decisions stood that subjects had been told of.
type Decisions struct {
	Subjects int `json:"subjects"` // that had been approved when the fault came, and were answered after it
	Answers  int `json:"answers"`  // that they were given after it
	Pending  int `json:"pending"`  // of those, that said neither approved nor denied
	Changes  int `json:"changes"`  // from approved to denied for a recorded reason, at any time
	// Flips are the changes without one, in the order of time.
	Flips []Flip `json:"flips"`
	// Behind is how old at the fault the oldest write was of which whoever denied knew nothing: so far behind it was at
	// least. Null: that is not known.
	Behind   *Low    `json:"behind_ms"`
	Interval         // the longest time for which a subject was denied; null ends where none was
	Verdict  Verdict `json:"verdict"`
}

// Flip is a subject that was told approved, denied and mostly approved again.
type Flip struct {
	Subject  string `json:"subject"`
	Approved Told   `json:"approved"` // the last time before it was denied
	Denied   Told   `json:"denied"`   // the first time
	Denials  int    `json:"denials"`
	Again    *Told  `json:"approved_again"` // null: that was not seen
	Why      string `json:"why"`            // it is no change for a recorded reason
	// Behind is how old at the fault the write was on which the approval after the denial rests, where it had been
	// acknowledged before the denial was asked for: whoever denied did not know of it.
	Behind   *Low `json:"behind_ms"`
	Interval      // for how long it was denied
}

// Told is an answer.
type Told struct {
	At     Span   `json:"at_ms"`        // from when it was asked for to when it came
	By     string `json:"by,omitempty"` // the id of the write that it rests on; left out where it names none
	Region string `json:"region"`       // that answered
	Seq    int64  `json:"seq"`          // of the operation
}

// MeasureDecisions judges the sequence of answers that each subject was given. It is nil where nothing is promised of
// them.
//
// Answers are ordered where the one came before the other was asked for. A denial after an approval, with no other
// approval or denial between, needs a recorded reason: it rests on a write of the drill that the approval does not rest
// on, that is not older (acknowledged before the approval's was sent), and that no answer rested on before the
// approval. So does an approval after a denial that had a reason. Pending is neither. What was due before the steady
// state flips nothing. With a and b the approvals before and after, and d and e the first and the last denial,
//
//	sent(e) - done(d) <= denied <= done(b) - sent(a)
//
// Nothing is known where nobody who had been approved was answered after the fault.
func MeasureDecisions(h history.History, s Spec) *Decisions { //nolint:revive // Decisions is what it returns
	return bareView(h, s).decisions()
}

func (v *view) decisions() *Decisions {
	if !v.spec.Decisions {
		return nil
	}
	d := &Decisions{Flips: []Flip{}}
	r := v.records()
	steady, _ := v.PhaseAt(history.PhaseSteady)
	after := v.lastEffect()
	bySubject := map[string][]*told{}
	for i := range v.Ops {
		if op := &v.Ops[i]; op.Decided != nil && op.Kind == history.Read && op.Outcome == history.OK {
			bySubject[op.Decided.Of] = append(bySubject[op.Decided.Of], &told{op})
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(bySubject)) {
		answers := bySubject[subject]
		slices.SortStableFunc(answers, func(a, b *told) int {
			return cmp.Or(cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.Seq, b.Seq))
		})
		d.count(answers, after)
		d.follow(answers, r, steady)
	}
	d.conclude(v)
	return d
}

// lastEffect is when all that was broken was surely effective; never, where nothing was.
func (v *view) lastEffect() time.Duration {
	last := time.Duration(-1)
	for _, f := range v.Faults {
		if confirmed(f) {
			last = max(last, f.Effective.Hi)
		}
	}
	if last < 0 {
		return math.MaxInt64
	}
	return last
}

// told is an answer with a decision.
type told struct{ *history.Op }

func (t *told) is(decision string) bool { return t.Decided.Decision == decision }

func (t *told) report() Told {
	return Told{At: Span{Lo: t.Sent, Hi: t.Done}, By: t.Decided.By, Region: t.Region, Seq: t.Seq}
}

// before says whether an answer had come when the other was asked for.
func (t *told) before(other *told) bool { return t.Done <= other.Sent }

// count notes a subject that had been approved and was answered after the fault.
func (d *Decisions) count(answers []*told, after time.Duration) {
	if !slices.ContainsFunc(answers, func(t *told) bool { return t.is(history.Approved) && t.Done <= after }) {
		return
	}
	answered := 0
	for _, t := range answers {
		if t.Sent < after {
			continue
		}
		answered++
		if t.is(history.Pending) {
			d.Pending++
		}
	}
	if d.Answers += answered; answered > 0 {
		d.Subjects++
	}
}

// follow goes through the answers to one subject in the order in which they were asked for.
func (d *Decisions) follow(answers []*told, r *records, steady time.Duration) {
	r.forget()
	open := -1    // the flip that goes on
	var was *told // the last approval before a denial that had a reason
	flip := func(approved, denied *told, why string) {
		d.Flips = append(d.Flips, Flip{
			Subject: denied.Decided.Of, Approved: approved.report(), Denied: denied.report(), Why: why,
		})
		open = len(d.Flips) - 1
		d.Flips[open].again(denied)
	}
	end := func(by *told) {
		if open >= 0 {
			d.Flips[open].end(by)
		}
		open = -1
	}
	for i, t := range answers {
		p := prior(answers[:i], t)
		switch {
		case t.is(history.Pending) || p == nil:
		case t.is(history.Denied) && p.is(history.Denied):
			if open >= 0 {
				d.Flips[open].again(t)
			}
		case t.is(history.Denied):
			end(p)
			switch why := r.unrecorded(p, t); {
			case why == "":
				d.Changes++
				was = p
			case t.Due >= steady:
				flip(p, t, "the denial "+why)
			}
		case p.is(history.Denied) && open >= 0:
			end(t)
		case p.is(history.Denied) && was != nil:
			if why := r.unrecorded(p, t); why != "" && t.Due >= steady {
				flip(was, p, "the approval after it "+why)
				end(t)
			}
		}
		r.note(t)
	}
}

// prior is the answer before another that was asked for last, of those that are not pending; nil: there is none.
func prior(answers []*told, t *told) *told {
	for i := len(answers) - 1; i >= 0; i-- {
		if !answers[i].is(history.Pending) && answers[i].before(t) {
			return answers[i]
		}
	}
	return nil
}

// again notes that the subject is denied, and for how long it was at least.
func (f *Flip) again(t *told) {
	f.Denials++
	f.Lo = new(Low(max(0, t.Sent-f.Denied.At.Hi)))
}

// end notes that the subject is approved again.
func (f *Flip) end(t *told) {
	f.Again = new(t.report())
	f.Hi = new(High(t.Done - f.Approved.At.Lo))
}

// records are the writes that decisions rest on.
type records struct {
	*ids
	sent  []time.Duration          // when each id was sent first
	acked []time.Duration          // when it was acknowledged first; math.MaxInt64: never
	rests map[string]time.Duration // of one subject, when the first answer came that rests on a record
}

func (v *view) records() *records {
	r := &records{ids: v.ids(), acked: v.ackedAt(), sent: make([]time.Duration, v.ids().count())}
	for n := range r.sent {
		r.sent[n] = math.MaxInt64
	}
	for i := range v.Ops {
		if op := &v.Ops[i]; op.Kind == history.Write {
			r.sent[r.of[i]] = min(r.sent[r.of[i]], op.Sent)
		}
	}
	return r
}

// forget makes ready for the next subject.
func (r *records) forget() { r.rests = map[string]time.Duration{} }

func (r *records) note(t *told) {
	if at, is := r.rests[t.Decided.By]; !is || t.Done < at {
		r.rests[t.Decided.By] = t.Done
	}
}

// unrecorded says why an answer that differs from one before has no recorded reason; empty: it has.
func (r *records) unrecorded(was, is *told) string {
	by := is.Decided.By
	n, written := r.find(by)
	switch {
	case by == "":
		return "rests on no record"
	case !written || r.sent[n] > is.Done:
		return "rests on " + by + ", which nobody wrote"
	case by == was.Decided.By:
		return "rests on the same record, " + by
	}
	if o, known := r.find(was.Decided.By); known && r.acked[n] <= r.sent[o] {
		return "rests on " + by + ", which is older than " + was.Decided.By
	}
	if at, seen := r.rests[by]; seen && at <= was.Sent {
		return "rests on " + by + ", as an answer before did"
	}
	return ""
}

// conclude sums up.
func (d *Decisions) conclude(v *view) {
	acked := v.ackedAt()
	slices.SortStableFunc(d.Flips, func(a, b Flip) int { return cmp.Compare(a.Denied.At.Lo, b.Denied.At.Lo) })
	for i := range d.Flips {
		f := &d.Flips[i]
		f.Behind = v.behind(f, acked)
		if f.Behind != nil && (d.Behind == nil || *f.Behind > *d.Behind) {
			d.Behind = f.Behind
		}
		if d.Lo == nil || *f.Lo > *d.Lo {
			d.Interval = f.Interval
		}
	}
	switch {
	case len(d.Flips) > 0:
		d.Verdict = Fail
	case d.Subjects > 0:
		d.Verdict = Pass
	}
}

// behind is how old the write was, when the last cause before the denial came, on which the approval after it rests.
func (v *view) behind(f *Flip, acked []time.Duration) *Low {
	if f.Again == nil {
		return nil
	}
	n, written := v.ids().find(f.Again.By)
	if !written || acked[n] > f.Denied.At.Lo {
		return nil
	}
	var age *Low
	for _, c := range v.causes {
		if c.effect.Lo <= f.Denied.At.Hi {
			age = new(Low(max(0, c.effect.Lo-acked[n])))
		}
	}
	return age
}

package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// service answers when the service criterion held.
type service struct {
	criterion RecoveryTimeObjective
	excused   excuse
	accused   excuse       // nil: none is
	ops       []history.Op // that were taken in
	ended     time.Duration

	all           *stream
	writes, reads *stream
	others        bool      // operations that are neither were offered
	regions       []*stream // of each region's clients
	in            []*stream // of the clients, in turn
	parts         []*stream // that it has to hold for as well as for all: each kind, and each region's clients
	from, end     time.Duration
}

// newService counts what was offered, and not what was tried again on top: who is served at the second try was not
// served in time at the first.
func newService(h history.History, s Spec, excused excuse) *service {
	v := emptyService(s, excused)
	v.addOps(h.Ops)
	v.observe(h)
	return v
}

func emptyService(s Spec, excused excuse) *service {
	v := &service{
		criterion: *s.RecoveryTime, excused: excused, all: newStream("", rounding),
		writes: newStream(string(history.Write)+"s", 1), reads: newStream(string(history.Read)+"s", 1),
	}
	if len(dedup(s.ClientsIn)) < 2 {
		return v
	}
	for _, region := range s.ClientsIn {
		name := "clients in " + region
		i := slices.IndexFunc(v.regions, func(s *stream) bool { return s.name == name })
		if i < 0 {
			i = len(v.regions)
			v.regions = append(v.regions, newStream(name, 1))
		}
		v.in = append(v.in, v.regions[i])
	}
	return v
}

// streams are the parts that an operation belongs to, if any.
func (v *service) streams(op *history.Op) (kind, place *stream) {
	switch op.Kind {
	case history.Write:
		kind = v.writes
	case history.Read:
		kind = v.reads
	}
	if len(v.in) > 0 && op.Client >= 0 {
		place = v.in[op.Client%len(v.in)]
	}
	return kind, place
}

// addOps adds the operations that were recorded since it was last called. They come in the order in which they ended:
// what of the old ones was due after the first of the new is put in its place again.
func (v *service) addOps(ops []history.Op) {
	fresh := make([]call, 0, len(ops)-len(v.ops))
	for i := len(v.ops); i < len(ops); i++ {
		op := &ops[i]
		v.ended = max(v.ended, op.Done)
		if op.Retry > 0 {
			continue
		}
		fresh = append(fresh, call{due: op.Due, op: int32(i)})
		kind, place := v.streams(op)
		v.others = v.others || kind == nil
		for _, s := range []*stream{kind, place} {
			if s != nil {
				s.pending++
			}
		}
	}
	v.ops = ops
	if len(fresh) == 0 {
		return
	}
	inOrder := func(a, b call) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.op, b.op)) }
	if !slices.IsSortedFunc(fresh, inOrder) {
		slices.SortFunc(fresh, inOrder)
	}
	since := fresh[0].due
	kept := v.all.upTo(since)
	fresh = inOneOrder(slices.Clone(v.all.calls[kept:]), fresh)
	for _, s := range append([]*stream{v.all, v.writes, v.reads}, v.regions...) {
		s.cut(s.upTo(since))
		s.makeRoom()
	}
	for _, c := range fresh {
		ok, inTime := v.judge(int(c.op))
		v.all.mark(ok, inTime)
		kind, place := v.streams(&ops[c.op])
		for _, s := range []*stream{kind, place} {
			if s != nil {
				s.calls = append(s.calls, c)
				s.mark(ok, inTime)
			}
		}
	}
	if kept == 0 {
		v.all.calls = fresh
	} else {
		v.all.calls = append(v.all.calls, fresh...)
	}
}

// judge is what became of an operation, for the criterion. Who is excused was answered in time.
func (v *service) judge(i int) (ok, inTime bool) {
	op, limit := &v.ops[i], v.criterion.Latency
	if v.accused != nil && v.accused(i, op) {
		return false, false
	}
	ok = op.Outcome == history.OK
	inTime = ok && (limit <= 0 || op.Done-op.Due <= limit)
	if !inTime && v.excused != nil && v.excused(i, op) {
		return true, true
	}
	return ok, inTime
}

// badBy is when a bad call was bad beyond doubt.
func (v *service) badBy(c call) time.Duration {
	op, limit := &v.ops[c.op], v.criterion.Latency
	if limit > 0 {
		return min(op.Done, op.Due+limit)
	}
	return op.Done
}

// observe notes what the history says of the time in which the service is looked at.
func (v *service) observe(h history.History) {
	if len(v.all.calls) == 0 {
		return
	}
	steady, reached := h.PhaseAt(history.PhaseSteady)
	v.from = 0
	broken := time.Duration(0)
	if reached {
		v.from, broken = steady, v.ended
		if stop, reached := h.PhaseAt(history.PhaseStop); reached {
			broken = stop
		}
		if i := slices.IndexFunc(h.Faults, confirmed); i >= 0 {
			broken = h.Faults[i].Effective.Lo
		}
		// too short to tell what is offered: what came before it is no other load
		if broken-steady < v.criterion.Window {
			steady = min(steady, v.all.calls[0].due)
			broken = v.all.calls[max(0, v.all.before(broken)-1)].due
		}
	}
	v.all.measureOffered(steady, broken)
	v.parts = v.parts[:0]
	candidates := v.regions
	if kinds := []bool{
		len(v.writes.calls) > 0, len(v.reads.calls) > 0,
		v.others,
	}; len(slices.DeleteFunc(kinds, func(is bool) bool { return !is })) > 1 {
		candidates = append([]*stream{v.writes, v.reads}, v.regions...)
	}
	for _, s := range candidates {
		if s.measureOffered(steady, broken); s.offered > 1 {
			v.parts = append(v.parts, s) // of what was not offered in the steady state nobody knows what to expect
		}
	}
	v.end = v.all.calls[len(v.all.calls)-1].due
}

// excusing is the same service with other excuses.
func (v *service) excusing(e excuse) *service {
	w := *v
	w.excused = e
	w.all, w.parts = w.rejudged(v.all), nil
	for _, s := range v.parts {
		w.parts = append(w.parts, w.rejudged(s))
	}
	return &w
}

// accusing is the same service with operations that count as not answered.
func (v *service) accusing(e excuse) *service {
	w := *v
	w.accused = e
	return w.excusing(v.excused)
}

// rejudged is a stream with the same calls, judged again.
func (v *service) rejudged(s *stream) *stream {
	t := newStream(s.name, s.slack)
	t.calls, t.offered, t.offeredDuring = s.calls, s.offered, s.offeredDuring
	for _, c := range t.calls {
		t.mark(v.judge(int(c.op)))
	}
	return t
}

// observed says whether anything was.
func (v *service) observed() bool { return len(v.all.calls) > 0 && v.criterion.Window > 0 }

// tooThin says whether the steady load leaves parts of windows without any operation, so that no window could ever be
// good.
func (v *service) tooThin() bool {
	return v.all.offeredDuring > 0 && v.all.rate()*float64(v.criterion.Window)/windowParts < 1
}

// inOneOrder puts two lists that are in order into one.
func inOneOrder(a, b []call) []call {
	if len(a) == 0 {
		return b
	}
	all := make([]call, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0].due < a[0].due {
			all, b = append(all, b[0]), b[1:]
		} else {
			all, a = append(all, a[0]), a[1:]
		}
	}
	return append(append(all, a...), b...)
}

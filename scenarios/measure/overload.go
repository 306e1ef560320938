package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Overload says in one sentence that the app did not bear its load in a stretch of time in which nothing was broken, to
// the last: it answered, and not as the criterion of the recovery time asks, all operations or those of a kind. It is
// empty where the criterion is met, where it is in the second half (before that, the app may have been warming up), and
// where nothing at all was answered: that is no matter of the load.
func Overload(h history.History, criterion RecoveryTimeObjective, from, to time.Duration) string {
	return newService(h, Spec{RecoveryTime: &criterion}, nil).lastingOverload(from, to)
}

// lastingOverload is Overload of the history that was taken in.
func (v *service) lastingOverload(from, to time.Duration) string {
	return v.overload(from, to, from/2+to/2) // a history may say any time: no difference may overflow
}

// overload says that the app did not bear what is due from a time on until another, nor what of that is due since a
// third. What is excused was answered in time.
func (v *service) overload(from, to, since time.Duration) string {
	if to <= from {
		return ""
	}
	for _, s := range []*stream{v.all, v.writes, v.reads} {
		l := v.answersTo(s, from, to)
		if l.ok > 0 && l.exceeds(v.criterion) && v.answersTo(s, since, to).exceeds(v.criterion) {
			return l.words(v.criterion, to-from)
		}
	}
	return ""
}

// Unmet says in a few words how the operations that ended since a time miss the criterion of the recovery time: all,
// those of a kind, or those of one region's clients. It is empty where they meet it. It also counts those that were
// offered. Nothing is excused: the lab is not steady either where an operation can't be sent, or does not find what
// was acknowledged.
func Unmet(h history.History, s Spec, since time.Duration) (offered int, why string) {
	h.Ops = slices.DeleteFunc(slices.Clone(h.Ops), func(op history.Op) bool { return op.Done < since })
	v := newService(h, s, nil)
	everything := func(*history.Op) bool { return true }
	for _, s := range append([]*stream{v.all, v.writes, v.reads}, v.regions...) {
		l := v.answersOf(s, 0, math.MaxInt64, everything)
		if s == v.all {
			offered = l.offered
		}
		if slices.Contains(v.regions, s) {
			l.what = "operations of " + s.name
		}
		if why = l.missed(v.criterion); why != "" {
			break
		}
	}
	return offered, why
}

// isOverload says whether an outage, up to a time, is one of too much load, rather than of something that is away: then
// nothing of a kind, or of one region's clients, is answered for a while.
func (v *service) isOverload(o outage, until time.Duration) bool {
	if !o.censored {
		until = min(until, o.end.Lo+1)
	}
	some := false
	for _, s := range append([]*stream{v.writes, v.reads}, v.regions...) {
		i, j := s.before(o.begin.Hi), s.before(until)
		if i < j && v.isInterrupted(s, i, j) {
			return false
		}
		some = some || i < j
	}
	return some
}

// isInterrupted says whether several operations in a row of i to j-1, throughout a part of a window, are not ok.
func (v *service) isInterrupted(s *stream, i, j int) bool {
	const several = 3
	for first := s.failing.next(i, j); first < j; first = s.failing.next(first, j) {
		n := first
		for n < j && s.failing.at(n) {
			n++
		}
		long := s.calls[n-1].due - s.calls[first].due
		if n-first >= several && long >= v.criterion.Window/windowParts {
			return true
		}
		first = n
	}
	return false
}

// answers are what came of a load.
type answers struct {
	what       string // such as "writes"; empty: all
	offered    int
	judged, ok int             // of those that nothing excuses
	late       int             // of those that are ok
	took       []time.Duration // those that are ok, sorted
	why        string          // what became of the last one that is not
}

// answersTo are those that say whether a load was too high: of what was not sent the app knows nothing, and what it did
// not find is no matter of the load.
func (v *service) answersTo(s *stream, from, to time.Duration) answers {
	return v.answersOf(s, from, to, func(op *history.Op) bool {
		return op.Attempts > 0 && !op.FoundNothing()
	})
}

// answersOf are those to what is due in a stretch of time, as far as it counts.
func (v *service) answersOf(s *stream, from, to time.Duration, counts func(op *history.Op) bool) answers {
	l := answers{what: s.name}
	for _, c := range s.calls[s.before(from):s.before(to)] {
		op := &v.ops[c.op]
		l.offered++
		_, excused := v.judge(int(c.op))
		took := op.Done - op.Due
		late := v.criterion.Latency > 0 && took > v.criterion.Latency
		if excused && (op.Outcome != history.OK || late) || !counts(op) {
			continue
		}
		l.judged++
		if op.Outcome != history.OK {
			l.why = op.Error
			continue
		}
		l.ok++
		l.took = append(l.took, took)
		if late {
			l.late++
		}
	}
	slices.Sort(l.took)
	return l
}

// exceeds says whether more of the load was not answered, or not in time, than the criterion bears.
func (l answers) exceeds(o RecoveryTimeObjective) bool { return l.missed(o) != "" }

// missed says in a few words what of the load was not answered, or not in time, where that is more than the criterion
// bears. A single operation says nothing.
func (l answers) missed(o RecoveryTimeObjective) string {
	tooMany := func(bad, of int, share float64) bool { return bad > 1 && float64(bad) > (1-share)*float64(of)+1e-9 }
	what := cmp.Or(l.what, "operations")
	switch {
	case tooMany(l.judged-l.ok, l.judged, o.Success):
		return fmt.Sprintf("%d of %d %s are ok (%s)", l.ok, l.judged, what, l.why)
	case tooMany(l.late, l.ok, o.Quantile):
		return fmt.Sprintf("%d of %d %s took longer than %s", l.late, l.ok, what, o.Latency)
	}
	return ""
}

func (l answers) words(o RecoveryTimeObjective, during time.Duration) string {
	what := cmp.Or(l.what, "operations")
	text := fmt.Sprintf("the load was too high for the app: of %.3g %s/s that were offered when nothing was broken, "+
		"%.1f %% were answered ok", float64(l.offered)/during.Seconds(), what, 100*float64(l.ok)/float64(l.judged))
	if l.why != "" {
		text += " (else: " + l.why + ")"
	}
	promised := fmt.Sprintf("; the objective wants %.4g %%", 100*o.Success)
	if o.Latency > 0 && len(l.took) > 0 {
		quantile := fmt.Sprintf("p%.4g", 100*o.Quantile)
		text += fmt.Sprintf(", %s in %s", quantile, AtMost(l.took[max(1, shareCeil(o.Quantile, len(l.took)))-1]))
		promised += fmt.Sprintf(", %s in at most %s", quantile, Promise(o.Latency))
	}
	return text + promised
}

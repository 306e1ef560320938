package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Overload says in one sentence that the app did not bear its load in a stretch of time in which nothing was broken: it
// answered, and not as the criterion of the recovery time asks, all operations or those of a kind. It is empty where
// the criterion is met, and where nothing at all was answered: that is no matter of the load.
func Overload(h history.History, criterion RecoveryTimeObjective, from, to time.Duration) string {
	v := newService(h, Spec{RecoveryTime: &criterion}, nil)
	return v.overload(from, to)
}

// overload is Overload for what is due from a time on until another. What is excused was answered in time.
func (v *service) overload(from, to time.Duration) string {
	if to <= from {
		return ""
	}
	for _, s := range []*stream{v.all, v.writes, v.reads} {
		l := v.answersTo(s, from, to)
		if l.ok > 0 && l.exceeds(v.criterion) {
			return l.words(v.criterion, to-from)
		}
	}
	return ""
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

func (v *service) answersTo(s *stream, from, to time.Duration) answers {
	l := answers{what: s.name}
	for _, c := range s.calls[s.before(from):s.before(to)] {
		op := &v.ops[c.op]
		l.offered++
		_, excused := v.judge(int(c.op))
		took := op.Done - op.Due
		late := v.criterion.Latency > 0 && took > v.criterion.Latency
		if excused && (op.Outcome != history.OK || late) || op.Attempts == 0 {
			continue // of what was not sent the app knows nothing
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

// exceeds says whether more of the load was not answered, or not in time, than the criterion bears. A single operation
// says nothing.
func (l answers) exceeds(o RecoveryTimeObjective) bool {
	tooMany := func(bad, of int, share float64) bool { return bad > 1 && float64(bad) > (1-share)*float64(of)+1e-9 }
	return tooMany(l.judged-l.ok, l.judged, o.Success) || tooMany(l.late, l.ok, o.Quantile)
}

func (l answers) words(o RecoveryTimeObjective, during time.Duration) string {
	what := l.what
	if what == "" {
		what = "operations"
	}
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

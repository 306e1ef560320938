package measure

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingRestore compares how long it took until earlier versions of objects were back with the recovery time that is
// promised: until then the service answers, and what it answers is wrong.
const FindingRestore = "restore"

// MarkRestored is the mark of versions that are back: from when that was ordered to when it was done. Its detail says
// of how many objects.
const MarkRestored = "restored_versions"

// Restore is how long it took, from the last cause before it, until earlier versions of objects were back; the longest
// of several.
type Restore struct {
	Cause  string `json:"cause"`
	Detail string `json:"detail"`  // how many objects
	Count  int    `json:"objects"` // that were others
	Took   Near   `json:"took_ms"` // of that the restoring alone
	Interval
	Objective         // the recovery time's
	Verdict   Verdict `json:"verdict"`
}

// measureRestore is nil where nothing is to be restored. One that never came leaves its ends unknown.
func (v *view) measureRestore() *Restore {
	if v.spec.Restores == 0 {
		return nil
	}
	var worst Restore
	done, count := 0, 0
	for _, m := range v.Marks {
		if m.Name != MarkRestored {
			continue
		}
		done++
		r, is := v.restored(m)
		if !is {
			continue
		}
		count += r.Count
		if worst.Lo == nil || *r.Lo > *worst.Lo {
			worst = r
		}
	}
	if o := v.spec.RecoveryTime; o != nil {
		worst.Objective = v.spec.objective(o.Within)
		if done >= v.spec.Restores && worst.Lo != nil && count > 0 { // else it proves nothing
			worst.Verdict = against(worst.Lo.Duration(), worst.Hi.Duration(), o.Within)
		}
	}
	return &worst
}

// restored counts from the last cause before it.
func (v *view) restored(m history.Mark) (r Restore, is bool) {
	for _, c := range v.causes {
		if c.effect.Lo > m.At.Lo {
			continue
		}
		is = true
		r = Restore{
			Cause: c.String(), Detail: m.Detail, Count: countOf(m), Took: Near(m.At.Hi - m.At.Lo),
			Interval: fromTo(max(0, m.At.Hi-c.effect.Hi), m.At.Hi-c.effect.Lo),
		}
	}
	return r, is
}

func countOf(m history.Mark) int {
	if m.Count == nil {
		return 0
	}
	return *m.Count
}

// restores is the checker of that.
type restores struct{}

// IDs are those of its findings.
func (restores) IDs() []string { return []string{FindingRestore} }

// Measure notes how long it took.
func (restores) Measure(v *view, m *Metrics) { m.Restore = v.measureRestore() }

// Find compares it with the objective.
func (restores) Find(v *view, m Metrics) []Finding {
	r := m.Restore
	if r == nil || v.spec.RecoveryTime == nil {
		return nil
	}
	f := Finding{ID: FindingRestore, Checker: "restore", Verdict: r.Verdict}
	if r.Lo == nil {
		f.Detail = "no earlier version was brought back"
		return []Finding{f}
	}
	f.Detail = fmt.Sprintf("earlier versions were back %s after %s (objective %s), the restoring itself took %s: %s",
		r.took(false, 1), r.Cause, r.promise(), Exactly(r.Took.Duration()), r.Detail)
	return []Finding{f}
}

// Rows show it.
func (restores) Rows(s rowSource) []Row {
	r := s.Metrics.Restore
	if r == nil {
		return nil
	}
	row := Row{
		ID: FindingRestore, Name: "versions back", Objective: r.promise(), Measured: r.took(false, 1),
		Deviation: r.deviation(r.Interval, false), Judged: r.Within != nil, Verdict: r.Verdict,
	}
	s.full(&row, r.Objective, nil) // it is physical: how many objects there are decides
	return []Row{row}
}

package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Forwarded is how many operations another region than the one in charge answered, out of the database of that, since
// the first cause. Their callers paid for the way between the two.
type Forwarded struct {
	Count   int            `json:"count"`
	Of      int            `json:"of"`      // operations that were answered since the first cause
	Regions map[string]int `json:"regions"` // how many each forwarded
}

// MeasureForwarded counts the operations sent after the first cause was effective that were answered ok by a region on
// another one's timeline: that of a promotion, which a region can only have by asking the one that was promoted, or by
// following it. So a read counts unless its region's own database answered it. It is nil where nobody was promoted, or
// nothing of the kind was answered.
func MeasureForwarded(h history.History, s Spec) *Forwarded { //nolint:revive // Forwarded is what it returns
	return viewOf(h, s).forwarded()
}

func (v *view) forwarded() *Forwarded {
	if len(v.charge.changes) == 0 {
		return nil
	}
	f := &Forwarded{Regions: map[string]int{}}
	for i := range v.Ops {
		op := &v.Ops[i]
		if op.Outcome != history.OK || op.Sent < v.causes[0].effect.Hi || op.Region == "" {
			continue
		}
		f.Of++
		own := op.Kind == history.Read && op.Path != "" && op.Path != pathPrimary
		if t := v.charge.at(op.Sent); !own && t.follows(op) {
			f.Count++
			f.Regions[op.Region]++
		}
	}
	if f.Count == 0 {
		return nil
	}
	return f
}

// forwards is the checker of what was forwarded. It is no promise, so nothing is concluded of it.
type forwards struct{ noFindings }

// Measure notes it.
func (forwards) Measure(v *view, m *Metrics) { m.Forwarded = v.forwarded() }

// Rows show it, where there was any.
func (forwards) Rows(s rowSource) []Row {
	f := s.Metrics.Forwarded
	if f == nil {
		return nil
	}
	var by []string
	for _, region := range slices.Sorted(maps.Keys(f.Regions)) {
		by = append(by, fmt.Sprintf("%d by %s", f.Regions[region], region))
	}
	return []Row{{
		ID: "forwarded", Name: "forwarded", Measured: fmt.Sprintf("%d of %s, %s", f.Count,
			Count(f.Of, "operation", "operations"), strings.Join(by, ", ")),
	}}
}

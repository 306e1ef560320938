package measure

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// TestTornWritesAreToldByStore has rows without items, documents without rows, and one that nobody was told about.
func TestTornWritesAreToldByStore(t *testing.T) {
	d := goodDrill()
	d.Ops[22].Outcome, d.Ops[22].Status = history.Unknown, 0 // v22 reached the documents only
	d.lose(history.StorePostgres, "v22")
	d.lose(history.StoreItems, "v22", "v21")
	d.spec.JointRecoveryPoint = new(d.spec.RecoveryPoint.Within)
	r := Judge(d.History, d.spec)
	want := []TornPart{
		{
			With: []string{"postgres", "objects"}, Without: []string{"items"}, Writes: 2, IDs: []string{"v21", "v23"},
		},
		{
			With: []string{"objects"}, Without: []string{"postgres", "items"}, Writes: 1, IDs: []string{"v24"},
			Unanswered: 1,
		},
	}
	if diff := cmp.Diff(want, r.Metrics.JointRecoveryPoint.Parts); diff != "" {
		t.Error(diff)
	}
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.ID == FindingJointRecoveryPoint })
	if i < 0 {
		t.Fatal("nothing is said of it")
	}
	for _, text := range []string{
		"3 of 24 acknowledged writes are in one store and not in another, the oldest of them 388 ms … 408 ms old",
		"2 in postgres and objects and not in items (such as v21, v23)",
		"1 in objects and not in postgres or items (such as v24), and 1 without an answer",
	} {
		if !strings.Contains(r.Findings[i].Detail, text) {
			t.Errorf("%q\nlacks %q", r.Findings[i].Detail, text)
		}
	}
}

// TestOneStoreCanNotBeTorn has nothing to compare.
func TestOneStoreCanNotBeTorn(t *testing.T) {
	d := goodDrill()
	d.spec.Stores = d.spec.Stores[:1]
	if j := MeasureJointRecoveryPoint(d.History, d.spec); j != nil {
		t.Errorf("of one store %+v is torn", j)
	}
}

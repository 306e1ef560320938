package measure

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// TestAFlipIsToldByWhomWhenAndWhy has one of three customers denied and approved again, as an engineer on call reads
// it.
func TestAFlipIsToldByWhomWhenAndWhy(t *testing.T) {
	d := goodDrill()
	d.spec.Decisions = true
	for _, who := range []string{"c-1", "c-2", "c-3"} {
		d.told(who, 2600, history.Approved, "v20")
		d.told(who, 5600, history.Approved, "v20")
	}
	d.told("c-2", 4500, history.Denied, "")
	d.told("c-2", 5000, history.Denied, "")
	r := Judge(d.History, d.spec)
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.ID == FindingDecisions })
	if i < 0 {
		t.Fatal("nothing is said of it")
	}
	const want = "1 subject of 3 who had been approved flipped without a recorded reason, 1 of them to approved again; " +
		"the oldest write of which whoever denied did not know was 488 ms old at the fault: c-2 was approved by " +
		"us-east-1 at 2.61 s for " +
		"v20, denied by us-west-2 at 4.51 s and 1 more time, approved again by us-west-2 at 5.61 s for v20 (the denial " +
		"rests on no record)"
	if diff := cmp.Diff(want, r.Findings[i].Detail); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(r.Findings[i].Evidence, []string{"v20"}) {
		t.Errorf("evidence: %v", r.Findings[i].Evidence)
	}
	var rows []string
	for _, row := range r.Rows(60) {
		if strings.HasPrefix(row.ID, FindingDecisions) {
			rows = append(rows, row.Name+": "+row.Measured+" / "+row.FullMeasured)
		}
	}
	if len(rows) != 2 ||
		rows[0] != "decisions: 1 of 3 subjects flipped, denied for 490 ms or more, 488 ms behind or more / "+
			"1 of 3 subjects flipped, denied for 29.40 s or more, 29.28 s behind or more" ||
		!strings.HasPrefix(rows[1], "c-2: approved at 2.61 s, denied at 4.51 s (2 times), approved at 5.61 s") {
		t.Errorf("rows: %q", rows)
	}
}

// TestAnswersThatAreNoneFlipNobody: what was not answered, or before the lab was steady, says nothing.
func TestAnswersThatAreNoneFlipNobody(t *testing.T) {
	d := goodDrill()
	d.spec.Decisions = true
	d.told("c-1", 600, history.Approved, "v00")
	d.told("c-1", 900, history.Denied, "") // the steady state begins at 1 s
	d.told("c-1", 2600, history.Approved, "v00")
	d.told("c-1", 4500, history.Denied, "")
	last := &d.Ops[len(d.Ops)-1]
	last.Outcome = history.Failed
	d.told("c-1", 5600, history.Approved, "v00")
	if m := MeasureDecisions(d.History, d.spec); len(m.Flips) != 0 || m.Verdict != Pass {
		t.Errorf("%+v", m)
	}
	last.Outcome = history.OK
	if m := MeasureDecisions(d.History, d.spec); len(m.Flips) != 1 || m.Verdict != Fail {
		t.Errorf("%+v", m)
	}
	d.spec.Decisions = false
	if m := MeasureDecisions(d.History, d.spec); m != nil {
		t.Errorf("nothing was promised, and it says %+v", m)
	}
}

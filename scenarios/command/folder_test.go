package command

import (
	"fmt"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// drilled is what a drill of the example saw. The zero value is a good one: us-east-1 is lost at 5 s and us-west-2
// serves at once.
type drilled struct {
	lost      int // of the oldest writes, in every store
	unhealed  bool
	status    evidence.Status // empty: completed
	recorded  measure.Verdict // by result.json; inconclusive: what was found
	leftovers int
}

// folder is the evidence of a drill.
func (d drilled) folder(t *testing.T) string {
	t.Helper()
	const ms = time.Millisecond
	dir := t.TempDir()
	rec, err := history.NewRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	rec.Heading(history.Heading{ScenarioSHA256: evidence.Digest([]byte(example)), Timescale: plan.Timescale})
	rec.Phase(history.PhaseWorkload)
	rec.Phase(history.PhaseSteady)
	const lostAt, ends = 5 * time.Second, 10 * time.Second
	var acked []string
	for i := int64(0); time.Duration(i)*20*ms < ends; i++ {
		at := 10*ms + time.Duration(i)*20*ms
		op := history.Op{
			Seq: i, Kind: history.Write, ID: fmt.Sprintf("v-%03d", i), Due: at, Sent: at, Done: at + 5*ms,
			Outcome: history.OK, Status: 201, Region: "us-east-1", Attempts: 1,
		}
		if at >= lostAt {
			op.Region = "us-west-2"
		}
		acked = append(acked, op.ID)
		rec.Op(op)
	}
	fault := history.Fault{
		Name: "lose_region", Target: "us-east-1", Regions: []string{"us-east-1"}, Command: lostAt - 10*ms,
		Confirmed: true,
		Effective: &history.Interval{Lo: lostAt - 2*ms, Hi: lostAt}, By: "clients get no answer",
	}
	if !d.unhealed {
		fault.Healed = &history.Interval{Lo: ends + time.Second, Hi: ends + time.Second}
	}
	rec.Fault(fault)
	for i, which := range []string{history.BeforeReturn, history.AfterReconciliation} {
		at := ends + 100*ms + time.Duration(i)*2*time.Second
		for _, store := range []string{history.StorePostgres, history.StoreObjects, history.StoreItems} {
			rec.Read(history.FinalRead{
				Read: which, Store: store, Region: "us-west-2", At: history.Interval{Lo: at, Hi: at + ms},
				IDs: acked[d.lost:],
			})
		}
	}
	rec.Phase(history.PhaseEnd)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if d.status == "" {
		d.status = evidence.Completed
	}
	h := rec.Snapshot()
	r := evidence.New(evidence.Drill{
		Scenario: evidence.ScenarioOf(plan.Name, []byte(example), plan.Timescale), Status: d.status, History: h,
		Report: measure.Judge(h, plan.Judge), Lab: evidence.Lab{
			Engine: "docker 20.10", AWS: "packages",
			Ready: new(measure.Near(6800 * time.Millisecond)),
		}, Leftovers: d.leftovers,
	})
	if d.recorded != measure.Inconclusive {
		r.Verdict = d.recorded
	}
	if err := evidence.Write(dir, r, h, map[string][]byte{evidence.FileScenario: []byte(example)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

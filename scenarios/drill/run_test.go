package drill

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	appfile "github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// kyc is the sample app, a part of which each region is. giving is the same, but that it is said to choose the ids.
var kyc, giving = parseKYC("says: {id: id,", "says: {id: id,"),
	parseKYC("says: {id: id,", "id: {json: id}\n    says: {")

func parseKYC(old, replaced string) *appfile.App {
	src, err := os.ReadFile("../../fixtures/kyc/app.yaml")
	if err != nil {
		panic(err)
	}
	a, err := appfile.Parse("app.yaml", []byte(strings.Replace(string(src), old, replaced, 1)), nil)
	if err != nil {
		panic(err)
	}
	return a
}

// plan is a short drill. Its objectives are generous: what is tested is that the right thing is measured, not this
// machine.
func plan(steps ...Step) Plan {
	return Plan{
		Name: "tiny", Timescale: 1,
		Topology: topology.Topology{Regions: []topology.Region{{Name: "east"}, {Name: "west"}}},
		Workload: workload.Spec{Writes: 40, Reads: 20, Clients: 4, Timeout: time.Second},
		App:      kyc,
		Protocol: workload.Of(kyc, workload.Login{}),
		Steady:   Steady{Hold: 600 * ms, Within: 10 * time.Second},
		Steps:    steps,
		Observe:  6 * time.Second,
		Tail:     200 * ms,
		Judge: measure.Spec{
			Timescale: 1,
			RecoveryTime: &measure.RecoveryTimeObjective{
				Within: 5 * time.Second, Window: time.Second, Success: 0.9, Quantile: 0.9, Latency: 800 * ms,
				Capacity: 0.8,
			},
			RecoveryPoint: &measure.RecoveryPointObjective{},
			Stores:        []string{history.StorePostgres, history.StoreItems},
			Ordered:       []string{history.StorePostgres},
			Survivor:      "west",
			MinAcked:      20,
		},
	}
}

// lose takes the home region away a little after steady state.
func lose() Step { return Step{At: 300 * ms, Inject: []fault.Spec{&fault.LoseRegion{Region: "east"}}} }

// cutEast cuts the clients off from the home region.
func cutEast(f *cut) Step {
	f.region = "east"
	if f.kind == "" {
		f.kind = "cut"
	}
	return Step{At: 300 * ms, Inject: []fault.Spec{f}}
}

// outcome is what is left of a drill.
type outcome struct {
	history.History
	report measure.Report
	events []Event
	err    error
}

// run runs a drill that is recorded on disk. Whatever it was, what is loaded from there is judged as what was seen,
// whoever watches is told in order, and the lab is whole afterwards.
func run(ctx context.Context, t *testing.T, p Plan, l interface {
	Lab
	whole(ctx context.Context) error
}, watch ...func(Event),
) outcome {
	t.Helper()
	dir := t.TempDir()
	rec, err := history.NewRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var o outcome
	o.err = Run(ctx, p, l, rec, func(e Event) {
		if n := len(o.events); n > 0 && e.At < o.events[n-1].At {
			t.Errorf("told of %s after %s: %+v", e.At, o.events[n-1].At, e)
		}
		o.events = append(o.events, e)
		for _, w := range watch {
			w(e)
		}
	})
	if err := rec.Close(); err != nil {
		t.Errorf("something was recorded after the drill: %v", err)
	}
	o.History = rec.Snapshot()
	o.report = measure.Judge(o.History, p.Judge)
	again, err := history.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.report, measure.Judge(again, p.Judge)); diff != "" {
		t.Errorf("judged again from disk:\n%s", diff)
	}
	if err := l.whole(context.WithoutCancel(ctx)); err != nil {
		t.Errorf("after the drill: %v", err)
	}
	return o
}

func (o outcome) mark(t *testing.T, name string) history.Mark {
	t.Helper()
	for _, m := range o.Marks {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("there is no mark %s among %+v", name, o.Marks)
	return history.Mark{}
}

// fault is the only one of that name.
func (o outcome) fault(t *testing.T, name string) history.Fault {
	t.Helper()
	var found []history.Fault
	for _, f := range o.Faults {
		if f.Name == name {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("want one record of fault %s: %+v", name, o.Faults)
	}
	return found[0]
}

func (o outcome) phases() string {
	var names []string
	for _, p := range o.Phases {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

// want is the verdict and the findings that fail.
func (o outcome) want(t *testing.T, verdict measure.Verdict, failing ...string) {
	t.Helper()
	var failed []string
	for _, f := range o.report.Findings {
		if f.Verdict == measure.Fail {
			failed = append(failed, f.ID)
		}
	}
	if diff := cmp.Diff(failing, failed); o.report.Verdict != verdict || diff != "" {
		t.Errorf("verdict %s, want %s; findings that fail:\n%s%s", o.report.Verdict, verdict, diff,
			strings.Join(o.report.Reasons, "\n"))
	}
}

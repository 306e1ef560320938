package runner

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// inCode is an app of which a file says only how its nodes run.
const inCode = `image: shop:1.4
port: 9000
health: /up
operations: {write: {code: on}}
stores: {code: on}
`

func TestGoCodeIsRunWhereTheFileSaysSo(t *testing.T) {
	write := func(context.Context, workload.Door, string) error { return nil }
	read := func(context.Context, drill.Place) ([]string, error) { return nil, nil }
	for name, c := range map[string]struct {
		app  string
		code drill.Code
		want string // empty: it runs
	}{
		"both":             {inCode, drill.Code{Write: write, Read: read}, ""},
		"a file is enough": {shop, drill.Code{}, ""},
		"neither": {
			inCode,
			drill.Code{},
			"shop.yaml:4:28: operations.write.code: it is Go code, which only",
		},
		"nobody reads": {
			inCode,
			drill.Code{Write: write},
			"shop.yaml:5:16: stores.code: it is Go code, which only",
		},
		"the file writes": {
			shop,
			drill.Code{Write: write},
			"operations.write: it says what a write is, and there is Go code",
		},
		"the file has stores": {
			shop,
			drill.Code{Read: read},
			"stores: there is Go code that reads, and the file does not say",
		},
	} {
		plan := shopPlan(t, c.app)
		err := addCode(&plan, c.code)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		m := plan.Protocol.Make(workload.Operation{Kind: history.Write, ID: "v-1"})
		if answer := (workload.Answer{Result: workload.Acknowledged}); name == "both" &&
			cmp.Diff(answer, m.Send(t.Context(), "127.0.0.1:1", workload.Carried{}, &workload.Attempt{})) != "" {
			t.Error("it is not the Go code that writes")
		}
	}
}

// What Go code wrote and read is judged again, and reported, without it.
func TestADrillOfGoCodeIsJudgedAgain(t *testing.T) {
	source := strings.Replace(example, "steps:", "app:\n  "+strings.ReplaceAll(strings.TrimSpace(inCode), "\n", "\n  ")+
		"\nsteps:", 1)
	dir := folder(t, source, 360)
	before, after, err := Rejudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" || after.Verdict != measure.Pass {
		t.Errorf("judged again it is %s: %v\n%s", after.Verdict, after.Reasons, diff)
	}
	lose(t, dir, history.StoreCode, time.Second)
	if _, after, err = Rejudge(dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{measure.FindingRecoveryPoint}, failing(after)); diff != "" {
		t.Errorf("a write that the code did not find any more:\n%s", diff)
	}
	var table strings.Builder
	if err := evidence.Table(&table, after, false); err != nil || !strings.Contains(table.String(), "1 of ") {
		t.Errorf("%v:\n%s", err, table.String())
	}
}

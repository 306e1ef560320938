package runner

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// A lab runs the sample app by itself: its file has to say the same of it.
func TestTheSampleAppIsTheOneThatALabRuns(t *testing.T) {
	a, err := app.Named(app.Default)
	if err != nil {
		t.Fatal(err)
	}
	f, runs := a.File(), plan.App{}.Whole()
	if f.Port != runs.Port || string(f.Health) != runs.Health || string(f.Ready.Path) != runs.Ready {
		t.Errorf("the file says %d, %s, %s, and the lab %+v", f.Port, f.Health, f.Ready.Path, runs)
	}
	s := a.Stores()
	if s.S3.Bucket != topology.Bucket || s.DynamoDB.Table != topology.ItemsTable {
		t.Errorf("the file says %+v", s)
	}
	var stores []string
	for _, r := range readers(s, "v-t-") {
		stores = append(stores, r.store)
	}
	if diff := cmp.Diff([]string{history.StorePostgres, history.StoreObjects, history.StoreItems}, stores); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
}

// What a file may put into the environment is what the lab fills in.
func TestTheEnvironmentHasTheLabsPlaceholders(t *testing.T) {
	var fields []string
	for field := range reflect.TypeFor[plan.AppEnv]().Fields() {
		fields = append(fields, field.Name)
	}
	slices.Sort(fields)
	if diff := cmp.Diff(fields, slices.Sorted(slices.Values(app.EnvPlaceholders))); diff != "" {
		t.Errorf("placeholders (-lab +file):\n%s", diff)
	}
}

func TestOfIDsThatTheAppChoosesThoseCountThatWereTold(t *testing.T) {
	if diff := cmp.Diff([]string{"1", "3", "3"}, known([]string{"1", "2", "3", "3"},
		[]string{"3", "1", "4"})); diff != "" {
		t.Error(diff)
	}
}

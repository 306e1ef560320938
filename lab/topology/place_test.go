package topology

import (
	"slices"
	"strings"
	"testing"
)

func TestAPlaceIsFoundByItsName(t *testing.T) {
	for name, want := range map[string]Place{
		"postgres.us-east-1": {Service: ServicePostgres, Region: "us-east-1", Number: 1},
		"app-12.us-west-2":   {Service: ServiceApp, Region: "us-west-2", Number: 12},
		"lookup.us-west-2":   {Service: ServiceApp, Region: "us-west-2", Number: 1, Part: "lookup"},
		"app-x.us-west-2":    {Service: ServiceApp, Region: "us-west-2", Number: 1, Part: "app-x"},
		"worker-2.us-west-2": {Service: ServiceApp, Region: "us-west-2", Number: 2, Part: "worker"},
		"mail-out.us-west-2": {Service: ServiceApp, Region: "us-west-2", Number: 1, Part: "mail-out"},
		"hub.global":         {Service: ServiceHub, Region: Global, Number: 1},
	} {
		if got := PlaceOf(want.Service, name); got != want || got.Name() != name {
			t.Errorf("%s is %+v, called %s", name, got, got.Name())
		}
	}
}

func TestProcessesRunInProportionToTheApp(t *testing.T) {
	for _, c := range []struct {
		nodes, count int
		want         []int
	}{
		{1, 1, []int{1}},
		{1, 3, []int{1, 1, 1}},
		{4, 1, []int{1}},
		{4, 2, []int{1, 3}},
		{4, 4, []int{1, 2, 3, 4}},
		{2, 3, []int{1, 1, 2}},
	} {
		top, _ := Preset("two-regions")
		top.Regions[1].AppNodes, top.Processes = c.nodes, []Process{{Name: "worker", Count: c.count}}
		if err := top.Validate(); err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, at := range top.AppPlaces(top.Regions[1]) {
			switch runs := top.RunsFrom(at); {
			case at.Part == "worker":
				got = append(got, runs)
			case runs != at.Number:
				t.Errorf("%s runs from %d on", at.Name(), runs)
			}
			if back := PlaceOf(ServiceApp, at.Name()); back != at {
				t.Errorf("%s is %+v, want %+v", at.Name(), back, at)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("of %d nodes of the app, %d workers run from %v on, want %v", c.nodes, c.count, got, c.want)
		}
	}
}

func TestProcessesThatCannotBe(t *testing.T) {
	top, _ := Preset("two-regions")
	top.Services = []string{"lookup"}
	top.Processes = []Process{
		{Name: "worker", Count: 0},
		{Name: "worker", Count: 9},
		{Name: "lookup", Count: 1},
		{Name: "redis", Count: 1},
		{Name: Preparing, Count: 1},
		{Name: "mail-2", Count: 1},
		{Name: "slow", Count: 1, Work: Work{Workers: 1}},
	}
	top.Overrides = []Override{{In: "us-west-2", Service: "wroker", Key: "postgres", To: "us-east-1"}}
	err := top.Validate()
	for _, want := range []string{
		"processes[0].count: 0 nodes: must be 1 to 8", `processes[1].name: "worker" is there twice`,
		"processes[1].count: 9 nodes", `processes[2].name: "lookup" is there twice`,
		`processes[3].name: "redis" is taken`, `processes[4].name: "prepare" is taken`,
		`processes[5].name: "mail-2" is taken`, "processes[6].work.service_time",
		`overrides[0].service: "wroker" is none of the services: lookup, worker`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q in:\n%v", want, err)
		}
	}
}

package topology

import "testing"

func TestAPlaceIsFoundByItsName(t *testing.T) {
	for name, want := range map[string]Place{
		"postgres.us-east-1": {Service: ServicePostgres, Region: "us-east-1", Number: 1},
		"app-12.us-west-2":   {Service: ServiceApp, Region: "us-west-2", Number: 12},
		"lookup.us-west-2":   {Service: ServiceApp, Region: "us-west-2", Number: 1, Part: "lookup"},
		"app-x.us-west-2":    {Service: ServiceApp, Region: "us-west-2", Number: 1, Part: "app-x"},
		"hub.global":         {Service: ServiceHub, Region: Global, Number: 1},
	} {
		if got := PlaceOf(want.Service, name); got != want || got.Name() != name {
			t.Errorf("%s is %+v, called %s", name, got, got.Name())
		}
	}
}

package observe

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
)

// planned is a lab that does not run.
type planned struct {
	silent
	plan *plan.Plan
}

func (p planned) Paths() []topology.Path { return p.plan.Paths }

// Who runs somebody's own app leaves marks, beside it in each node. The sample app runs by itself.
func TestMarksAreThoseOfAgentsAndOfWhatRunsAnApp(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	for name, c := range map[string]struct {
		app  plan.App
		want []string
	}{
		"the sample app": {},
		"an own app": {
			plan.App{Image: "acme/shop:1", Port: 9000, Health: "/up"},
			[]string{"app-1.us-east-1.supervisor", "app-1.us-west-2.supervisor"},
		},
	} {
		got := Of(planned{silent{top}, plan.New(top, c.app)}).noting()
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/topology/topologytest"
)

// An app that is told of the databases of all regions reaches its own without a link, and each other one by the link
// of its region to that one, which faults touch.
func TestAnAppIsToldOfTheDatabasesOfAllRegions(t *testing.T) {
	a := shop
	a.Env = map[string]string{"DATABASE_URL": "{{.PostgresHosts}}"}
	for name, top := range topologytest.All(t) {
		p := plannedWith(top, a)
		if len(top.Regions) < 2 {
			t.Fatalf("%s has %d regions", name, len(top.Regions))
		}
		for _, n := range nodesOf(t, p) {
			if n.Service != topology.ServiceApp {
				continue
			}
			var leads []string
			for i, host := range strings.Split(n.Env["DATABASE_URL"], ",") {
				if i == 0 {
					leads = append(leads, host)
					continue
				}
				at := slices.IndexFunc(p.Paths, func(path topology.Path) bool { return host == p.hub(path) })
				if at < 0 || p.Paths[at].From != n.Region || p.Paths[at].Control {
					t.Fatalf("%s: %s reaches %s by no link of its region", name, n.Name(), host)
				}
				leads = append(leads, p.Paths[at].Upstream)
			}
			want := []string{topology.ServicePostgres.Address(n.Region)}
			for _, r := range top.Regions {
				if r.Name != n.Region {
					want = append(want, topology.ServicePostgres.Address(r.Name))
				}
			}
			if !slices.Equal(leads, want) {
				t.Errorf("%s: %s is led to %v, want %v", name, n.Name(), leads, want)
			}
		}
	}
}

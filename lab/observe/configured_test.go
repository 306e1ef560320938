package observe

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
)

// silent is a lab whose nodes nobody reaches.
type silent struct{ topology topology.Topology }

func (s silent) Topology() topology.Topology { return s.topology }

func (s silent) Places() (all []topology.Place) {
	for _, r := range s.topology.Regions {
		all = append(all, topology.Place{Service: topology.ServicePostgres, Region: r.Name, Number: 1})
		all = append(all, s.topology.AppPlaces(r)...)
	}
	return all
}

func (silent) Paths() []topology.Path                                    { return nil }
func (silent) Tap(string) (string, error)                                { return "", errSilent }
func (silent) Door(string) (string, error)                               { return "", errSilent }
func (silent) State(context.Context, string) (topology.NodeState, error) { return "", errSilent }

var errSilent = errors.New("nobody answers")

// A process of an app need not listen: it has no configuration that it could tell.
func TestProcessesAreNotAskedForTheirConfiguration(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	top.Services, top.Processes = []string{"lookup"}, []topology.Process{{Name: "worker", Count: 2}}
	var asked []string
	for _, c := range Of(silent{top}).Configured(t.Context()) {
		asked = append(asked, c.Node)
	}
	want := []string{"app-1.us-east-1", "lookup.us-east-1", "app-1.us-west-2", "lookup.us-west-2"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

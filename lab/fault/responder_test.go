package fault

import (
	"slices"
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

// roster is a lab that knows which of its nodes were selected.
type roster struct {
	numb
	selected []string
}

func (r *roster) Nodes(keep func(Place) bool) ([]Node, error) {
	for _, s := range []topology.Service{
		topology.ServicePostgres, topology.ServiceReplicator,
		topology.ServiceResponder,
	} {
		if p := (Place{Name: s.Host("east"), Region: "east", Service: s}); keep(p) {
			r.selected = append(r.selected, p.Name)
		}
	}
	return nil, nil
}

// A region that is gray has its responder, which tells of the machine. One that is lost has nothing.
func TestTheResponderIsLostWithItsRegionOnly(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want []string
	}{
		{&LoseRegion{Region: "east"}, []string{"postgres.east", "replicator.east", "responder.east"}},
		{&Pause{Nodes{Region: "east"}}, []string{"postgres.east", "replicator.east"}},
		{&Kill{Nodes{Node: "responder.east"}}, nil},
	} {
		l := &roster{}
		_, _ = c.spec.For(l) // it has no door, and is not injected
		if !slices.Equal(l.selected, c.want) {
			t.Errorf("%s of %s selects %v, want %v", c.spec.Kind(), c.spec.Target(), l.selected, c.want)
		}
	}
}

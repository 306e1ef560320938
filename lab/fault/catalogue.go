package fault

import (
	"errors"
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
)

// Entry is one fault of the catalogue.
type Entry struct {
	Kind    string
	Example string // as written in a scenario file
	Mimics  string // the outage it stands for
	empty   func() Spec
}

// Catalogue lists the faults by name.
func Catalogue() []Entry {
	return []Entry{
		{
			Kind: "latency", Example: "latency: {from: us-west-2, to: us-east-1, delay: 80ms, jitter: 5ms}",
			Mimics: "a long way round after a cable cut: every link from one region to another gets slower, each way",
			empty:  func() Spec { return &Latency{} },
		},
		{
			Kind: "lose_region", Example: "lose_region: {region: us-east-1}",
			Mimics: "a region-wide power or control-plane outage: its nodes are killed and its links cut at once",
			empty:  func() Spec { return &LoseRegion{} },
		},
		{
			Kind: "partition", Example: "partition: {between: [us-east-1, us-west-2]}",
			Mimics: "a backbone failure between two regions, both of which live on and serve their clients",
			empty:  func() Spec { return &Partition{} },
		},
	}
}

// New gives the empty parameters of a kind, to decode into; false when there is no such fault.
func New(kind string) (Spec, bool) {
	i := slices.IndexFunc(Catalogue(), func(e Entry) bool { return e.Kind == kind })
	if i < 0 {
		return nil, false
	}
	return Catalogue()[i].empty(), true
}

// regionIn is a validation complaint about a region that the topology does not have.
func regionIn(t topology.Topology, parameter, name string) error {
	if name == "" {
		return errors.New(parameter + " is missing")
	}
	if _, ok := t.Region(name); !ok {
		names := make([]string, len(t.Regions))
		for i, r := range t.Regions {
			names[i] = r.Name
		}
		return fmt.Errorf("%s %q is not a region of the topology; it has %v", parameter, name, names)
	}
	return nil
}

package lab

import (
	"context"
	"fmt"
	"net"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Inspection is what specs ask that prove what a lab promises. Drills don't need it.
type Inspection struct{ l *Lab }

// Inspect is for specs that prove what a lab promises.
func (l *Lab) Inspect() Inspection { return Inspection{l} }

// ControlOverTheHost is where the hub's control API would be reached from a region (or from the global network) by way
// of the engine's machine: at its address in that network, on the port that is published for the harness.
func (i Inspection) ControlOverTheHost(ctx context.Context, place string) (string, error) {
	gateway, err := i.l.engine.Gateway(ctx, i.l.named(place))
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(i.l.published[fmt.Sprintf("%d/tcp", topology.PortToxiproxy)])
	if err != nil {
		return "", fmt.Errorf("find the hub's control API: %w", err)
	}
	return net.JoinHostPort(gateway, port), nil
}

// Confinement says of every container of the lab, by the node's name, what the engine lets it do.
func (i Inspection) Confinement(ctx context.Context) (map[string]Confinement, error) {
	found, err := i.l.engine.Find(ctx, i.l.Name)
	if err != nil {
		return nil, err
	}
	all := map[string]Confinement{}
	for _, f := range found {
		if f.Kind != "container" {
			continue
		}
		n := i.l.engine.Node(f)
		if all[n.Name()], err = n.Confinement(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Ask asks over a link, such as us-west-2_us-east-1_redis, from where it starts.
func (i Inspection) Ask(ctx context.Context, linkName string, q probe.Question) (probe.Answer, error) {
	for _, k := range i.l.links {
		if k.Name == linkName {
			return k.Ask(ctx, q)
		}
	}
	return probe.Answer{}, fmt.Errorf("lab %s has no link %q", i.l.Name, linkName)
}

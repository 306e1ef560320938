package lab

import (
	"context"
	"fmt"
	"net"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// The questions below are for specs that prove what a lab promises; drills don't need them.

// IP is a node's address in the network of its region (or, for the name service and the hub, in the global one).
func (l *Lab) IP(ctx context.Context, nodeName string) (string, error) {
	n, err := l.node(nodeName)
	if err != nil {
		return "", err
	}
	return n.IP(ctx, l.named(n.Region))
}

// ControlOverTheHost is where the hub's control API would be reached from a region (or from the global network) by way of the engine's
// machine: at its address in that network, on the port that is published for the harness.
func (l *Lab) ControlOverTheHost(ctx context.Context, place string) (string, error) {
	gateway, err := l.engine.Gateway(ctx, l.named(place))
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.published[fmt.Sprintf("%d/tcp", topology.PortToxiproxy)])
	if err != nil {
		return "", fmt.Errorf("find the hub's control API: %w", err)
	}
	return net.JoinHostPort(gateway, port), nil
}

// Confinement says of every container of the lab, by the node's name, what the engine lets it do.
func (l *Lab) Confinement(ctx context.Context) (map[string]node.Confinement, error) {
	found, err := l.engine.Find(ctx, l.Name)
	if err != nil {
		return nil, err
	}
	all := map[string]node.Confinement{}
	for _, f := range found {
		if f.Kind != "container" {
			continue
		}
		n := l.engine.Node(f)
		if all[n.Name()], err = n.Confinement(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// TripFrom has an agent make a round trip to an address as its network sees it.
func (l *Lab) TripFrom(ctx context.Context, agentName string, s topology.Service, address string) error {
	a, err := l.AskFrom(ctx, agentName, probe.Question{Way: probe.RoundTrip, Service: s, Address: address})
	if err != nil {
		return err
	}
	return a.Err()
}

// AskOver asks over a link, such as us-west-2_us-east-1_redis, from where it starts.
func (l *Lab) AskOver(ctx context.Context, linkName string, q probe.Question) (probe.Answer, error) {
	for _, k := range l.links {
		if k.Name == linkName {
			return k.Ask(ctx, q)
		}
	}
	return probe.Answer{}, fmt.Errorf("lab %s has no link %q", l.Name, linkName)
}

// Crash kills a node behind the back of every fault, as if it had died by itself. Revive starts it again.
func (l *Lab) Crash(ctx context.Context, nodeName string) error {
	n, err := l.node(nodeName)
	if err != nil {
		return err
	}
	return l.kill(ctx, n)
}

// Revive starts a node that has crashed. One that runs is left alone.
func (l *Lab) Revive(ctx context.Context, nodeName string) error {
	n, err := l.node(nodeName)
	if err != nil {
		return err
	}
	return l.start(ctx, n)
}

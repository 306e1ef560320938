package lab

import (
	"context"
	"net/netip"

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
	return n.IP(ctx, l.networkName(n.Region))
}

// PublishedOn lists, by node, the addresses of the host on which its ports are published.
func (l *Lab) PublishedOn(ctx context.Context) (map[string][]netip.Addr, error) {
	all := map[string][]netip.Addr{}
	for _, n := range l.nodes {
		on, err := n.PublishedOn(ctx)
		if err != nil {
			return nil, err
		}
		if len(on) > 0 {
			all[n.Name()] = on
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

// Crash kills a node behind the back of every fault, as if it had died by itself. Revive starts it again.
func (l *Lab) Crash(ctx context.Context, nodeName string) error {
	n, err := l.node(nodeName)
	if err != nil {
		return err
	}
	return n.Kill(ctx)
}

// Revive starts a node that has crashed. One that runs is left alone.
func (l *Lab) Revive(ctx context.Context, nodeName string) error {
	n, err := l.node(nodeName)
	if err != nil {
		return err
	}
	return n.Start(ctx)
}

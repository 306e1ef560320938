package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// faultLab is the lab as one fault has it: what it holds is noted in its entry of the ledger.
type faultLab struct {
	*Lab
	entry *state.Entry
}

var (
	_ fault.Lab    = (*faultLab)(nil)
	_ fault.Keeper = (*faultLab)(nil)
)

// newFaultLab is the lab as a new fault has it.
func (l *Lab) newFaultLab(spec fault.Spec) (*faultLab, error) {
	parameters, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("note %s: %w", spec.Kind(), err)
	}
	led, err := state.LedgerOf(l.Name)
	if err != nil {
		return nil, err
	}
	return &faultLab{Lab: l, entry: led.Entry(Note{
		ID: state.NewName(), Kind: spec.Kind(), Target: spec.Target(), Parameters: parameters,
	})}, nil
}

// Injecting notes the fault before anything is broken.
func (l *faultLab) Injecting() error { return l.entry.Begin() }

// Healed takes the note away.
func (l *faultLab) Healed() error { return l.entry.End() }

// Links are the paths between regions, from clients and from the name service, never taps.
func (l *faultLab) Links(keep func(fault.Path) bool) ([]fault.Link, error) {
	var links []fault.Link
	for _, k := range l.links {
		if p := pathOf(k.Path); k.From != topology.Tap && keep(p) {
			links = append(links, &faultLink{lab: l, link: k, path: p})
		}
	}
	if len(links) == 0 {
		return nil, errors.New("no link of the lab is selected")
	}
	return links, nil
}

func pathOf(s topology.Path) fault.Path {
	return fault.Path{Name: s.Name, From: s.From, To: s.To, Service: s.Service, Control: s.Control}
}

// Nodes are all nodes but the hub, which is no part of what is tested.
func (l *faultLab) Nodes(keep func(fault.Place) bool) ([]fault.Node, error) {
	var nodes []fault.Node
	for _, n := range l.nodes {
		p := fault.Place{
			Name: n.Name(), Region: n.Region, Service: n.Service, Process: l.isProcess(n), Volatile: n.Volatile(),
		}
		if n.Service == topology.ServiceHub || !keep(p) {
			continue
		}
		k := faultNode{lab: l, node: n, place: p}
		switch n.Service.Traits().Speaks {
		case topology.ProtocolSQL:
			nodes = append(nodes, &postgresNode{storeNode{k}})
		case topology.ProtocolRedis:
			nodes = append(nodes, &storeNode{k})
		case topology.ProtocolAWS:
			nodes = append(nodes, &awsNode{k})
		case topology.ProtocolHTTP:
			nodes = append(nodes, &httpNode{k})
		default:
			nodes = append(nodes, &k)
		}
	}
	if len(nodes) == 0 {
		return nil, errors.New("no node of the lab is selected")
	}
	return nodes, nil
}

// faultLink is a link as one fault has it.
type faultLink struct {
	lab  *faultLab
	link *link.Link
	path fault.Path
}

// Path is where the link leads.
func (k *faultLink) Path() fault.Path { return k.path }

// Ask asks from where the link starts.
func (k *faultLink) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	return k.link.Ask(ctx, q)
}

// Behind asks over the tap of the first node of the service.
func (k *faultLink) Behind(ctx context.Context) error {
	tap, err := k.lab.Addresses().Tap(topology.Place{Service: k.path.Service, Region: k.path.To, Number: 1}.Name())
	if err != nil {
		return nil //nolint:nilerr // a lab without taps has nobody who could be down
	}
	a, err := k.lab.lines.Ask(ctx, probe.Question{Way: probe.RoundTrip, Service: k.path.Service, Address: tap})
	if err != nil {
		return err
	}
	return a.Err()
}

func (k *faultLink) thing() string { return "link " + k.path.Name }

// Hold breaks the link.
func (k *faultLink) Hold(ctx context.Context, s fault.LinkState) error {
	as := state.Toxic
	switch {
	case s.Cut:
		as = state.Cut
	case s.Deaf:
		as = state.Deaf
	}
	return k.lab.entry.Change(ctx, k.thing(), as, func(others state.Hold) error {
		if err := k.link.Set(ctx, k.lab.entry.Note().ID, s.Toxics); err != nil {
			return err
		}
		return k.set(ctx, state.Stronger(as, others))
	})
}

// Release lets go.
func (k *faultLink) Release(ctx context.Context) (free bool, err error) {
	err = k.lab.entry.Change(ctx, k.thing(), "", func(others state.Hold) error {
		free = others == ""
		if err := k.link.Set(ctx, k.lab.entry.Note().ID, nil); err != nil {
			return err
		}
		return k.set(ctx, others)
	})
	return free, err
}

// set makes the link what the strongest hold on it asks for.
func (k *faultLink) set(ctx context.Context, as state.Hold) error {
	if as == state.Cut {
		return k.link.Cut(ctx)
	}
	if err := k.link.Restore(ctx); err != nil {
		return err
	}
	if as == state.Deaf {
		return k.link.Deafen(ctx)
	}
	return k.link.Undeafen(ctx)
}

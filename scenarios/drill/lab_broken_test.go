package drill

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// What a fault may do to the lab in this process.

func (l *tinyLab) Topology() topology.Topology {
	return topology.Topology{Regions: []topology.Region{{Name: l.home.name}, {Name: l.standby.name}}}
}

func (l *tinyLab) Links(keep func(fault.Path) bool) ([]fault.Link, error) {
	var links []fault.Link
	for _, d := range l.doors {
		if p := (fault.Path{Name: d.Name, From: d.From, To: d.To, Service: d.Service}); keep(p) {
			links = append(links, door{Link: d, path: p})
		}
	}
	if len(links) == 0 {
		return nil, errors.New("no link is selected")
	}
	return links, nil
}

func (l *tinyLab) Nodes(keep func(fault.Place) bool) ([]fault.Node, error) {
	var nodes []fault.Node
	for _, r := range []*region{l.home, l.standby} {
		if a := (appNode{r}); keep(a.Place()) {
			nodes = append(nodes, a)
		}
	}
	if len(nodes) == 0 {
		return nil, errors.New("no node is selected")
	}
	return nodes, nil
}

// door is a link that one fault at a time may hold.
type door struct {
	*link.Link
	path fault.Path
}

func (d door) Path() fault.Path { return d.path }

func (d door) Hold(ctx context.Context, how fault.LinkState) error {
	if how.Cut {
		return d.Cut(ctx)
	}
	return d.Set(ctx, "fault", how.Toxics)
}

func (d door) Release(ctx context.Context) (bool, error) {
	return true, errors.Join(d.Restore(ctx), d.Set(ctx, "fault", nil))
}

func (d door) Behind(context.Context) error { return nil }

// appNode is the one node of a region.
type appNode struct{ *region }

func (a appNode) Place() fault.Place {
	return fault.Place{Name: "app-1." + a.name, Region: a.name, Service: topology.ServiceApp}
}

func (a appNode) Hold(context.Context, topology.NodeState) error { a.kill(); return nil }
func (a appNode) Release(context.Context) (bool, error)          { return true, a.start() }

func (a appNode) State(context.Context) (topology.NodeState, error) {
	if a.running() {
		return topology.NodeRunning, nil
	}
	return topology.NodeDown, nil
}

func (a appNode) Ask(ctx context.Context, _ probe.Question) (probe.Answer, error) {
	return answer(ready(ctx, a.address)), nil
}

func answer(err error) (a probe.Answer) {
	if err != nil {
		a.Symptom, a.Said = probe.Closed, err.Error()
	}
	return a
}

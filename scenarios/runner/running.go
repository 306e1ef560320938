package runner

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/evidence"
)

// Running is a node of the app, and whether its process runs.
type Running struct {
	Process string // by its name in the app's file; app, where that has no processes
	Node    string
	Waits   bool // it is not to run before a failover
	State   api.AppState
	Err     error // nobody knows
}

// String says in a few words what it does.
func (r Running) String() string {
	switch {
	case r.Err != nil:
		return "not known: " + r.Err.Error()
	case r.State.Running && r.State.Last != "":
		return "it runs; before, " + r.State.Last
	case r.State.Running:
		return "it runs"
	case r.Waits:
		return "it waits for a failover"
	default:
		return cmp.Or(r.State.Last, "it does not run")
	}
}

// stateOf says whether the process of a node of the app runs.
type stateOf func(ctx context.Context, node string) (api.AppState, error)

// lookAtNodes asks about each node of an app whether its process runs.
func lookAtNodes(ctx context.Context, t topology.Topology, a *app.App, state stateOf) (all []Running) {
	front, _, _ := a.Front()
	for _, r := range t.Regions {
		for _, at := range t.AppPlaces(r) {
			all = append(all, Running{
				Process: cmp.Or(at.Part, front, string(topology.ServiceApp)), Node: at.Name(),
				Waits: t.RunsFrom(at) > t.AppsAtStart(r),
			})
		}
	}
	var g errgroup.Group
	for i := range all {
		is := &all[i]
		g.Go(func() error {
			is.State, is.Err = state(ctx, is.Node)
			return nil
		})
	}
	_ = g.Wait() // each has its own error
	return all
}

// processes are the kinds of nodes of an app that has several, as the evidence has them.
func processes(ctx context.Context, t topology.Topology, a *app.App, state stateOf) (all []evidence.Process) {
	front, _, several := a.Front()
	if !several {
		return nil
	}
	for _, is := range lookAtNodes(ctx, t, a, state) {
		i := slices.IndexFunc(all, func(p evidence.Process) bool { return p.Name == is.Process })
		if i < 0 {
			i = len(all)
			all = append(all, evidence.Process{Name: is.Process, Clients: is.Process == front})
		}
		all[i].Count++
		all[i].Nodes = append(all[i].Nodes, is.evidence())
	}
	slices.SortFunc(all, func(a, b evidence.Process) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (r Running) evidence() evidence.Node {
	n := evidence.Node{Name: r.Node, State: evidence.NodeEnded, Runs: new(r.State.Runs)}
	switch {
	case r.Err != nil:
		n.State, n.Runs = evidence.NodeSilent, nil
	case r.State.Running:
		n.State = evidence.NodeRuns
	case r.Waits && r.State.Runs == 0:
		n.State = evidence.NodeWaits
	}
	return n
}

// lastingly complains about nodes that do not run, or have not gone on running since they were looked at.
func (c checker) lastingly(ctx context.Context) error {
	var errs []error
	before := c.seen.Running
	c.seen.Running = lookAtNodes(ctx, c.plan.Topology, c.app, c.state)
	for i, is := range c.seen.Running {
		lasts := is.State.Running && (before == nil || is.State.Runs == before[i].State.Runs)
		if is.Err == nil && (lasts || is.Waits) {
			continue
		}
		part := topology.PlaceOf(topology.ServiceApp, is.Node).Part
		errs = append(errs, c.app.Problem(c.app.PathOf(part), "%s does not go on running: %s", is.Node,
			cmp.Or(is.State.Last, is.String())))
	}
	return errors.Join(errs...)
}

// supervised says whether the lab knows whether an app's processes run: not of the app that it runs by itself.
func supervised(a *app.App) bool { return a.BuiltIn() != app.Default }

package runner

import (
	"cmp"
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
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

// lookAtNodes asks about each node of the app whether its process runs.
func (c checker) lookAtNodes(ctx context.Context) (all []Running) {
	t := c.plan.Topology
	front, _, _ := c.app.Front()
	for _, r := range t.Regions {
		for _, at := range t.AppPlaces(r) {
			is := Running{
				Process: cmp.Or(at.Part, front, string(topology.ServiceApp)), Node: at.Name(),
				Waits: t.RunsFrom(at) > t.AppsAtStart(r),
			}
			is.State, is.Err = c.state(ctx, is.Node)
			all = append(all, is)
		}
	}
	return all
}

// lastingly complains about nodes that do not run, or have not gone on running since they were looked at.
func (c checker) lastingly(ctx context.Context) error {
	var errs []error
	before := c.seen.Running
	c.seen.Running = c.lookAtNodes(ctx)
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

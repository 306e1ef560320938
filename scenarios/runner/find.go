package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
)

// find looks for the acknowledged write in every store. In the home region it has to be in each; how soon it is in the
// others is told.
func (c checker) find(ctx context.Context, sought drill.Sought) error {
	regions := c.plan.Topology.Regions
	found := make([][]Found, len(regions))
	reads := make([][]drill.StoreRead, len(regions))
	var g errgroup.Group
	for i, r := range regions {
		g.Go(func() error {
			found[i], reads[i] = c.findIn(ctx, r.Name, sought)
			return nil
		})
	}
	_ = g.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.seen.Found = slices.Concat(found...)
	var errs []error
	for i, f := range found[0] {
		if f.Err != nil {
			errs = append(errs, c.notFound(f, reads[0][i]))
		}
	}
	return errors.Join(errs...)
}

// findIn looks for a write in the stores of a region until all have it, or for a while. It gives what they held last,
// in the same order.
func (c checker) findIn(
	ctx context.Context, region string, sought drill.Sought,
) (found []Found, reads []drill.StoreRead) {
	began := time.Now()
	id := c.seen.Write.ID
	// What is not found is in found, and no error of this.
	_ = reconcileEvery.Until(ctx, c.within, id, func(context.Context) error {
		reads = c.lookInto(ctx, region, sought)
		var missing error
		for i, r := range reads {
			if i == len(found) {
				found = append(found, Found{Store: r.Store, Region: region, Err: errNotThere})
			}
			if found[i].Err == nil {
				continue
			}
			found[i].After, found[i].Err = time.Since(began), r.Err
			if r.Err == nil && !slices.Contains(r.IDs, id) {
				found[i].Err = errNotThere
			}
			missing = errors.Join(missing, found[i].Err)
		}
		return missing
	})
	return found, reads
}

// lookInto reads the stores of a region once.
func (c checker) lookInto(ctx context.Context, region string, sought drill.Sought) []drill.StoreRead {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	return c.lab.Read(ctx, region, sought)
}

var errNotThere = errors.New("not there")

// notFound says why a write is not found in a store.
func (c checker) notFound(f Found, read drill.StoreRead) error {
	at := keyOf(f.Store)
	if !errors.Is(f.Err, errNotThere) {
		return c.app.Problem(at, "it can't be read in %s: %v", f.Region, f.Err)
	}
	has := "it holds nothing"
	if n := len(read.IDs); n > 0 {
		has = fmt.Sprintf("it holds %d others, such as %.40q", n, read.IDs[0])
	}
	return c.app.Problem(at, "%s was acknowledged and is not found in %s within %s: %s", c.seen.Write.ID,
		f.Region, c.within, has)
}

// keyOf is where an app's file says how it writes to a store.
func keyOf(store string) string {
	key := map[string]topology.Service{
		history.StorePostgres: topology.ServicePostgres, history.StoreObjects: topology.ServiceS3,
		history.StoreItems: topology.ServiceDynamoDB, history.StoreRedis: topology.ServiceRedis,
	}[store]
	return "stores." + string(key)
}

// without are those that others do not hold.
func without(all, others []string) []string {
	has := map[string]bool{}
	for _, o := range others {
		has[o] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(a string) bool { return has[a] })
}

// placed gives the error of a lab that did not come up for its app the place in the app's file. Other errors stay what
// they are.
func placed(a *app.App, runs lab.App, err error) error {
	if unprepared := notPrepared(a, err); unprepared != nil {
		return unprepared
	}
	var late *lab.NotReady
	if !errors.As(err, &late) || late.Service != topology.ServiceApp {
		return err
	}
	part := topology.PlaceOf(late.Service, late.Node).Part
	var ended lab.Reported
	var lacks lab.AppNotReady
	var answered api.StatusError
	ready := "ready"
	if a.File().Ready.Path == "" {
		ready = "health" // by which it is ready too
	}
	var problem error
	switch {
	case errors.As(late, &ended):
		problem = a.Problem(a.PathOf(part), "%s does not stay up: %s", late.Node, ended)
	case part != "":
		problem = a.Problem(a.PathOf(part), "%s is not ready: %v", late.Node, late.Err)
	case errors.Is(late, lab.ErrStopped):
		problem = a.Problem(a.PathOf(part), "its node %s stopped before it was ready", late.Node)
	case errors.As(late, &lacks) && lacks.Lacks == api.LacksAnswer:
		problem = a.Problem(ready, "%s is not ready: %s", late.Node, lacks.Why)
	case errors.As(late, &lacks) && lacks.Lacks != api.LacksPort:
		problem = a.Problem(a.PathOf(part), "%s is not ready: %s", late.Node, lacks.Why)
	case errors.As(late, &answered): // the sample app, which no supervisor runs
		problem = a.Problem(ready, "%s goes on answering GET %s with status %d", late.Node, runs.Ready, answered.Code)
	case runs.Image != "" && lacks.Lacks == "":
		return err // nobody asked the app
	default:
		problem = a.Problem("port", "nobody answers on port %d of %s: does the app listen on another one, or on "+
			"127.0.0.1 alone?", runs.Port, late.Node)
	}
	return withLines(problem, late.Node, late.Log)
}

// notPrepared gives the error of a lab that did not come up, since its app could not be prepared, the place in the
// app's file; nil where it is another one.
func notPrepared(a *app.App, err error) error {
	var failed *lab.NotPrepared
	if !errors.As(err, &failed) {
		return nil
	}
	if failed.Step == "bucket" {
		return a.Problem("stores.s3.bucket", "%v", failed.Err)
	}
	return a.Problem("prepared."+failed.Step, "%v", failed.Err)
}

// lastLines writes what nodes of a lab printed last.
func lastLines(l *lab.Lab) func(ctx context.Context, node string, w io.Writer) error {
	return func(ctx context.Context, node string, w io.Writer) error {
		n, err := l.Node(node)
		if err != nil {
			return err
		}
		return n.Log(ctx, w, lab.LogOptions{Tail: 12})
	}
}

// withLog adds the last lines that the app printed in the home region to an error.
func (c checker) withLog(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	name := topology.Place{
		Service: topology.ServiceApp, Region: c.plan.Topology.Home().Name, Number: 1,
	}.Name()
	var log bytes.Buffer
	if c.log(ctx, name, &log) != nil {
		return err // it says enough
	}
	return withLines(err, name, log.String())
}

// withLines adds the last lines of a node's log to an error.
func withLines(err error, node, log string) error {
	if log = strings.TrimSpace(log); log == "" {
		return err
	}
	return fmt.Errorf("%w\nthe log of %s ends:\n    %s", err, node, strings.ReplaceAll(log, "\n", "\n    "))
}

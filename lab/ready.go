package lab

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// A Redis that does not answer is told as an error of whoever asked it; its client would print a line besides, for each
// attempt.
func init() { logging.Disable() }

// awaitReady waits for the one thing a node is needed for.
func (b *builder) awaitReady(ctx context.Context, n *node.Node) error {
	tap, err := b.Addresses().Tap(n.Name())
	if err != nil {
		return err
	}
	await := func(what string, ready func(context.Context) error) error {
		return n.Await(ctx, what, readyWithin, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			return ready(ctx)
		})
	}
	if s, ok := store.At(n.Service, tap, n.Region); ok {
		source := b.topology.Source(n.Region)
		streamer, streams := s.(store.Streamer)
		switch {
		case !streams || source == "":
			return await("answering", s.Answers)
		case plan.Of(n.Service).Restores && !b.topology.Streams():
			return nil // it waits for a backup
		default:
			return await("streaming from "+source, streamer.Streams)
		}
	}
	path := "/healthz"
	if n.Service == topology.ServiceApp {
		if r, _ := b.topology.Region(n.Region); !slices.Contains(b.plan.AtStart(r), n.Name()) {
			return await("standing by", func(ctx context.Context) error { return b.standsBy(ctx, n) })
		}
		return await(b.plan.App.Ready, func(ctx context.Context) error { return b.appReady(ctx, n) })
	}
	return await(path, func(ctx context.Context) error { return at(tap).Call(ctx, http.MethodGet, path, nil, nil) })
}

// exitsWithin is how long an app may go on exiting until it is not waited for any more. It starts while the databases
// come up, and every one has come up by then.
const exitsWithin = 25 * time.Second

// neverStays says whether an app has gone on exiting for too long by the pauses between its starts. What it takes to
// exit comes on top.
func neverStays(failures int) bool {
	var paused time.Duration
	for n := 1; n < failures && paused < exitsWithin; n++ {
		paused += api.AppPause(n)
	}
	return paused >= exitsWithin
}

// appReady says whether a node of the app can do its work. Of somebody's own app its supervisor says so: the error is
// AppNotReady, or Reported where the app goes on exiting.
func (l *Lab) appReady(ctx context.Context, n *node.Node) error {
	if l.plan.App.Image == "" {
		tap, err := l.Addresses().Tap(n.Name())
		if err != nil {
			return err
		}
		return at(tap).Call(ctx, http.MethodGet, l.plan.App.Ready, nil, nil)
	}
	tap, err := l.Addresses().Tap(plan.SupervisorOf(n.Name()))
	if err != nil {
		return err
	}
	if err = at(tap).Call(ctx, http.MethodGet, "/readyz", nil, nil); err == nil {
		return nil
	}
	if is, serr := l.AppState(ctx, n.Name()); serr == nil && neverStays(is.Failures) {
		return wait.Stop(Reported(is.Last))
	}
	var status api.StatusError
	if errors.As(err, &status) {
		if lacking, is := api.ReadAppNotReady(status.Answer); is {
			return lacking
		}
	}
	return err
}

// isProcess says whether a node is of a process of the app, which takes no requests.
func (l *Lab) isProcess(n *node.Node) bool {
	_, is := l.topology.Process(topology.PlaceOf(n.Service, n.Name()).Part)
	return is
}

// AppState is what the supervisor in a node of somebody's own app says of it: whether it runs, and how it ended last.
func (l *Lab) AppState(ctx context.Context, nodeName string) (is api.AppState, err error) {
	tap, err := l.Addresses().Tap(plan.SupervisorOf(nodeName))
	if err != nil {
		return is, err
	}
	err = at(tap).Call(ctx, http.MethodGet, "/state", nil, &is)
	return is, err
}

// standsBy says whether an app node that is not to serve yet runs, and refuses. A tap would accept in its place: it is
// an agent of the region that has to try.
func (b *builder) standsBy(ctx context.Context, n *node.Node) error {
	if state, err := n.State(ctx); err != nil || state != topology.NodeRunning {
		return errors.Join(err, errors.New("it does not run"))
	}
	if b.isProcess(n) { // it may listen on nothing
		is, err := b.AppState(ctx, n.Name())
		if err == nil && is.Running {
			err = errors.New("its process runs")
		}
		return err
	}
	a, err := b.askFrom(ctx, topology.ServiceReplicator.Host(n.Region), probe.Question{
		Way: probe.RoundTrip, Service: topology.ServiceApp,
		Address: net.JoinHostPort(n.Name(), strconv.Itoa(b.plan.App.Port)),
	})
	switch {
	case err != nil:
		return err
	case a.Symptom == probe.Fine:
		return errors.New("it serves")
	case a.Symptom != probe.Refused:
		return a.Err()
	}
	return nil
}

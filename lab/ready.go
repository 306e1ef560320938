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

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
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
		path = b.plan.App.Ready
	}
	return await(path, func(ctx context.Context) error { return at(tap).Call(ctx, http.MethodGet, path, nil, nil) })
}

// standsBy says whether an app node that is not to serve yet runs, and refuses. A tap would accept in its place: it is
// an agent of the region that has to try.
func (b *builder) standsBy(ctx context.Context, n *node.Node) error {
	if state, err := n.State(ctx); err != nil || state != topology.NodeRunning {
		return errors.Join(err, errors.New("it does not run"))
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

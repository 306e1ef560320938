package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/redis/go-redis/v9/logging"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// A Redis that does not answer is told as an error of whoever asked it; its client would print a line besides, for each attempt.
func init() { logging.Disable() }

// awaitReady waits for the one thing a node is needed for.
func (b *builder) awaitReady(ctx context.Context, n *node.Node) error {
	home := b.topology.Source(n.Region) == ""
	tap, err := b.Tap(n.Name())
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
	switch n.Service {
	case topology.ServicePostgres:
		switch {
		case home:
			return await("accepting queries", func(ctx context.Context) error { return answers(ctx, tap) })
		case !b.topology.Streams():
			return nil // it waits for a backup
		default:
			return await("streaming from "+b.topology.Source(n.Region), func(ctx context.Context) error { return store.Streaming(ctx, tap) })
		}
	case topology.ServiceRedis:
		return await("answering in its role", func(ctx context.Context) error { return redisInRole(ctx, tap, home) })
	case topology.ServiceS3:
		err := await("listing buckets", func(ctx context.Context) error {
			_, err := store.Objects(tap, n.Region, nil).ListBuckets(ctx, &s3.ListBucketsInput{})
			return err
		})
		return err
	case topology.ServiceDynamoDB:
		return await("listing tables", func(ctx context.Context) error {
			_, err := store.Items(tap, n.Region, nil).ListTables(ctx, &dynamodb.ListTablesInput{})
			return err
		})
	case topology.ServiceApp:
		if r, _ := b.topology.Region(n.Region); !slices.Contains(b.plan.AtStart(r), n.Name()) {
			return await("standing by", func(ctx context.Context) error { return b.standsBy(ctx, n) })
		}
		return await(b.plan.App.Ready, func(ctx context.Context) error {
			return at(tap).Call(ctx, http.MethodGet, b.plan.App.Ready, nil, nil)
		})
	default:
		return await("/healthz", func(ctx context.Context) error {
			return at(tap).Call(ctx, http.MethodGet, "/healthz", nil, nil)
		})
	}
}

// standsBy says whether an app node that is not to serve yet runs, and refuses. A tap would accept in its place: it is an agent of the
// region that has to try.
func (b *builder) standsBy(ctx context.Context, n *node.Node) error {
	if state, err := n.State(ctx); err != nil || state != node.Running {
		return errors.Join(err, errors.New("it does not run"))
	}
	a, err := b.AskFrom(ctx, topology.ServiceReplicator.Host(n.Region), probe.Question{
		Way: probe.RoundTrip, Service: topology.ServiceApp, Address: net.JoinHostPort(n.Name(), strconv.Itoa(b.plan.App.Port)),
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

func answers(ctx context.Context, tap string) error {
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Ping(ctx)
}

func redisInRole(ctx context.Context, tap string, primary bool) error {
	c := store.Redis(tap)
	defer func() { _ = c.Close() }()
	is, err := store.AskRedis(ctx, c)
	switch {
	case err != nil:
		return err
	case primary && is.Role == store.Primary, !primary && is.Role == store.Replica && is.Connected:
		return nil
	}
	return fmt.Errorf("it is a %s, and its primary is connected: %t", is.Role, is.Connected)
}

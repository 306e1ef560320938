package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// attachEvery is how often a region is looked at that is about to follow another one.
const attachEvery = 50 * time.Millisecond

// Primary is the region that others are to follow, with the address of its database.
type Primary struct {
	Region   string
	Postgres topology.Endpoint
}

// Attach has the database, the cache and the app of another region follow this one, and waits until they do.
func (p Primary) Attach(ctx context.Context, to api.Follower) (string, error) {
	var details [3]string
	var errs [3]error
	var each sync.WaitGroup
	each.Go(runtime.With("bring a database along", func() { details[0], errs[0] = p.attachPostgres(ctx, to) }))
	each.Go(runtime.With("bring a cache along", func() { details[1], errs[1] = p.attachRedis(ctx, to) }))
	each.Go(runtime.With("bring a configuration along", func() { details[2], errs[2] = attachApp(ctx, to) }))
	each.Wait()
	return strings.Join(details[:], ", "), errors.Join(errs[:]...)
}

// attachPostgres has a replica stream from the region that took over, on its timeline. It goes on from where it was: no
// base backup is taken.
func (p Primary) attachPostgres(ctx context.Context, to api.Follower) (detail string, err error) {
	var timeline int
	var forked string
	err = runtime.WithPostgres(ctx, p.Postgres, func(conn *pgx.Conn) (err error) {
		timeline, forked, err = fork(ctx, conn)
		return err
	})
	if err != nil {
		return "", err
	}
	err = runtime.WithPostgres(ctx, to.Postgres, func(conn *pgx.Conn) error {
		moved, err := StreamFrom(ctx, conn, to.Primary)
		if err != nil {
			return err
		}
		detail = fmt.Sprintf("postgres follows on timeline %d", timeline)
		if !moved {
			detail += " already"
		}
		return runtime.Poll(ctx, attachEvery, func(ctx context.Context) error {
			err := streamsOn(ctx, conn, timeline)
			if err == nil || forked == "" {
				return err
			}
			return errors.Join(beyond(ctx, conn, forked), err)
		})
	})
	return detail, err
}

// attachRedis has Redis replicate from the region that took over.
func (p Primary) attachRedis(ctx context.Context, to api.Follower) (string, error) {
	host, port, err := net.SplitHostPort(to.Cache.Address)
	if err != nil {
		return "", fmt.Errorf("replicate from %s: %w", to.Cache.Address, err)
	}
	client := store.Redis(to.Redis.Address)
	defer client.Close()
	if err := client.Do(ctx, "REPLICAOF", host, port).Err(); err != nil { // the same again changes nothing
		return "", fmt.Errorf("have redis replicate from %s: %w", p.Region, err)
	}
	err = runtime.Poll(ctx, attachEvery, func(ctx context.Context) error {
		answer, err := client.Do(ctx, "ROLE").Slice() // of a replica: "slave", host, port, state, offset
		if err != nil {
			return fmt.Errorf("ask redis for its role: %w", err)
		}
		if len(answer) < 4 || answer[3] != "connected" {
			return fmt.Errorf("redis does not replicate: %v", answer)
		}
		return nil
	})
	if err == nil {
		err = keepRole(ctx, client)
	}
	if err != nil {
		return "", err
	}
	return "redis follows", nil
}

// attachApp publishes a configuration of the region that writes to the one that took over, and waits until an app node
// has it.
func attachApp(ctx context.Context, to api.Follower) (string, error) {
	next, how, err := Republish(ctx, to.Config, func(c *topology.Config) { c.Postgres, c.Redis = to.Primary, to.Cache })
	if err != nil {
		return "", err
	}
	if next.AppNodes == 0 {
		return fmt.Sprintf("revision %d, %s, no app node runs", next.Revision, how), nil
	}
	err = runtime.Poll(ctx, attachEvery, func(ctx context.Context) error {
		missing, err := NotReady(ctx, to.Apps, next.Revision)
		if len(missing) < len(to.Apps) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("wait for the app to take revision %d: %w", next.Revision, err)
	}
	return fmt.Sprintf("revision %d, %s", next.Revision, how), nil
}

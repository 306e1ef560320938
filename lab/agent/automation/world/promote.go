package world

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// replayEvery is how often a standby that is behind the old primary is asked how far it has come.
const replayEvery = 20 * time.Millisecond

// ErrBehind is a standby that has not replayed all that the old primary has.
var ErrBehind = errors.New("it is behind")

// PromotePostgres promotes a replica unless it is a primary already, and sees that it takes writes. The detail says
// which of both, and the timeline.
func PromotePostgres(ctx context.Context, e topology.Endpoint) (detail string, err error) {
	err = runtime.WithPostgres(ctx, e, func(conn *pgx.Conn) error {
		var recovering bool
		if err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering); err != nil {
			return fmt.Errorf("ask postgres for its role: %w", err)
		}
		how := "was a primary already"
		if recovering {
			how = "promoted"
			var promoted bool
			if err := conn.QueryRow(ctx, `select pg_promote(true, $1)`, secondsLeft(ctx)).Scan(&promoted); err != nil {
				return fmt.Errorf("promote postgres: %w", err)
			}
			if !promoted {
				return errors.New("promote postgres: it did not finish in time")
			}
		}
		timeline, err := runtime.ProveWritable(ctx, conn)
		if err != nil {
			return err
		}
		detail = fmt.Sprintf("%s, timeline %d", how, timeline)
		return nil
	})
	return detail, err
}

// secondsLeft is how long the server may wait for its promotion: whole seconds, at least one.
func secondsLeft(ctx context.Context) int {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 60
	}
	return max(1, int(math.Ceil(time.Until(deadline).Seconds())))
}

// PromoteRedis makes a replica a primary unless it is one already. The detail says which of both.
func PromoteRedis(ctx context.Context, e topology.Endpoint) (detail string, err error) {
	client := store.Redis(e.Address)
	defer client.Close()
	is, err := store.AskRedis(ctx, client)
	if err != nil {
		return "", err
	}
	how := "was a primary already"
	if is.Role != store.Primary {
		how = "promoted"
		if err := client.Do(ctx, "REPLICAOF", "NO", "ONE").Err(); err != nil {
			return "", fmt.Errorf("promote redis: %w", err)
		}
		if is, err = store.AskRedis(ctx, client); err != nil {
			return "", err
		}
		if is.Role != store.Primary {
			return "", fmt.Errorf("promote redis: it is still a %s", is.Role)
		}
	}
	if err := keepRole(ctx, client); err != nil {
		return "", err
	}
	return how, nil
}

// keepRole has a server that is started again be what it is now. One without a configuration file has nothing that
// would make it another.
func keepRole(ctx context.Context, client *redis.Client) error {
	if err := client.ConfigRewrite(ctx).Err(); err != nil && !strings.Contains(err.Error(), "without a config file") {
		return fmt.Errorf("keep the role of redis: %w", err)
	}
	return nil
}

// AwaitReplay waits until a standby has replayed the log up to a position (a pg_lsn), or is a primary. The error is
// ErrBehind when it answers and has not.
func AwaitReplay(ctx context.Context, standby topology.Endpoint, position string) error {
	return runtime.Poll(ctx, replayEvery, func(ctx context.Context) error {
		return runtime.WithPostgres(ctx, standby, func(conn *pgx.Conn) error {
			var enough bool
			var replayed string
			const progress = `select not pg_is_in_recovery() or coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false),
				coalesce(pg_last_wal_replay_lsn()::text, 'nothing')`
			if err := conn.QueryRow(ctx, progress, position).Scan(&enough, &replayed); err != nil {
				return fmt.Errorf("ask postgres what it has replayed: %w", err)
			}
			if !enough {
				return fmt.Errorf("%w: replayed %s of %s", ErrBehind, replayed, position)
			}
			return nil
		})
	})
}

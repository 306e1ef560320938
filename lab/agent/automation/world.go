package automation

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/regionfall/regionfall/lab/agent/backup"
	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

// worldLimit bounds one question about the world at the start: while it waits, nobody watches the home region.
const worldLimit = 500 * time.Millisecond

// progress is how far an earlier process of the automation had come.
type progress int

const (
	progressNone    progress = iota // nothing was decided
	progressDecided                 // some step was begun: all that is left must be done
	progressDone                    // the region has taken over
	progressServes                  // and home follows it, as after a switchover
)

// world is where the automation reads what it does not remember.
type world interface {
	// Progress says how far a failover has come, and how one can tell.
	Progress(ctx context.Context) (p progress, why string)
	// Switching is the region that is to serve by a switchover that was begun and not ended; empty if there is none.
	Switching(ctx context.Context) (to string)
	// Forget takes back here what a switchover has noted.
	Forget(ctx context.Context)
	// DatabaseHere is nil when the database of this region answers.
	DatabaseHere(ctx context.Context) error
	// HomeWasThere says whether this region holds something that it can only have from the home region.
	HomeWasThere(ctx context.Context) bool
}

// labWorld reads the lab: what a failover leaves behind is what shows that there was one.
type labWorld struct {
	cfg   api.AutomationConfig
	names nameClient
}

// Progress looks for traces of a failover, from the last step to the first. What does not answer shows nothing.
func (w labWorld) Progress(ctx context.Context) (progress, string) {
	if w.primaryHere(ctx) {
		record, err := w.ask(ctx)
		if err == nil && record.Primary == w.cfg.Region && len(w.cfg.Sides) > 0 && w.homeFollows(ctx) {
			return progressServes, ""
		}
		current, readErr := w.configuration(ctx)
		if err == nil && record.Primary == w.cfg.Region && readErr == nil && newRepoint(w.cfg, nil).applied(current) &&
			newScaleOut(w.cfg, nil).applied(current) {
			return progressDone, "found this region in service"
		}
		return progressDecided, "found the database of this region promoted"
	}
	if w.cfg.Strategy == topology.BackupRestore {
		if _, err := os.Stat(w.cfg.RestoreFile); err == nil {
			return progressDecided, "found the base backup handed over"
		}
	}
	if w.homeFenced(ctx) {
		return progressDecided, fmt.Sprintf("found the database of %s fenced", w.cfg.Home)
	}
	return progressNone, ""
}

// HomeWasThere looks for what replication or a backup has brought. A replica that has just started from its image has
// received nothing.
func (w labWorld) HomeWasThere(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, worldLimit)
	defer cancel()
	if w.cfg.Strategy == topology.BackupRestore {
		_, err := backup.NewestBackup(ctx, store.LinkedObjects(w.cfg.S3))
		return err == nil
	}
	var received bool
	err := runtime.WithPostgres(ctx, w.cfg.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select pg_is_in_recovery()
			and (pg_last_wal_receive_lsn() is not null or pg_last_xact_replay_timestamp() is not null)`).Scan(&received)
	})
	return err == nil && received
}

func (w labWorld) primaryHere(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, worldLimit)
	defer cancel()
	primary := false
	err := runtime.WithPostgres(ctx, w.cfg.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select not pg_is_in_recovery()`).Scan(&primary)
	})
	return err == nil && primary
}

// Forget leaves the note where it is if the database does not answer.
func (w labWorld) Forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, worldLimit)
	defer cancel()
	_ = (&rotation{}).forget(ctx, api.Side{Follower: api.Follower{Postgres: w.cfg.Postgres}})
}

// DatabaseHere asks it.
func (w labWorld) DatabaseHere(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, worldLimit)
	defer cancel()
	return runtime.WithPostgres(ctx, w.cfg.Postgres, func(conn *pgx.Conn) error { return conn.Ping(ctx) })
}

func (w labWorld) homeFenced(ctx context.Context) bool {
	return w.homeIs(ctx, `select not pg_is_in_recovery() and current_setting('default_transaction_read_only')::bool`)
}

func (w labWorld) homeFollows(ctx context.Context) bool {
	return w.homeIs(ctx, `select pg_is_in_recovery()`)
}

func (w labWorld) homeIs(ctx context.Context, question string) (is bool) {
	ctx, cancel := context.WithTimeout(ctx, worldLimit+lookTrips*w.cfg.Trip)
	defer cancel()
	err := runtime.WithPostgres(ctx, w.cfg.HomePostgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx,
			question).Scan(&is)
	})
	return err == nil && is
}

// Switching asks both databases for what a switchover notes when it begins. One that does not answer notes nothing.
func (w labWorld) Switching(ctx context.Context) (to string) {
	for _, side := range w.cfg.Sides {
		ctx, cancel := context.WithTimeout(ctx, worldLimit+lookTrips*w.cfg.Trip)
		err := runtime.WithPostgres(ctx, side.Postgres, func(conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `select coalesce(current_setting('`+intent+`', true), '')`).Scan(&to)
		})
		cancel()
		if err == nil && to != "" {
			return to
		}
	}
	return ""
}

// configuration is what the region is to have as its replicator knows it: no link has to be there for that.
func (w labWorld) configuration(ctx context.Context) (topology.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, worldLimit)
	defer cancel()
	var state api.DeliveryState
	err := api.Linked(w.cfg.Published).Call(ctx, http.MethodGet, "", nil, &state)
	return state.Document, err
}

func (w labWorld) ask(ctx context.Context) (api.Routing, error) {
	ctx, cancel := context.WithTimeout(ctx, worldLimit)
	defer cancel()
	return w.names.health(ctx)
}

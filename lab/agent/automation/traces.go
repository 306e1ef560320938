package automation

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/automation/switchover"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/backup"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// traceLimit bounds one question about traces at the start: while it waits, nobody watches the home region.
const traceLimit = 500 * time.Millisecond

// progress is how far an earlier process of the automation had come.
type progress int

const (
	progressNone    progress = iota // nothing was decided
	progressDecided                 // some step was begun: all that is left must be done
	progressDone                    // the region has taken over
	progressServes                  // and home follows it, as after a switchover
)

// traces are what failovers and switchovers leave behind: the automation keeps no notes of its own.
type traces interface {
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

// labTraces reads the lab.
type labTraces struct {
	cfg   api.AutomationConfig
	names world.Names
}

// Progress looks for traces of a failover, from the last step to the first. What does not answer shows nothing.
func (l labTraces) Progress(ctx context.Context) (progress, string) {
	if l.primaryHere(ctx) {
		record, err := l.ask(ctx)
		if err == nil && record.Primary == l.cfg.Region && len(l.cfg.Sides) > 0 && l.homeFollows(ctx) {
			return progressServes, ""
		}
		current, readErr := l.configuration(ctx)
		if err == nil && record.Primary == l.cfg.Region && readErr == nil &&
			steps.InService(l.cfg, current) {
			return progressDone, "found this region in service"
		}
		return progressDecided, "found the database of this region promoted"
	}
	if l.cfg.Strategy == topology.BackupRestore {
		if _, err := os.Stat(l.cfg.RestoreFile); err == nil {
			return progressDecided, "found the base backup handed over"
		}
	}
	if l.homeFenced(ctx) {
		return progressDecided, fmt.Sprintf("found the database of %s fenced", l.cfg.Home)
	}
	return progressNone, ""
}

// HomeWasThere looks for what replication or a backup has brought. A replica that has just started from its image has
// received nothing.
func (l labTraces) HomeWasThere(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	if l.cfg.Strategy == topology.BackupRestore {
		_, err := backup.NewestBackup(ctx, store.LinkedObjects(l.cfg.S3))
		return err == nil
	}
	var received bool
	err := runtime.WithPostgres(ctx, l.cfg.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select pg_is_in_recovery()
			and (pg_last_wal_receive_lsn() is not null or pg_last_xact_replay_timestamp() is not null)`).Scan(&received)
	})
	return err == nil && received
}

func (l labTraces) primaryHere(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	primary := false
	err := runtime.WithPostgres(ctx, l.cfg.Postgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select not pg_is_in_recovery()`).Scan(&primary)
	})
	return err == nil && primary
}

// Forget leaves the note where it is if the database does not answer.
func (l labTraces) Forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	_ = switchover.Forget(ctx, api.Side{Follower: api.Follower{Region: l.cfg.Region, Postgres: l.cfg.Postgres}})
}

// DatabaseHere asks it.
func (l labTraces) DatabaseHere(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	return runtime.WithPostgres(ctx, l.cfg.Postgres, func(conn *pgx.Conn) error { return conn.Ping(ctx) })
}

func (l labTraces) homeFenced(ctx context.Context) bool {
	return l.homeIs(ctx, `select not pg_is_in_recovery() and current_setting('default_transaction_read_only')::bool`)
}

func (l labTraces) homeFollows(ctx context.Context) bool {
	return l.homeIs(ctx, `select pg_is_in_recovery()`)
}

func (l labTraces) homeIs(ctx context.Context, question string) (is bool) {
	ctx, cancel := context.WithTimeout(ctx, traceLimit+lookTrips*l.cfg.Trip)
	defer cancel()
	err := runtime.WithPostgres(ctx, l.cfg.HomePostgres, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, question).Scan(&is)
	})
	return err == nil && is
}

// Switching asks both databases for what a switchover notes when it begins. One that does not answer notes nothing.
func (l labTraces) Switching(ctx context.Context) string {
	for _, side := range l.cfg.Sides {
		ctx, cancel := context.WithTimeout(ctx, traceLimit+lookTrips*l.cfg.Trip)
		to, err := switchover.Noted(ctx, side)
		cancel()
		if err == nil && to != "" {
			return to
		}
	}
	return ""
}

// configuration is what the region is to have as its replicator knows it: no link has to be there for that.
func (l labTraces) configuration(ctx context.Context) (topology.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	var state api.DeliveryState
	err := api.Linked(l.cfg.Published).Call(ctx, http.MethodGet, "", nil, &state)
	return state.Document, err
}

func (l labTraces) ask(ctx context.Context) (api.Routing, error) {
	ctx, cancel := context.WithTimeout(ctx, traceLimit)
	defer cancel()
	return l.names.Routing(ctx)
}

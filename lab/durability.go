package lab

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// CheckDurability asks the primary whether it really keeps what it acknowledges: fsync and full_page_writes on, and the synchronous mode
// that the topology asks for, with at least one replica in it.
func (l *Lab) CheckDurability(ctx context.Context) error {
	tap, err := l.Tap(topology.ServicePostgres.Host(l.topology.Home().Name))
	if err != nil {
		return err
	}
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return fmt.Errorf("check durability: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	want := map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": ""}
	remote := l.topology.Postgres.Commit == topology.CommitRemote
	if remote {
		want["synchronous_standby_names"] = "ANY 1 (*)"
	}
	rows, err := conn.Query(ctx, `select name, setting from pg_settings where name in
		('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names')`)
	if err != nil {
		return fmt.Errorf("check durability: %w", err)
	}
	type setting struct{ Name, Setting string }
	settings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[setting])
	if err != nil {
		return fmt.Errorf("check durability: %w", err)
	}
	var errs []error
	for _, s := range settings {
		if s.Setting != want[s.Name] {
			errs = append(errs, fmt.Errorf("%s is %q and should be %q", s.Name, s.Setting, want[s.Name]))
		}
		delete(want, s.Name)
	}
	if len(want) > 0 {
		errs = append(errs, fmt.Errorf("the primary does not report %v", want))
	}
	if remote {
		var counted int // among those of whom one is enough
		if err := conn.QueryRow(ctx, `select count(*) from pg_stat_replication where sync_state = 'quorum'`).Scan(&counted); err != nil {
			errs = append(errs, err)
		} else if counted == 0 {
			errs = append(errs, errors.New("no replica is synchronous"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("check durability of postgres in %s: %w", l.topology.Home().Name, err)
	}
	return nil
}

// CaughtUp says whether the PostgreSQL of a region has replayed all that a primary elsewhere has on disk; also when it is a primary itself, or no
// other is.
func (l *Lab) CaughtUp(ctx context.Context, region string) error {
	own, err := l.Tap(topology.ServicePostgres.Host(region))
	if err != nil {
		return err
	}
	for _, r := range l.topology.Regions {
		if r.Name == region {
			continue
		}
		tap, err := l.Tap(topology.ServicePostgres.Host(r.Name))
		if err != nil {
			return err
		}
		at, err := store.PostgresValue(ctx, tap, `select case when pg_is_in_recovery() then '' else pg_current_wal_flush_lsn()::text end`)
		if err != nil || at == "" {
			continue // it is down, or a replica
		}
		behind, err := store.PostgresValue(ctx, own, `select case when pg_is_in_recovery() and pg_last_wal_replay_lsn() < '`+at+`'::pg_lsn
			then pg_last_wal_replay_lsn()::text else '' end`)
		if err != nil {
			return fmt.Errorf("ask postgres in %s what it has replayed: %w", region, err)
		}
		if behind != "" {
			return fmt.Errorf("postgres in %s has replayed %s of the %s that %s has", region, behind, at, r.Name)
		}
	}
	return nil
}

// CheckReplication asks every database and cache that streams from another region whether it does now.
func (l *Lab) CheckReplication(ctx context.Context) error {
	if !l.topology.Streams() {
		return nil
	}
	var g errgroup.Group
	for _, r := range l.topology.Regions {
		if l.topology.Source(r.Name) == "" {
			continue
		}
		for _, s := range plan.Services() {
			tap, err := l.Tap(s.Name.Host(r.Name))
			node, ok := store.At(s.Name, tap, r.Name)
			streamer, streams := node.(store.Streamer)
			if !ok || !streams {
				continue
			}
			g.Go(func() error {
				if err == nil {
					err = streamer.Streams(ctx)
				}
				if err != nil {
					return fmt.Errorf("check replication of %s from %s to %s: %w", s.Name, l.topology.Source(r.Name), r.Name, err)
				}
				return nil
			})
		}
	}
	return g.Wait()
}

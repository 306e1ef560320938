package observe

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

// CheckDurability asks the primary whether it really keeps what it acknowledges: fsync and full_page_writes on, and the
// synchronous mode that the topology asks for, with at least one replica in it.
func (v View) CheckDurability(ctx context.Context) error {
	tap, err := v.lab.Tap(topology.ServicePostgres.Host(v.lab.Topology().Home().Name))
	if err != nil {
		return err
	}
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return fmt.Errorf("check durability: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	want := map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
		"synchronous_standby_names": "",
	}
	remote := v.lab.Topology().Postgres.Commit == topology.CommitRemote
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
		if err := conn.QueryRow(ctx,
			`select count(*) from pg_stat_replication where sync_state = 'quorum'`).Scan(&counted); err != nil {
			errs = append(errs, err)
		} else if counted == 0 {
			errs = append(errs, errors.New("no replica is synchronous"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("check durability of postgres in %s: %w", v.lab.Topology().Home().Name, err)
	}
	return nil
}

// CaughtUp says whether the PostgreSQL of a region has replayed all that a primary elsewhere has on disk; also when it
// is a primary itself, or no other is.
func (v View) CaughtUp(ctx context.Context, region string) error {
	own, err := v.lab.Tap(topology.ServicePostgres.Host(region))
	if err != nil {
		return err
	}
	for _, r := range v.lab.Topology().Regions {
		if r.Name == region {
			continue
		}
		tap, err := v.lab.Tap(topology.ServicePostgres.Host(r.Name))
		if err != nil {
			return err
		}
		at, err := store.PostgresValue(ctx, tap,
			`select case when pg_is_in_recovery() then '' else pg_current_wal_flush_lsn()::text end`)
		if err != nil || at == "" {
			continue // it is down, or a replica
		}
		behind, err := store.PostgresValue(ctx, own, `select case
			when pg_is_in_recovery() and pg_last_wal_replay_lsn() < '`+at+`'::pg_lsn
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
func (v View) CheckReplication(ctx context.Context) error {
	if !v.lab.Topology().Streams() {
		return nil
	}
	var g errgroup.Group
	for _, r := range v.lab.Topology().Regions {
		if v.lab.Topology().Source(r.Name) == "" {
			continue
		}
		for _, s := range plan.Services() {
			tap, err := v.lab.Tap(s.Name.Host(r.Name))
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
					return fmt.Errorf("check replication of %s from %s to %s: %w", s.Name,
						v.lab.Topology().Source(r.Name), r.Name, err)
				}
				return nil
			})
		}
	}
	return g.Wait()
}

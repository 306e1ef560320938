package lab

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

// CheckDurability asks the primary whether it really keeps what it acknowledges: fsync and full_page_writes on, and the synchronous mode
// that the topology asks for, with the standby in it.
func (l *Lab) CheckDurability(ctx context.Context) error {
	tap, err := l.Tap(topology.ServicePostgres.Host(l.topology.Home().Name))
	if err != nil {
		return err
	}
	conn, err := SQL(ctx, tap)
	if err != nil {
		return fmt.Errorf("check durability: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	want := map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": ""}
	remote := l.topology.Postgres.Commit == topology.CommitRemote
	if remote {
		want["synchronous_standby_names"] = "*"
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
		var inSync int
		if err := conn.QueryRow(ctx, `select count(*) from pg_stat_replication where sync_state = 'sync'`).Scan(&inSync); err != nil {
			errs = append(errs, err)
		} else if inSync != 1 {
			errs = append(errs, fmt.Errorf("%d standbys are synchronous and 1 should be", inSync))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("check durability of postgres in %s: %w", l.topology.Home().Name, err)
	}
	return nil
}

package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// LogLength is how many bytes of the log a server has on disk, counted from its beginning, and whether it is a replica.
func LogLength(ctx context.Context, conn *pgx.Conn) (has int64, replica bool, err error) {
	const question = `select pg_is_in_recovery(), coalesce(case when pg_is_in_recovery()
		then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
		else pg_current_wal_flush_lsn() end - '0/0', 0)::bigint`
	if err := conn.QueryRow(ctx, question).Scan(&replica, &has); err != nil {
		return 0, false, fmt.Errorf("ask postgres how much of the log it has: %w", err)
	}
	return has, replica, nil
}

// fork is the timeline that a primary writes, and where it left the one before; empty if there was none.
func fork(ctx context.Context, conn *pgx.Conn) (timeline int, forked string, err error) {
	if timeline, err = runtime.Writes(ctx, conn); err != nil {
		return 0, "", err
	}
	if timeline == 1 {
		return timeline, "", nil
	}
	var history string
	if err := conn.QueryRow(ctx, fmt.Sprintf(`select pg_read_file('pg_wal/%08X.history')`,
		timeline)).Scan(&history); err != nil {
		return 0, "", fmt.Errorf("ask postgres for the history of timeline %d: %w", timeline, err)
	}
	for line := range strings.Lines(history) { // one for each timeline before: its number, where it was left, why
		if columns := strings.Fields(line); len(columns) >= 2 && !strings.HasPrefix(line, "#") {
			forked = columns[1]
		}
	}
	return timeline, forked, nil
}

var (
	hostInConninfo = regexp.MustCompile(`\bhost=\S+`)
	portInConninfo = regexp.MustCompile(`\bport=\S+`)
)

// StreamFrom has a replica stream from another server than now, with the same slot, of which every node has one. It
// says whether it had to.
func StreamFrom(ctx context.Context, conn *pgx.Conn, source topology.Endpoint) (moved bool, err error) {
	var recovering bool
	var now string
	if err := conn.QueryRow(ctx, `select pg_is_in_recovery(), current_setting('primary_conninfo')`).Scan(&recovering,
		&now); err != nil {
		return false, fmt.Errorf("ask postgres where it streams from: %w", err)
	}
	if !recovering {
		return false, errors.New("postgres is a primary itself")
	}
	host, port, err := net.SplitHostPort(source.Address)
	if err != nil {
		return false, fmt.Errorf("stream from %s: %w", source.Address, err)
	}
	want := portInConninfo.ReplaceAllString(hostInConninfo.ReplaceAllString(now, "host="+host), "port="+port)
	if want == now {
		return false, nil
	}
	for _, statement := range []string{
		"alter system set primary_conninfo = '" + strings.ReplaceAll(want, "'", "''") + "'",
		"select pg_reload_conf()",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return false, fmt.Errorf("have postgres stream from %s: %w", source.Region, err)
		}
	}
	return true, nil
}

// streamsOn is nil when a replica streams on that timeline or a later one.
func streamsOn(ctx context.Context, conn *pgx.Conn, timeline int) error {
	var status string
	var on int
	err := conn.QueryRow(ctx,
		`select coalesce(max(status), 'no receiver'), coalesce(max(received_tli), 0) from pg_stat_wal_receiver`).Scan(
		&status, &on)
	switch {
	case err != nil:
		return fmt.Errorf("ask postgres what it receives: %w", err)
	case status != "streaming" || on < timeline:
		return fmt.Errorf("postgres does not stream timeline %d: %s, timeline %d", timeline, status, on)
	}
	return nil
}

// beyond is an error when a replica has replayed more of the old log than what was promoted has of it: it can never
// follow.
func beyond(ctx context.Context, conn *pgx.Conn, forked string) error {
	var is bool
	var replayed string
	const question = `select coalesce(pg_last_wal_replay_lsn() > $1::pg_lsn, false),
		coalesce(pg_last_wal_replay_lsn()::text, 'nothing')`
	if err := conn.QueryRow(ctx, question, forked).Scan(&is, &replayed); err != nil {
		return fmt.Errorf("ask postgres what it has replayed: %w", err)
	}
	if is {
		return fmt.Errorf("it has replayed the old log up to %s, and what was promoted left that at %s: it needs "+
			"pg_rewind or a base backup", replayed, forked)
	}
	return nil
}

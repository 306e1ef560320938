package automation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

// postgresOf has a replica stream from the region that took over, on its timeline. It goes on from where it was: no
// base backup is taken.
func (f *follow) postgresOf(ctx context.Context, to api.Follower) (detail string, err error) {
	var timeline int
	var forked string
	err = runtime.WithPostgres(ctx, f.postgres, func(conn *pgx.Conn) (err error) {
		timeline, forked, err = fork(ctx, conn)
		return err
	})
	if err != nil {
		return "", err
	}
	err = runtime.WithPostgres(ctx, to.Postgres, func(conn *pgx.Conn) error {
		moved, err := streamFrom(ctx, conn, to.Primary)
		if err != nil {
			return err
		}
		detail = fmt.Sprintf("postgres follows on timeline %d", timeline)
		if !moved {
			detail += " already"
		}
		return runtime.Poll(ctx, followEvery, func(ctx context.Context) error {
			err := streamsOn(ctx, conn, timeline)
			if err == nil || forked == "" {
				return err
			}
			return errors.Join(beyond(ctx, conn, forked), err)
		})
	})
	return detail, err
}

// beyond says that a replica has replayed more of the old log than what was promoted has of it. It can never follow.
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

// streamFrom has a replica stream from another server than now, with the same slot, of which every node has one. It
// says whether it had to.
func streamFrom(ctx context.Context, conn *pgx.Conn, source topology.Endpoint) (moved bool, err error) {
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

// redisOf has Redis replicate from the region that took over.
func (f *follow) redisOf(ctx context.Context, to api.Follower) (string, error) {
	host, port, err := net.SplitHostPort(to.Cache.Address)
	if err != nil {
		return "", fmt.Errorf("replicate from %s: %w", to.Cache.Address, err)
	}
	client := store.Redis(to.Redis.Address)
	defer client.Close()
	if err := client.Do(ctx, "REPLICAOF", host, port).Err(); err != nil { // the same again changes nothing
		return "", fmt.Errorf("have redis replicate from %s: %w", f.region, err)
	}
	err = runtime.Poll(ctx, followEvery, func(ctx context.Context) error {
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

// configOf publishes a configuration of the region that writes to the one that took over, and waits until an app node
// has it.
func (f *follow) configOf(ctx context.Context, to api.Follower) (string, error) {
	next, how, err := republish(ctx, to.Config, func(c *topology.Config) { c.Postgres, c.Redis = to.Primary, to.Cache })
	if err != nil {
		return "", err
	}
	if next.AppNodes == 0 {
		return fmt.Sprintf("revision %d, %s, no app node runs", next.Revision, how), nil
	}
	err = runtime.Poll(ctx, followEvery, func(ctx context.Context) error {
		return readyWith(ctx, to.App,
			next.Revision)
	})
	if err != nil {
		return "", fmt.Errorf("wait for the app to take revision %d: %w", next.Revision, err)
	}
	return fmt.Sprintf("revision %d, %s", next.Revision, how), nil
}

// republish publishes a region's configuration with a change, unless it is so already, and says which.
func republish(ctx context.Context, url string,
	change func(c *topology.Config),
) (next topology.Config, how string, err error) {
	var state api.DeliveryState
	if err := api.Linked(url).Call(ctx, http.MethodGet, "", nil, &state); err != nil {
		return next, "", fmt.Errorf("ask for the configuration: %w", err)
	}
	next, how = state.Document, "was so already"
	change(&next)
	if !reflect.DeepEqual(next, state.Document) {
		how = "rewritten"
		next.Revision++
		if err := api.Linked(url).Call(ctx, http.MethodPut, "", next, &state); err != nil {
			return next, "", fmt.Errorf("publish the configuration: %w", err)
		}
	}
	return next, how, nil
}

package fault

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// walStream is the log of PostgreSQL on its way to a replica. A pause and a lag are the replica's own, which receives and does not replay;
// a throttle is of the links.
type walStream struct {
	replica Node
	all     []Node // one of them is the primary
	how     badly
	links   holding // of a throttle
}

func newWALStream(l Lab, region string, how badly) (flow, error) {
	replica, err := only(l, topology.ServicePostgres, region)
	if err != nil {
		return nil, err
	}
	w := &walStream{replica: replica, how: how}
	if w.all, err = l.Nodes(func(p Place) bool { return p.Service == topology.ServicePostgres && p.Region != region }); err != nil {
		return nil, fmt.Errorf("other databases than %s: %w", replica.Place().Name, err)
	}
	if how.Do == doThrottle {
		// Toxiproxy gives each connection the rate by itself: what the app asks the primary over the same link does not share it.
		w.links.how = How{Toxics: toxic.Bandwidth(probe.Downstream, how.Rate)}
		w.links.links, err = l.Links(func(p Path) bool { return p.From == region && p.Service == topology.ServicePostgres && !p.Control })
		if err != nil {
			return nil, fmt.Errorf("the link that %s streams over: %w", replica.Place().Name, err)
		}
	}
	return w, nil
}

func (w *walStream) receiver() Node { return w.replica }

func (w *walStream) ends(ctx context.Context) ([]Node, error) {
	primary, err := w.source(ctx)
	if err != nil {
		return nil, err
	}
	return []Node{primary}, nil
}

// source is the primary, as long as the replica is one.
func (w *walStream) source(ctx context.Context) (Node, error) {
	recovering, err := query(ctx, w.replica, "select pg_is_in_recovery()")
	if err != nil {
		return nil, err
	}
	if recovering != "true" {
		return nil, fmt.Errorf("%w: %s is a primary itself", errNoSource, w.replica.Place().Name)
	}
	for _, n := range w.all {
		if primary, err := isPrimary(ctx, n); err == nil && primary {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%w: no primary answers", errNoSource)
}

func (w *walStream) spoil(ctx context.Context) error {
	switch w.how.Do {
	case doPause:
		_, err := query(ctx, w.replica, "select pg_wal_replay_pause()")
		return err
	case doLag:
		return w.set(ctx, fmt.Sprintf("alter system set recovery_min_apply_delay = '%dms'", w.how.Lag.Milliseconds()))
	default:
		return w.links.Inject(ctx)
	}
}

// mend undoes it. A replica that is down forgets a lag, too: its start drops the setting.
func (w *walStream) mend(ctx context.Context) (bool, error) {
	switch w.how.Do {
	case doPause:
		return true, unlessDown(ctx, w.replica, func(ctx context.Context) error {
			recovering, err := query(ctx, w.replica, "select pg_is_in_recovery()")
			if err == nil && recovering == "true" {
				_, err = query(ctx, w.replica, "select pg_wal_replay_resume()")
			}
			return err
		})
	case doLag:
		return true, unlessDown(ctx, w.replica, func(ctx context.Context) error {
			return w.set(ctx, "alter system reset recovery_min_apply_delay")
		})
	default:
		err := w.links.Heal(ctx)
		return len(w.links.free) == len(w.links.links), err
	}
}

func (w *walStream) set(ctx context.Context, statement string) error {
	_, err := query(ctx, w.replica, statement)
	if err == nil {
		_, err = query(ctx, w.replica, "select pg_reload_conf()")
	}
	return err
}

func (w *walStream) others(ctx context.Context) (string, error) {
	lag, err := query(ctx, w.replica, "select current_setting('recovery_min_apply_delay')")
	if err == nil && lag != "0" && w.how.Do != doLag {
		return "(the replica lags by " + lag + ")", nil
	}
	if err != nil || w.how.Do == doPause {
		return "", err
	}
	paused, err := query(ctx, w.replica, "select pg_is_in_recovery() and pg_get_wal_replay_pause_state() <> 'not paused'")
	if err == nil && paused == "true" {
		return "(the replica is paused)", nil
	}
	return "", err
}

// send commits a transaction that changes nothing. It has arrived when the replica has replayed it.
func (w *walStream) send(ctx context.Context) (sent, error) {
	primary, err := w.source(ctx)
	if err != nil {
		return sent{}, err
	}
	if _, err := query(ctx, primary, "select pg_logical_emit_message(true, '"+topology.ProbeWord+"', '')"); err != nil {
		return sent{}, err
	}
	committed := time.Now()
	at, err := query(ctx, primary, "select pg_current_wal_lsn()::text")
	if err != nil {
		return sent{}, err
	}
	return sent{at: committed, clean: func() {}, arrived: func(ctx context.Context) (bool, error) {
		replayed, err := query(ctx, w.replica, "select coalesce(pg_last_wal_replay_lsn() >= '"+at+"'::pg_lsn, false)")
		return replayed == "true", err
	}}, nil
}

// flood writes to the log what no transaction needs.
func (w *walStream) flood(ctx context.Context, bytes int64) (func(), error) {
	primary, err := w.source(ctx)
	if err == nil {
		_, err = query(ctx, primary, fmt.Sprintf("select pg_logical_emit_message(false, '%s', repeat('x', %d), true)", topology.ProbeWord, bytes))
	}
	return func() {}, err
}

// total is how far the replica has the log on disk.
func (w *walStream) total(ctx context.Context) (int64, error) {
	text, err := query(ctx, w.replica, "select pg_wal_lsn_diff(coalesce(pg_last_wal_receive_lsn(), '0/0'), '0/0')::bigint::text")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func (*walStream) quiet() time.Duration { return 500 * time.Millisecond }

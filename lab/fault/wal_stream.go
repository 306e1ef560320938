package fault

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// walStream is the log of PostgreSQL on its way to a replica. A pause and a lag are the replica's own, which receives
// and does not replay; a stall is its receiver's; a throttle is of the links.
type walStream struct {
	replica Node
	all     []Node // one of them is the primary
	follows string // the region that the replica streams from at first
	by      impairment
	links   linkHold // from the replica's region to the others, of which a throttle holds all
	life    string   // of the server that has the order
}

func newWALStream(l Lab, region string, by impairment) (stream, error) {
	replica, err := only(l, topology.ServicePostgres, region)
	if err != nil {
		return nil, err
	}
	w := &walStream{replica: replica, by: by}
	if r, ok := l.Topology().Region(region); ok {
		w.follows = r.Follows
	}
	if w.all, err = l.Nodes(func(p Place) bool {
		return p.Service == topology.ServicePostgres &&
			p.Region != region
	}); err != nil {
		return nil, fmt.Errorf("other databases than %s: %w", replica.Place().Name, err)
	}
	// Toxiproxy gives each connection the rate by itself: what the app asks the primary over the same link does not
	// share it.
	w.links.state = LinkState{Toxics: toxic.Bandwidth(probe.Downstream, by.Rate)}
	w.links.links, err = l.Links(func(p Path) bool {
		return p.From == region && p.Service == topology.ServicePostgres &&
			!p.Control
	})
	if err != nil && by.Do == doThrottle {
		return nil, fmt.Errorf("the link that %s streams over: %w", replica.Place().Name, err)
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

// ways are the link to the primary and, where the replica follows another one, that.
func (w *walStream) ways(ctx context.Context) ([]Link, error) {
	primary, err := w.source(ctx)
	if err != nil {
		return nil, err
	}
	var ways []Link
	for _, l := range w.links.links {
		if to := l.Path().To; to == primary.Place().Region || to == w.follows {
			ways = append(ways, l)
		}
	}
	return ways, nil
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

const (
	replayState = "select case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() else 'promoted' end"
	applyDelay  = "select current_setting('recovery_min_apply_delay')"
	serverLife  = "select pg_postmaster_start_time()::text"
)

func (w *walStream) impair(ctx context.Context) error {
	err := w.order(ctx)
	if err == nil && w.by.Do != doThrottle { // which is of the links
		w.life, err = query(ctx, w.replica, serverLife)
	}
	return err
}

func (w *walStream) order(ctx context.Context) error {
	switch w.by.Do {
	case doPause:
		if _, err := query(ctx, w.replica, "select pg_wal_replay_pause()"); err != nil {
			return err
		}
		// It is a request, which is granted between two records.
		return w.await(ctx, replayState, "paused")
	case doStall:
		return w.stall(ctx)
	case doLag:
		return w.set(ctx, fmt.Sprintf("alter system set recovery_min_apply_delay = '%dms'", w.by.Lag.Milliseconds()))
	default:
		return w.links.Inject(ctx)
	}
}

// restore undoes it. A replica that is down forgets a lag, too: its start drops the setting.
func (w *walStream) restore(ctx context.Context) (bool, error) {
	switch w.by.Do {
	case doPause:
		return true, unlessDown(ctx, w.replica, func(ctx context.Context) error {
			recovering, err := query(ctx, w.replica, "select pg_is_in_recovery()")
			if err == nil && recovering == "true" {
				_, err = query(ctx, w.replica, "select pg_wal_replay_resume()")
			}
			return err
		})
	case doStall:
		return true, w.unstall(ctx)
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

// orderWithin is how long a replica may take to carry an order out.
const orderWithin = 30 * time.Second

// await asks the replica until it answers what is wanted.
func (w *walStream) await(ctx context.Context, question, want string) error {
	return wait.Every(askEvery).Until(ctx, orderWithin, fmt.Sprintf("%s to say %q", w.replica.Place().Name, want),
		func(ctx context.Context) error {
			got, err := query(ctx, w.replica, question)
			switch {
			case err != nil:
				return wait.Stop(err)
			case got != want:
				return fmt.Errorf("it says %q", got)
			}
			return nil
		})
}

// others are those that keep what was sent from arriving as this fault did. A receiver is started again by the
// replay, once that needs more of the log.
func (w *walStream) others(ctx context.Context) (string, error) {
	if w.by.Do != doStall {
		if stalled, err := w.stalled(ctx); err != nil || stalled {
			return "(the replica receives nothing)", err
		}
	}
	if w.by.Do != doLag {
		lag, err := query(ctx, w.replica, applyDelay)
		if err != nil || lag != "0" {
			return "(the replica lags by " + lag + ")", err
		}
	}
	if w.by.Do != doPause {
		state, err := query(ctx, w.replica, replayState)
		if err != nil || state == "paused" || state == "pause requested" {
			return "(the replica is paused)", err
		}
	}
	return "", nil
}

// lapsed asks the replica, or of a throttle the links. One that was promoted replays and receives nothing any more,
// and one whose server was started again has forgotten its orders: neither is a lapse.
func (w *walStream) lapsed(ctx context.Context) (bool, error) {
	if w.by.Do == doThrottle {
		return w.unthrottled(ctx)
	}
	state, err := query(ctx, w.replica, replayState)
	if err != nil || state == "promoted" {
		return false, err
	}
	gone := state == "not paused"
	switch w.by.Do {
	case doStall:
		stalled, serr := w.stalled(ctx)
		gone, err = !stalled, serr
	case doLag:
		lag, lerr := query(ctx, w.replica, applyDelay)
		gone, err = lag == "0", lerr
	}
	if err != nil || !gone {
		return false, err
	}
	life, err := query(ctx, w.replica, serverLife)
	return life == w.life, err
}

// unthrottled says whether the links let more pass than they should. It is asked on a connection of its own, which
// has a rate of its own.
func (w *walStream) unthrottled(ctx context.Context) (bool, error) {
	for _, l := range w.links.links {
		a, err := l.Ask(ctx, probe.Question{
			Way: probe.Throughput, Stream: probe.Downstream, Bytes: payload(w.by.Rate),
			Within: measureWithin,
		})
		if err == nil {
			err = a.Err()
		}
		if err != nil || float64(a.Bytes) <= 2*float64(w.by.Rate)*a.Took.Seconds() {
			return false, err
		}
	}
	return true, nil
}

// send commits a transaction that changes nothing. It has arrived when the replica has replayed it. Where nothing is
// received, whoever commits may have to wait for that; so there it is a record without a transaction, which has
// arrived when it is on the replica's disk.
func (w *walStream) send(ctx context.Context) (sent, error) {
	primary, err := w.source(ctx)
	if err != nil {
		return sent{}, err
	}
	message, has := "true, '"+topology.ProbeWord+"', ''", "pg_last_wal_replay_lsn()"
	if w.by.Do == doStall {
		message, has = "false, '"+topology.ProbeWord+"', '', true", "pg_last_wal_receive_lsn()"
	}
	if _, err := query(ctx, primary, "select pg_logical_emit_message("+message+")"); err != nil {
		return sent{}, err
	}
	committed := time.Now()
	at, err := query(ctx, primary, "select pg_current_wal_lsn()::text")
	if err != nil {
		return sent{}, err
	}
	return sent{at: committed, clean: func() {}, arrived: func(ctx context.Context) (bool, error) {
		arrived, err := query(ctx, w.replica, "select coalesce("+has+" >= '"+at+"'::pg_lsn, false)")
		return arrived == "true", err
	}}, nil
}

// flood writes to the log what no transaction needs.
func (w *walStream) flood(ctx context.Context, bytes int64) (func(), error) {
	primary, err := w.source(ctx)
	if err == nil {
		_, err = query(ctx, primary, fmt.Sprintf("select pg_logical_emit_message(false, '%s', repeat('x', %d), true)",
			topology.ProbeWord, bytes))
	}
	return func() {}, err
}

// total is how far the replica has the log on disk.
func (w *walStream) total(ctx context.Context) (int64, error) {
	text, err := query(ctx, w.replica,
		"select pg_wal_lsn_diff(coalesce(pg_last_wal_receive_lsn(), '0/0'), '0/0')::bigint::text")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// walQuiet is long: a record of the log arrives in a few milliseconds.
const walQuiet = 500 * time.Millisecond

func (*walStream) quiet() time.Duration { return walQuiet }

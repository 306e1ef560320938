package faulttest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// query answers what faults ask. Nobody else asks, so whatever it does not know is an error.
func (d *database) query(sql string) (string, error) {
	if strings.Contains(sql, "temporary table") || strings.Contains(sql, "work_mem") {
		return "", d.disk.write()
	}
	d.mu.Lock()
	r := d.replica
	d.mu.Unlock()
	switch {
	case sql == "select pg_is_in_recovery()":
		return fmt.Sprint(r != nil), nil
	case strings.Contains(sql, "pg_postmaster_start_time"):
		d.node.mu.Lock()
		defer d.node.mu.Unlock()
		return fmt.Sprint(d.node.life), nil
	case r == nil:
		return d.primary(sql)
	}
	return d.follower(sql)
}

func lsn(at int64) string { return fmt.Sprintf("0/%X", at) }

func position(lsn string) (int64, error) {
	return strconv.ParseInt(strings.TrimPrefix(lsn, "0/"), 16, 64)
}

// messageSize is what a message takes in the log that says nothing.
const messageSize = 64

func (d *database) primary(sql string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case strings.Contains(sql, "pg_logical_emit_message"):
		size := int64(messageSize)
		if _, repeat, floods := strings.Cut(sql, "repeat('x', "); floods {
			digits, _, _ := strings.Cut(repeat, ")")
			n, err := strconv.ParseInt(digits, 10, 64)
			if err != nil {
				return "", err
			}
			size += n
		}
		d.written += size
		d.records = append(d.records, record{d.written, time.Now()})
		return lsn(d.written), nil
	case strings.Contains(sql, "pg_current_wal_lsn()"):
		return lsn(d.written), nil
	}
	return "", fmt.Errorf("the primary does not know %q", sql)
}

func (d *database) follower(sql string) (string, error) {
	home := d.node.lab.node(topology.ServicePostgres, d.node.lab.topology.Home().Name).role.(*database)
	home.mu.Lock()
	records := home.records
	home.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.replica
	r.replay(records)
	if _, at, asks := strings.Cut(sql, ">= '"); asks {
		at, _, _ = strings.Cut(at, "'")
		want, err := position(at)
		if err != nil {
			return "", err
		}
		has := r.replayed
		if strings.Contains(sql, "pg_last_wal_receive_lsn()") {
			has = r.received
		}
		return fmt.Sprint(has >= want), nil
	}
	switch {
	case strings.Contains(sql, "wal_replay_pause_state"):
		return map[bool]string{true: "paused", false: "not paused"}[r.saysPaused], nil
	case strings.Contains(sql, "current_setting('recovery_min_apply_delay')"):
		return fmt.Sprintf("%d", r.delay.Milliseconds()), nil
	case strings.Contains(sql, "current_setting('primary_conninfo')"):
		return r.streams, nil
	case strings.Contains(sql, "pg_stat_wal_receiver"):
		return map[bool]string{true: "stalled", false: "receives"}[r.saysStalled], nil
	case strings.Contains(sql, "pg_wal_lsn_diff"):
		return fmt.Sprint(r.received), nil
	}
	return "", r.execute(sql, d.node.lab.defect)
}

// replay replays what has been received, up to the first record that has to wait.
func (r *replica) replay(records []record) {
	if r.paused {
		return
	}
	for _, one := range records {
		if one.end > r.received || time.Since(one.at) < r.delay {
			return
		}
		r.replayed = max(r.replayed, one.end)
	}
}

// execute carries an order out.
func (r *replica) execute(sql string, defect Defect) error {
	breaks, heals := defect != IgnoresInjection, defect != IgnoresHealing
	switch {
	case strings.Contains(sql, "pg_reload_conf()"):
	case strings.Contains(sql, "pg_wal_replay_pause()"):
		r.saysPaused, r.paused = true, breaks
	case strings.Contains(sql, "pg_wal_replay_resume()"):
		if heals {
			r.saysPaused, r.paused = false, false
		}
	case strings.HasPrefix(sql, "alter system set recovery_min_apply_delay = "):
		delay, err := time.ParseDuration(strings.Trim(strings.TrimPrefix(sql,
			"alter system set recovery_min_apply_delay = "), "'"))
		if breaks {
			r.delay = delay
		}
		return err
	case strings.HasPrefix(sql, "alter system reset recovery_min_apply_delay"):
		if heals {
			r.delay = 0
		}
	case strings.HasPrefix(sql, "alter system set primary_conninfo = "):
		to := strings.Trim(strings.TrimPrefix(sql, "alter system set primary_conninfo = "), "'")
		stalls := strings.Contains(to, stalling)
		if stalls && breaks || !stalls && heals {
			r.streams = to
		}
		r.saysStalled = stalls || r.stalled()
	default:
		return fmt.Errorf("the replica does not know %q", sql)
	}
	return nil
}

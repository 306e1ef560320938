package fault

import (
	"fmt"
	"strings"
	"time"
)

// server is a PostgreSQL replica with what faults change of it.
type server struct {
	promoted               bool
	replay, delay, streams string
	life                   int
	sent                   time.Time // when the primary wrote last
	late                   bool      // nothing arrives for a while, whatever it is told
}

func newServer() *server {
	return &server{replay: "not paused", delay: "0", streams: "host=hub port=7 application_name=it's"}
}

func (s *server) query(sql string) (string, error) {
	value := func(begin string) (string, bool) {
		after, ok := strings.CutPrefix(sql, begin)
		return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(after, "'"), "'"), "''", "'"), ok
	}
	if to, ok := value("alter system set recovery_min_apply_delay = "); ok {
		s.delay = to
		return "", nil
	}
	if to, ok := value("alter system set primary_conninfo = "); ok {
		s.streams = to
		return "", nil
	}
	switch {
	case sql == replayState && s.promoted:
		return "promoted", nil
	case sql == replayState:
		return s.replay, nil
	case sql == applyDelay:
		return s.delay, nil
	case sql == streamsFrom:
		return s.streams, nil
	case sql == serverLife:
		return fmt.Sprint(s.life), nil
	case sql == receives && s.stalled():
		return "stalled", nil
	case sql == receives:
		return "receives", nil
	case sql == "select pg_is_in_recovery()":
		return fmt.Sprint(!s.promoted), nil
	case sql == "select pg_reload_conf()":
	case sql == "select pg_wal_replay_pause()":
		s.replay = "paused"
	case sql == "select pg_wal_replay_resume()":
		s.replay = "not paused"
	case sql == "alter system reset recovery_min_apply_delay":
		s.delay = "0"
	case strings.Contains(sql, "pg_last_wal_receive_lsn() >="):
		return fmt.Sprint(!s.late && !s.stalled()), nil
	case strings.Contains(sql, "pg_last_wal_replay_lsn() >="):
		delay, _ := time.ParseDuration(s.delay)
		return fmt.Sprint(!s.late && !s.stalled() && s.replay == "not paused" && time.Since(s.sent) >= delay), nil
	default:
		return "", fmt.Errorf("nobody asks %q", sql)
	}
	return "", nil
}

func (s *server) stalled() bool { return strings.Contains(s.streams, "sslmode=require") }

// promote makes the server a primary, whose replay can't be paused any more.
func (s *server) promote() { s.promoted, s.replay = true, "not paused" }

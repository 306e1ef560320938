package steps

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/api"
)

// replicaWith answers as a replica that has so much of the log, and as much as arrives once it streams from elsewhere.
func replicaWith(has int, arrives *atomic.Int64) *automationtest.Postgres {
	var moved atomic.Bool
	return &automationtest.Postgres{Answer: func(statement string) []any {
		switch {
		case strings.Contains(statement, "primary_conninfo')"):
			return []any{true, "host=hub port=20001 user=postgres application_name=x"}
		case strings.HasPrefix(statement, "alter system"):
			moved.Store(true)
			return []any{""}
		case strings.Contains(statement, "::bigint") && moved.Load():
			return []any{true, int(arrives.Load())}
		case strings.Contains(statement, "::bigint"):
			return []any{true, has}
		}
		return []any{""}
	}}
}

func TestAStandbyFetchesWhatOthersHaveMore(t *testing.T) {
	for name, c := range map[string]struct {
		others  []int // what each of them has; the standby has 1000
		arrives int64 // what arrives
		want    string
		moved   bool
	}{
		"nobody else":     {nil, 0, "", false},
		"nobody has more": {[]int{900, 1000}, 0, "", false},
		"one has more":    {[]int{900, 1500}, 1500, "500 of 500 bytes of the log that only second has fetched", true},
		"not all arrives": {
			[]int{1500}, 1200, "200 of 500 bytes of the log that only first has fetched: 300 bytes are missing", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var arrives atomic.Int64
			arrives.Store(c.arrives)
			own := replicaWith(1000, &arrives)
			cfg := automationtest.Settings()
			cfg.Postgres = automationtest.Listen(t, own.Serve)
			for i, has := range c.others {
				other := replicaWith(has, &arrives)
				cfg.Followers = append(cfg.Followers, api.Follower{
					Region:   []string{"first", "second"}[i],
					Postgres: automationtest.Listen(t, other.Serve),
				})
			}
			cfg.Followers = append(cfg.Followers, api.Follower{
				Region:   "dead",
				Postgres: automationtest.Settings().Postgres,
			})
			silent := automationtest.Listen(t, func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1))
				<-t.Context().Done()
			})
			cfg.Followers = append(cfg.Followers, api.Follower{Region: "silent", Postgres: silent})
			g := newGather(cfg)
			g.ask, g.fetch = time.Second, time.Minute
			if strings.HasSuffix(c.want, "missing") {
				g.fetch = 500 * time.Millisecond
			}
			if got := g.run(t.Context()); got != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
			to := own.Asked("alter system set primary_conninfo")
			if moved := to >= 0; moved != c.moved {
				t.Errorf("it streams from elsewhere: %v, want %v", moved, c.moved)
			}
			if c.moved && !strings.Contains(own.Statements()[to], "host=127.0.0.1 port=") {
				t.Errorf("it streams by %s", own.Statements()[to])
			}
		})
	}
}

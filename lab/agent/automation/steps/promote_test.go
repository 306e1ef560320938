package steps

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// standbyPostgres is a standby until it is promoted. Replay says whether it has replayed enough, by how often it was
// asked.
func standbyPostgres(replay func(times int) (enough bool)) *automationtest.Postgres {
	var mu sync.Mutex
	asked, promoted := 0, false
	return &automationtest.Postgres{Answer: func(statement string) []any {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case strings.Contains(statement, "pg_last_wal_replay_lsn"):
			asked++
			return []any{replay(asked), "0/300"}
		case strings.Contains(statement, "pg_promote"):
			promoted = true
			return []any{true}
		case strings.Contains(statement, "transaction_read_only"):
			return []any{!promoted, false}
		case strings.Contains(statement, "pg_is_in_recovery"):
			return []any{!promoted}
		default:
			return []any{2}
		}
	}}
}

// The Redis of these is gone, so that the step fails after PostgreSQL was promoted.
func promotion(postgres topology.Endpoint, flushed string) *promote {
	return &promote{
		postgres: postgres, redis: topology.Endpoint{Address: "127.0.0.1:1"},
		gather: newGather(api.AutomationConfig{}), flushed: func() string { return flushed },
	}
}

func TestPromotionWaitsForWhatTheOldPrimaryHad(t *testing.T) {
	for flushed, want := range map[string]int{"0/400": 4, "": 0} { // not known: the old primary was unreachable
		times := 0
		s := standbyPostgres(func(n int) bool { times = n; return n == 4 })
		_, err := promotion(automationtest.Listen(t, s.Serve), flushed).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "redis") || s.Asked("pg_promote") < 0 {
			t.Fatalf("with %q it ends with %v after %q", flushed, err, s.Statements())
		}
		if times != want || want > 0 && s.Asked("0/400") > s.Asked("pg_promote") {
			t.Errorf("with %q it asked %d times, want %d: %q", flushed, times, want, s.Statements())
		}
	}
}

func TestPromotionWaitsNoLongerThanOneStep(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context()) // acts as the deadline of the step
	defer stop()
	s := standbyPostgres(func(n int) bool {
		if n == 3 {
			stop()
		}
		return false
	})
	step := promotion(automationtest.Listen(t, s.Serve), "0/400")
	if _, err := step.Run(ctx); !errors.Is(err, world.ErrBehind) ||
		!strings.Contains(err.Error(), "replayed 0/300 of 0/400") || s.Asked("pg_promote") >= 0 {
		t.Errorf("it ends with %v after %q", err, s.Statements())
	}
	again, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := step.Run(again); err == nil || !strings.Contains(err.Error(), "redis") || s.Asked("pg_promote") < 0 {
		t.Errorf("the second time it ends with %v after %q", err, s.Statements())
	}
}

func TestPromotionHearsOfTheFence(t *testing.T) {
	s := standbyPostgres(func(int) bool { return true })
	cfg := automationtest.Settings()
	cfg.Postgres = automationtest.Listen(t, s.Serve)
	made := NewFailover(cfg, runtime.NewMarks("automation.west"))
	made.Fence.done.Store(&world.Fenced{Flushed: "0/400"})
	if _, err := stepOf(t, made.Steps(), "promote").Run(t.Context()); err == nil || s.Asked("0/400") < 0 {
		t.Errorf("it ends with %v after %q, and did not ask for what the old primary had on disk", err, s.Statements())
	}
}

package steps

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/topology"
)

// primaryAnswers are those of an old primary that lets itself be fenced.
func primaryAnswers(statement string) []any {
	switch {
	case strings.Contains(statement, "pg_is_in_recovery"):
		return []any{false}
	case strings.Contains(statement, "transaction_read_only')"):
		return []any{true}
	case strings.Contains(statement, "pg_terminate_backend"):
		return []any{2, "7,8"}
	case strings.Contains(statement, "string_to_array"):
		return []any{0}
	case strings.Contains(statement, "pg_current_wal_flush_lsn"):
		return []any{"0/400"}
	default:
		return []any{""}
	}
}

func TestFenceTellsHowFarTheLogIsOnDisk(t *testing.T) {
	s := &automationtest.Postgres{Answer: primaryAnswers}
	f := fenceOf(automationtest.Listen(t, s.Serve), time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got := f.Flushed(); got != "" {
		t.Errorf("before, it tells %q", got)
	}
	for _, want := range []string{"read only, 2 sessions ended", "fenced before"} {
		if detail, err := f.Run(ctx); err != nil || detail != want || f.Flushed() != "0/400" {
			t.Errorf("it says %q, %v and tells %q", detail, err, f.Flushed())
		}
	}
	ended, flushed, asked := s.Asked("pg_terminate_backend"), s.Asked("pg_logical_emit_message"),
		s.Asked("pg_current_wal_flush_lsn")
	if ended < 0 || flushed < ended || asked < flushed {
		t.Errorf("asked before the sessions that write were ended, and what they rolled back was on disk: %q",
			s.Statements())
	}
}

func TestAFenceGoesOnWithoutAnOldPrimaryThatIsUnreachable(t *testing.T) {
	f := fenceOf(topology.Endpoint{Address: "127.0.0.1:1"}, time.Minute)
	if detail, err := f.Run(t.Context()); err != nil || detail != "unreachable: connection refused" {
		t.Errorf("the fence says %q, %v", detail, err)
	}
}

func fenceOf(home topology.Endpoint, stepTimeout time.Duration) *Fence {
	return NewFence(func(ctx context.Context) (world.Fenced, error) { return world.FencePostgres(ctx, home) },
		stepTimeout)
}

package steps

import (
	"context"
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/topology"
)

// promote makes PostgreSQL and Redis of the region primaries, and sees both take writes.
type promote struct {
	postgres, redis topology.Endpoint

	gather  *gather
	flushed func() string // how far the log of the old primary was on disk when it was fenced, or empty
	waited  bool          // the standby did not come that far in time
}

func makePromote(t tools) Step {
	p := &promote{
		postgres: t.cfg.Postgres, redis: t.cfg.Redis, gather: newGather(t.cfg), flushed: t.Fence.Flushed,
	}
	return Step{Run: p.Run}
}

// Run promotes what is not a primary yet.
func (p *promote) Run(ctx context.Context) (string, error) {
	if err := p.catchUp(ctx); err != nil {
		return "", err
	}
	gathered := p.gather.run(ctx)
	postgres, err := world.PromotePostgres(ctx, p.postgres)
	if err != nil {
		return "", err
	}
	redis, err := world.PromoteRedis(ctx, p.redis)
	if err != nil {
		return "", err
	}
	if gathered != "" {
		postgres += ", " + gathered
	}
	return "postgres: " + postgres + "; redis: " + redis, nil
}

// catchUp waits until the standby has replayed what a fenced old primary had on disk: clients were told that it is
// done. It fails when the time of the step is up, and then lets the next attempt promote: the old primary may have died
// since, what is missing would never come, and with both read only there is no service.
func (p *promote) catchUp(ctx context.Context) error {
	flushed := p.flushed()
	if flushed == "" || p.waited {
		return nil
	}
	err := world.AwaitReplay(ctx, p.postgres, flushed)
	if err != nil {
		p.waited = errors.Is(err, world.ErrBehind)
		return fmt.Errorf("wait for postgres to have what the old primary acknowledged: %w", err)
	}
	return nil
}

package switchover

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/store"
)

// redisHolds is for how many times the limit of a step Redis holds writes back by itself, should nobody be there any
// more to tell it that it is over.
const redisHolds = 4

// holdWrites has the old primary's Redis hold writes back, for a while that is longer than a step may take.
func (s *Switchover) holdWrites(ctx context.Context) error {
	client := store.Redis(s.from.Redis.Address)
	defer client.Close()
	is, err := store.AskRedis(ctx, client)
	if err == nil && is.Role == store.Primary {
		err = client.Do(ctx, "CLIENT", "PAUSE", (redisHolds * s.limit).Milliseconds(), "WRITE").Err()
	}
	if err != nil {
		return fmt.Errorf("have redis hold writes back: %w", err)
	}
	return nil
}

// releaseWrites has the old primary's Redis answer those who write: a replica refuses.
func (s *Switchover) releaseWrites(ctx context.Context) error {
	client := store.Redis(s.from.Redis.Address)
	defer client.Close()
	if err := client.Do(ctx, "CLIENT", "UNPAUSE").Err(); err != nil {
		return fmt.Errorf("have redis of %s answer writers: %w", s.from.Region, err)
	}
	return nil
}

// awaitRedis waits until the Redis that is to take over has what the other one has, or is promoted already, by an
// earlier attempt.
func (s *Switchover) awaitRedis(ctx context.Context) error {
	from, to := store.Redis(s.from.Redis.Address), store.Redis(s.to.Redis.Address)
	defer from.Close()
	defer to.Close()
	return runtime.Poll(ctx, switchEvery, func(ctx context.Context) error {
		primary, err := store.AskRedis(ctx, from)
		if err != nil {
			return fmt.Errorf("%s: %w", s.from.Region, err)
		}
		replica, err := store.AskRedis(ctx, to)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", s.to.Region, err)
		case replica.Role == store.Primary:
			return nil
		case primary.Role != store.Primary || primary.Offset < 0 || replica.Offset < primary.Offset:
			return fmt.Errorf("redis of %s is not in step: it is at %d, and that of %s at %d", s.to.Region,
				replica.Offset, s.from.Region, primary.Offset)
		}
		return nil
	})
}

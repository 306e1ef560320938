package workload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// redisMessage is a command that a client sends to Redis itself, on a connection of its own.
type redisMessage struct {
	kind  history.Kind
	words []string
}

func (m *redisMessage) To() app.Target { return app.ToRedis }

func (m *redisMessage) String() string { return strings.Join(m.words, " ") }

func (m *redisMessage) Send(ctx context.Context, address string, _ Carried, over *Attempt) Answer {
	c := redis.NewClient(&redis.Options{
		Addr: address, Dialer: over.Dial, Protocol: 2, PoolSize: 1, MaxRetries: -1, ContextTimeoutEnabled: true,
		DisableIdentity: true,
		// These are for managed Redis, where the server announces its moves.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	defer func() { _ = c.Close() }()
	words := make([]any, len(m.words))
	for i, w := range m.words {
		words[i] = w
	}
	value, err := c.Do(ctx, words...).Result()
	var told redis.Error
	switch {
	case errors.Is(err, redis.Nil):
		return m.understand(nil)
	case errors.As(err, &told): // it was not carried out
		return Answer{Result: Refused, Why: told.Error(), Words: told.Error()}
	case err != nil:
		return Answer{Err: err}
	}
	return m.understand(value)
}

// understand says what an answer without an error means.
func (m *redisMessage) understand(value any) Answer {
	words := fmt.Sprint(value)
	empty := false
	switch v := value.(type) {
	case nil:
		words, empty = "(nil)", true
	case int64:
		empty = m.kind == history.Read && v == 0
	case []any:
		empty = m.kind == history.Read && len(v) == 0
	}
	switch {
	case empty && m.kind == history.Read:
		return Answer{Result: Absent, Why: words, Words: words}
	case empty: // such as SET with NX
		return Answer{Result: Refused, Why: "the answer is nil: nothing was written", Words: words}
	}
	return Answer{Result: Acknowledged, Words: words}
}

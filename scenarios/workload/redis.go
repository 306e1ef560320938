package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		DisableIdentity: true, ReadTimeout: -1, WriteTimeout: -1, // the context's deadline is the only one
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
	case errors.As(err, &told):
		return m.failed(told)
	case err != nil:
		return Answer{Err: err}
	}
	return m.understand(value)
}

// failed is an error that the server told. It did not carry the command out, unless that is a script: what one wrote
// before it failed stays.
func (m *redisMessage) failed(told redis.Error) Answer {
	a := Answer{Result: Refused, Why: told.Error(), Words: told.Error()}
	if m.is("EVAL", "EVALSHA", "FCALL") {
		a.Result = Unclear
	}
	return a
}

// understand says what an answer without an error means.
func (m *redisMessage) understand(value any) Answer {
	words := fmt.Sprint(value)
	if value == nil {
		words = "(nil)"
	}
	switch {
	case m.kind == history.Read && m.findsNothing(value):
		return Answer{Result: Absent, Why: words, Words: words}
	case m.kind == history.Write && value == nil && m.setsOnCondition():
		return Answer{Result: Refused, Why: "the answer is nil: nothing was written", Words: words}
	case m.kind == history.Write && value == nil: // GETSET answers what was there before, a script what it likes
		return Answer{Why: "the answer is nil, which does not say whether anything was written", Words: words}
	}
	return Answer{Result: Acknowledged, Words: words}
}

// findsNothing says whether a read is answered by nothing at all, or by a list of that.
func (m *redisMessage) findsNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case int64:
		return v == 0 && !m.is("LPOS", "ZRANK", "ZREVRANK") // of which 0 is the first
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !m.findsNothing(item) })
	}
	return false
}

// setsOnCondition says whether the command is a SET that answers nil only where it sets nothing.
func (m *redisMessage) setsOnCondition() bool {
	return m.is("SET") && (m.has("NX") || m.has("XX")) && !m.has("GET")
}

// is says whether the command is one of these.
func (m *redisMessage) is(names ...string) bool {
	return len(m.words) > 0 && slices.ContainsFunc(names, func(name string) bool {
		return strings.EqualFold(m.words[0], name)
	})
}

// has says whether an option comes after the key and the value.
func (m *redisMessage) has(option string) bool {
	return len(m.words) > 3 && slices.ContainsFunc(m.words[3:], func(word string) bool {
		return strings.EqualFold(word, option)
	})
}

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
	var refusal redis.Error
	switch {
	case errors.Is(err, redis.Nil):
		return m.understand(nil)
	case errors.As(err, &refusal):
		return m.failed(refusal)
	case err != nil:
		return Answer{Err: err}
	}
	return m.understand(value)
}

// failed is an error that the server told. It did not carry the command out, unless that is a script: what one wrote
// before it failed stays.
func (m *redisMessage) failed(refusal redis.Error) Answer {
	a := Answer{Result: Refused, Why: refusal.Error(), Words: refusal.Error()}
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
	case m.kind != history.Write:
		return Answer{Result: Acknowledged, Words: words}
	}
	a := Answer{Result: m.wrote(value), Words: words}
	shown := strings.Trim(words, "()")
	switch a.Result {
	case Refused:
		a.Why = fmt.Sprintf("the answer is %s: nothing was written", shown)
	case Unclear:
		a.Why = fmt.Sprintf("the answer is %s, which does not say whether anything was written", shown)
	default:
	}
	return a
}

// onCondition are commands that write only on a condition, and answer 0 or less where it does not hold.
var onCondition = []string{
	"COPY", "HSETEX", "HSETNX", "LINSERT", "LPUSHX", "MSETNX", "RENAMENX", "RPUSHX", "SETNX", "SMOVE",
}

// wrote says what an answer means to a write: Refused where it says that nothing was written, Unclear where that may
// be.
func (m *redisMessage) wrote(value any) Result {
	number, counts := value.(int64)
	switch {
	case value == nil && m.setsOnCondition():
		return Refused
	case value == nil: // GETSET answers what was there before, a script what it likes
		return Unclear
	case counts && number <= 0 && m.is(onCondition...):
		return Refused
	case counts && number == 0 && m.is("ZADD"):
		return m.addedNone()
	}
	return Acknowledged
}

// addedNone says what it means that a ZADD added no member. Without a condition it set the score of one there was; CH
// has it count those too.
func (m *redisMessage) addedNone() Result {
	switch {
	case m.begins("NX"):
		return Refused
	case !m.begins("XX", "GT", "LT"):
		return Acknowledged
	case m.begins("CH"):
		return Refused
	}
	return Unclear
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

// setsOnCondition says whether the command answers nil only where it writes nothing.
func (m *redisMessage) setsOnCondition() bool {
	switch {
	case m.is("SET"):
		return (m.has("NX") || m.has("XX")) && !m.has("GET")
	case m.is("XADD"):
		return m.begins("NOMKSTREAM")
	}
	return m.is("ZADD") && m.begins("INCR")
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

// leading are the options of ZADD and XADD that come before what they write.
var leading = []string{"CH", "GT", "INCR", "LT", "NOMKSTREAM", "NX", "XX"}

// begins says whether one of these options comes after the key and before what is written, which may be called so too.
func (m *redisMessage) begins(options ...string) bool {
	for _, word := range m.words[min(2, len(m.words)):] {
		word = strings.ToUpper(word)
		if !slices.Contains(leading, word) {
			return false
		}
		if slices.Contains(options, word) {
			return true
		}
	}
	return false
}

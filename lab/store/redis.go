package store

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis speaks to an address on one connection.
func Redis(address string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: address, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true, PoolSize: 1,
		// These are for managed Redis, where the server announces its moves.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// RedisState is what a server says of itself in its replication.
type RedisState struct {
	Role      Role
	Connected bool  // a replica: to its primary
	Offset    int64 // in the stream of commands: what a primary has written, and a replica has received; -1: not said
}

// AskRedis asks a server for its role: "master", offset, replicas of a primary, and "slave", host, port, state, offset
// of a replica.
func AskRedis(ctx context.Context, c *redis.Client) (RedisState, error) {
	answer, err := c.Do(ctx, "ROLE").Slice()
	if err != nil {
		return RedisState{}, fmt.Errorf("ask redis for its role: %w", err)
	}
	at := func(i int) any {
		if i < len(answer) {
			return answer[i]
		}
		return nil
	}
	offset := func(i int) int64 {
		if n, ok := at(i).(int64); ok {
			return n
		}
		return -1
	}
	switch at(0) { // Redis' own words
	case "master":
		return RedisState{Role: Primary, Offset: offset(1)}, nil
	case "slave":
		return RedisState{Role: Replica, Connected: at(3) == "connected", Offset: offset(4)}, nil
	default:
		return RedisState{}, fmt.Errorf("redis says that its role is %v", answer)
	}
}

type redisNode string

func (n redisNode) ask(ctx context.Context) (RedisState, error) {
	c := Redis(string(n))
	defer func() { _ = c.Close() }()
	return AskRedis(ctx, c)
}

// Answers is nil when it is a primary.
func (n redisNode) Answers(ctx context.Context) error {
	is, err := n.ask(ctx)
	if err == nil && is.Role != Primary {
		err = fmt.Errorf("it is a %s", is.Role)
	}
	return err
}

// Role is its own word.
func (n redisNode) Role(ctx context.Context) (Role, error) {
	is, err := n.ask(ctx)
	return is.Role, err
}

// Streams is nil when it is connected to its primary.
func (n redisNode) Streams(ctx context.Context) error {
	is, err := n.ask(ctx)
	if err == nil && (is.Role != Replica || !is.Connected) {
		err = fmt.Errorf("it is a %s, and its primary is connected: %t", is.Role, is.Connected)
	}
	return err
}

package calls

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

const killed = "PutObject before a kill of the node"

// They come last: a store that forgets has nothing after them.
var durability = []Row{
	{
		Call: killed, Promise: "is there after it, if it was acknowledged, also while others were under way",
		Needs: Durable,
		keep: func(ctx context.Context, s *Store) error {
			r, err := s.room(ctx)
			if err != nil {
				return err
			}
			acknowledged, err := r.putThroughKill(ctx)
			if err != nil {
				return err
			}
			g, gctx := errgroup.WithContext(ctx)
			g.SetLimit(8)
			for _, key := range acknowledged {
				g.Go(func() error { return r.holds(gctx, key, "body of "+key) })
			}
			if err := g.Wait(); err != nil {
				return fmt.Errorf("of %d acknowledged: %w", len(acknowledged), err)
			}
			return nil
		},
		lie: func(in any, ask func() (any, error)) (any, error) {
			if put, ok := in.(*s3.PutObjectInput); ok && strings.HasSuffix(*put.Key, "7") {
				return &s3.PutObjectOutput{}, nil
			}
			return ask()
		},
	},
	{
		Call: killed, Promise: "is gone with its bucket: such a node is frozen, not killed, when its region is lost",
		Lacks: Durable,
		keep: func(ctx context.Context, s *Store) error {
			r, err := s.room(ctx)
			if err != nil {
				return err
			}
			if _, err := r.putThroughKill(ctx); err != nil {
				return err
			}
			_, err = r.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &r.name})
			return refused("looking at the bucket", err, "NotFound")
		},
		lie: accepting[s3.HeadBucketInput, s3.HeadBucketOutput](),
	},
}

// putThroughKill puts objects until the node is killed in the midst of them, and says which were acknowledged.
func (r room) putThroughKill(ctx context.Context) (acknowledged []string, err error) {
	var mu sync.Mutex
	var writers sync.WaitGroup
	putting, stop := context.WithCancel(ctx)
	defer stop()
	enough, failed := make(chan struct{}), atomic.Int64{}
	for w := range 8 {
		writers.Go(func() {
			for i := 0; putting.Err() == nil && i < 2_000; i++ {
				key := strconv.Itoa(w) + "/" + strconv.Itoa(i)
				if _, err := r.put(putting, key, "body of "+key); err != nil {
					failed.Add(1)
					return
				}
				mu.Lock()
				if acknowledged = append(acknowledged, key); len(acknowledged) == 100 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	over := make(chan struct{})
	go func() { writers.Wait(); close(over) }()
	select {
	case <-enough:
	case <-over:
		return nil, errors.New("the store failed before it was killed")
	}
	err = r.store.Restart(ctx)
	stop()
	<-over
	if err == nil && failed.Load() == 0 {
		err = errors.New("nothing was under way when the node was killed")
	}
	return acknowledged, err
}

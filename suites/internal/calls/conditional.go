package calls

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

const ifNone = "PutObject with If-None-Match: *"

// exists is what a store says to the second who puts a key for the first time.
var exists = []string{"PreconditionFailed", "ConditionalRequestConflict"}

func onlyNew(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }

var conditional = []Row{
	{
		Call: ifNone, Promise: "is refused where the key exists, which keeps what it has, and not once it is deleted",
		Needs: ConditionalPuts,
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "key", "first", onlyNew); err != nil {
				return err
			}
			_, err := r.put(ctx, "key", "second", onlyNew)
			if err := refused("putting it again", err, exists...); err != nil {
				return err
			}
			if err := r.holds(ctx, "key", "first"); err != nil {
				return err
			}
			if _, err := r.DeleteObject(ctx, &s3.DeleteObjectInput{
				Bucket: &r.name,
				Key:    aws.String("key"),
			}); err != nil {
				return err
			}
			if _, err := r.put(ctx, "key", "third", onlyNew); err != nil {
				return err
			}
			return r.holds(ctx, "key", "third")
		}),
		lie: asking(func(in *s3.PutObjectInput) { in.IfNoneMatch = nil }),
	},
	{
		Call: ifNone + ", by many at once", Promise: "succeeds for exactly one, and what that one wrote is there",
		Needs: ConditionalPuts,
		keep: in(func(ctx context.Context, r room) error {
			for i := range 10 {
				if err := r.race(ctx, "key "+strconv.Itoa(i)); err != nil {
					return err
				}
			}
			return nil
		}),
		lie: asking(func(in *s3.PutObjectInput) { in.IfNoneMatch = nil }),
	},
}

// race has many create the same key at once.
func (r room) race(ctx context.Context, key string) error {
	var won []string
	var mu sync.Mutex
	start := make(chan struct{})
	g, gctx := errgroup.WithContext(ctx)
	for i := range 16 {
		g.Go(func() error {
			<-start
			body := "written by " + strconv.Itoa(i)
			if _, err := r.put(gctx, key, body, onlyNew); err != nil {
				return refused("creating a key beside others", err, exists...)
			}
			mu.Lock()
			defer mu.Unlock()
			won = append(won, body)
			return nil
		})
	}
	close(start)
	if err := g.Wait(); err != nil {
		return err
	}
	if len(won) != 1 {
		return fmt.Errorf("%d were told that they created %s: %s", len(won), key, strings.Join(won, ", "))
	}
	return r.holds(ctx, key, won[0])
}

package replicator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// wait is an object that a rule holds, and until when; zero: until the rules have changed.
type wait struct {
	listed
	until time.Time
}

// admit asks the rules. Listings date objects to the second, so a rule about time needs a look at the object's own
// stamp.
func (c *objectCopier) admit(ctx context.Context, key string, now listed, size int64) error {
	t := thing{store: api.StoreObjects, key: key, written: c.clock.Dated(now.modified), size: size}
	if c.rules.lags(api.StoreObjects, key) {
		head, err := c.from.HeadObject(ctx, &s3.HeadObjectInput{
			Bucket: aws.String(topology.Bucket),
			Key:    aws.String(key),
		})
		switch {
		case err == nil:
			t.written = c.clock.Dated(time.Unix(0, objectVersion(head.Metadata, now.modified, c.source).stamp))
		case !store.HasCode(err, "NotFound", "NoSuchKey"): // deleted since it was listed: the copy will find out
			return sourceError{fmt.Errorf("look at object %s in %s: %w", key, c.source, err)}
		}
	}
	return c.rules.admit(t, time.Now())
}

func (c *objectCopier) dealtWith(key string) listed {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[key]
}

// letGo has all that waits tried again under the rules as they are now.
func (c *objectCopier) letGo(rules <-chan struct{}) {
	if rules == c.under {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, w := range c.waits {
		w.until = time.Now()
		c.waits[key] = w
	}
	c.under = rules
}

// freed is when a rule let go of an object; zero if none held it.
func (c *objectCopier) freed(key string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waits[key].until
}

// forget drops what no rule holds any more and no pass that began after that has found.
func (c *objectCopier) forget(began time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.waits, func(_ string, w wait) bool { return !w.until.IsZero() && w.until.Before(began) })
}

// waiting says whether an object waits because of a rule and is not to be tried yet.
func (c *objectCopier) waiting(key string, now listed) (onHold, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.waits[key]
	return onHold{until: w.until}, ok && w.listed == now && (w.until.IsZero() || time.Now().Before(w.until))
}

// beforeWaiting is a key, not after the given one, that comes before every object that a rule holds.
func (c *objectCopier) beforeWaiting(after string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.waits {
		if key <= after {
			after = key[:len(key)-1]
		}
	}
	return after
}

// remember notes how the work on an object ended: it was dealt with, it waits, or it has to be tried again.
func (c *objectCopier) remember(key string, l listed, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var h onHold
	switch {
	case err == nil:
		c.seen[key] = l
		delete(c.waits, key)
	case errors.As(err, &h):
		c.waits[key] = wait{listed: l, until: h.until}
	}
}

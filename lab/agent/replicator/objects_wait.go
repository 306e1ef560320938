package replicator

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// readyAgain is how soon it is asked again whether what an object needs is there.
const readyAgain = 50 * time.Millisecond

// sight is when an object was first seen as it is.
type sight struct {
	listed
	at time.Time
}

// awaitOthers holds an object until all is copied that was there when it was first seen: it may name that.
func (c *objectCopier) awaitOthers(key string, now listed) error {
	if c.isReady == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	first, is := c.first[key]
	if !is || first.listed != now {
		first = sight{now, time.Now()}
		c.first[key] = first
	}
	if !c.isReady(first.at) {
		return onHold{until: time.Now().Add(readyAgain)}
	}
	delete(c.first, key)
	return nil
}

func (w *waiting) add(o types.Object) {
	w.things++
	w.bytes += aws.ToInt64(o.Size)
}

// left is what waits: what was held, and what of the fresh was not dealt with.
func (c *objectCopier) left(held waiting, fresh []types.Object) *waiting {
	for _, o := range fresh {
		if c.dealtWith(aws.ToString(o.Key)) != asListed(o) {
			held.add(o)
		}
	}
	return &held
}

// peek counts what waits, and copies nothing. What the target has already does not wait.
func (c *objectCopier) peek(ctx context.Context) (copyPass, error) {
	var all []types.Object
	err := c.keys.each(ctx, c.from, "", func(o types.Object) { all = append(all, o) })
	if err != nil {
		return copyPass{}, sourceError{err}
	}
	if !c.begun {
		tags := map[string]string{}
		err := c.keys.each(ctx, c.to, "",
			func(o types.Object) { tags[aws.ToString(o.Key)] = aws.ToString(o.ETag) })
		if err != nil {
			return copyPass{}, err
		}
		for _, o := range all {
			if tags[aws.ToString(o.Key)] == aws.ToString(o.ETag) {
				c.remember(aws.ToString(o.Key), asListed(o), nil)
			}
		}
	}
	return copyPass{waits: c.left(waiting{}, all)}, nil
}

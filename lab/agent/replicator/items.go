package replicator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// The table topology.ItemsTable as the app makes it: the key id, and an index over all items in the order of their
// stamps, with all attributes projected. Every item has the attributes stamp (a number), origin and shard, which is
// always the same.
const (
	itemKey      = "id"
	stampIndex   = "by_stamp"
	shardKey     = "shard"
	shardOfItems = "all"
)

// How far a pass looks back behind the newest stamp it has seen: stamps are taken before the write, by writers that run
// side by side, so items appear out of order. Usually by milliseconds; a write that was stuck behind another store may
// be as late as its writer's deadline, and for that a deep pass, now and then, looks back further than any deadline of
// the lab.
const (
	itemOverlap     = 2 * time.Second
	itemOverlapDeep = 30 * time.Second
	itemDeepEvery   = 5 * time.Second
)

// itemsAtOnce keeps one answer of a store short: a slow store is then late with each, not with all, and what was read
// before it is not read again.
const itemsAtOnce = 500

// itemCopier copies the items of one region to another, pass by pass. First it compares both regions in full, however
// many passes that takes; after that it asks the source only for what was stamped lately. Deleted items are not deleted
// in the target. A pass must end before the next begins.
type itemCopier struct {
	from, to       *dynamodb.Client
	source, target string // the regions
	rules          *rules

	holds map[string]time.Time // by id: until when a rule held it, as far as is known

	loaded    bool // all that the target had is in known
	loadedTo  int64
	compared  bool  // all that the source had was compared with it
	watermark int64 // the newest stamp up to which the source was copied
	deep      time.Time

	clock   *runtime.Clock
	steps   int           // of the clock, that are taken into account
	stepped time.Time     // when the last of them was
	deeper  time.Duration // how much further a deep pass looks back for them

	mu    sync.Mutex
	known map[string]version // by id: a version that the target has, or had when a newer one replaced it
}

func newItemCopier(from, to api.Stores, r *rules) *itemCopier {
	c := &itemCopier{
		from: store.LinkedItems(from.DynamoDB), to: store.LinkedItems(to.DynamoDB),
		source: from.Region, target: to.Region,
		rules: r, clock: runtime.NewClock(),
	}
	c.reset()
	return c
}

// reset has the next pass begin from nothing.
func (c *itemCopier) reset() {
	c.loaded, c.loadedTo, c.compared, c.watermark = false, -1, false, -1
	c.known = map[string]version{}
	c.holds = map[string]time.Time{}
}

// pass asks the source once for what may be new and copies it.
func (c *itemCopier) pass(ctx context.Context) (copyPass, error) {
	if err := c.load(ctx); err != nil {
		return copyPass{}, err
	}
	began := time.Now()
	c.follow(began)
	deep := began.Sub(c.deep) >= itemDeepEvery
	crew, crewCtx := newCrew(ctx)
	newest := c.watermark
	reading := eachItem(crewCtx, c.from, c.after(deep), func(item map[string]types.AttributeValue) {
		id, v := itemVersion(item)
		newest = max(newest, v.stamp)
		if !c.wanted(id, v) {
			return
		}
		var h onHold
		t := thing{
			store: api.StoreItems, key: id, written: c.clock.Dated(time.Unix(0, v.stamp)),
			size: store.ItemSize(item),
		}
		if errors.As(c.rules.admit(t, time.Now()), &h) {
			c.holds[id] = latest(time.Now(), h.until)
			crew.hold(t.written, h)
			return
		}
		since := latest(t.written, c.holds[id])
		crew.do(crewCtx, t.written, func(ctx context.Context) (result, error) {
			copied, err := c.put(ctx, item, id, v)
			return result{copied: copied, since: since}, err
		})
	})
	pass, err := crew.wait()
	c.advance(newest, began, pass.pending)
	pass.watermark = c.watermark
	switch {
	// the target lost its table, or has none yet, as where no app has ever run
	case store.HasCode(err, "ResourceNotFoundException"):
		c.reset()
		return pass, errors.Join(err, c.makeTable(ctx))
	case err != nil:
		return pass, err
	case reading != nil:
		return pass, sourceError{fmt.Errorf("read items of %s: %w", c.source, reading)}
	}
	c.compared, pass.whole = true, true // the index tells what is new
	if deep {
		c.deep = began
		c.prune()
	}
	return pass, nil
}

// advance moves the watermark to the newest stamp that was read, short of the oldest that could not be copied. Items
// are read in the order of their stamps, so this holds also for a pass that broke off.
func (c *itemCopier) advance(newest int64, began, pending time.Time) {
	// A stamp from a clock that is ahead must not hide the items that others stamp until then.
	newest = min(newest, began.UnixNano())
	if !pending.IsZero() {
		newest = min(newest, pending.UnixNano()-1)
	}
	c.watermark = max(c.watermark, newest)
}

// follow takes steps of the wall clock, which stamps are of, into account. When it was stepped back, new stamps are
// older than the newest one that was seen; when it was stepped on, those of writes that are still under way are. A
// write that is not copied for that would count as lost.
func (c *itemCopier) follow(now time.Time) {
	for _, step := range c.clock.Steps(c.steps) {
		c.steps++
		c.watermark = max(-1, c.watermark+int64(min(0, step)))
		c.deeper += step.Abs()
		c.stepped, c.deep = now, time.Time{} // this pass is a deep one
	}
	if now.Sub(c.stepped) > itemOverlapDeep+itemDeepEvery { // whatever was under way has ended
		c.deeper = 0
	}
}

// after is the stamp after which the source is asked for items.
func (c *itemCopier) after(deep bool) int64 {
	switch {
	case !c.compared:
		return c.watermark - 1 // several items may have the stamp at which the reading broke off
	case deep:
		return c.watermark - int64(itemOverlapDeep+c.deeper)
	default:
		return c.watermark - int64(itemOverlap)
	}
}

// wanted says whether the target may lack that version. Items that come from the target itself are on their way back;
// only the comparison, which knows all that the target has, returns those that it lost.
func (c *itemCopier) wanted(id string, v version) bool {
	if c.compared && v.origin == c.target {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	have, ok := c.known[id]
	return !ok || v.newerThan(have)
}

// load finds out what the target has, so that a restarted replicator does not put everything once more.
func (c *itemCopier) load(ctx context.Context) error {
	if c.loaded {
		return nil
	}
	err := eachItem(ctx, c.to, c.loadedTo-1, func(item map[string]types.AttributeValue) {
		id, v := itemVersion(item)
		c.known[id], c.loadedTo = v, v.stamp
	})
	if err != nil {
		return fmt.Errorf("read items of %s: %w", c.target, err)
	}
	c.loaded = true
	return nil
}

// put brings one item to the target, where the store decides whether it is newer: other writers may be at the same
// item.
func (c *itemCopier) put(ctx context.Context, item map[string]types.AttributeValue, id string,
	v version,
) (bool, error) {
	_, err := c.to.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(topology.ItemsTable),
		Item:      item,
		ConditionExpression: aws.String(
			"attribute_not_exists(#id) OR #stamp < :stamp OR (#stamp = :stamp AND #origin < :origin)"),
		ExpressionAttributeNames: map[string]string{"#id": itemKey, "#stamp": stampKey, "#origin": originKey},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":stamp":  &types.AttributeValueMemberN{Value: strconv.FormatInt(v.stamp, 10)},
			":origin": &types.AttributeValueMemberS{Value: v.origin},
		},
	})
	kept := store.HasCode(err, "ConditionalCheckFailedException")
	if err != nil && !kept {
		return false, fmt.Errorf("put item %s in %s: %w", id, c.target, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[id] = v
	return !kept, nil
}

// prune forgets what no later pass asks about.
func (c *itemCopier) prune() {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.known,
		func(_ string, v version) bool { return v.stamp < c.watermark-int64(itemOverlapDeep+c.deeper) })
	maps.DeleteFunc(c.holds, func(id string, until time.Time) bool { return until.Before(c.deep.Add(-itemDeepEvery)) })
}

// eachItem calls each with every item stamped after a time, oldest first. A table that does not exist has no items.
func eachItem(ctx context.Context, client *dynamodb.Client, after int64,
	each func(map[string]types.AttributeValue),
) error {
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName:                aws.String(topology.ItemsTable),
		IndexName:                aws.String(stampIndex),
		Limit:                    aws.Int32(itemsAtOnce),
		KeyConditionExpression:   aws.String("#shard = :shard AND #stamp > :after"),
		ExpressionAttributeNames: map[string]string{"#shard": shardKey, "#stamp": stampKey},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":shard": &types.AttributeValueMemberS{Value: shardOfItems},
			":after": &types.AttributeValueMemberN{Value: strconv.FormatInt(after, 10)},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if store.HasCode(err, "ResourceNotFoundException") {
			return nil
		}
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			each(item)
		}
	}
	return nil
}

// itemVersion reads an item's key and version. The index holds only items whose stamp is a number; one that is not a
// whole number of nanoseconds counts as the oldest.
func itemVersion(item map[string]types.AttributeValue) (id string, v version) {
	if s, ok := item[itemKey].(*types.AttributeValueMemberS); ok {
		id = s.Value
	}
	if n, ok := item[stampKey].(*types.AttributeValueMemberN); ok {
		if stamp, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			v.stamp = stamp
		}
	}
	if s, ok := item[originKey].(*types.AttributeValueMemberS); ok {
		v.origin = s.Value
	}
	return id, v
}

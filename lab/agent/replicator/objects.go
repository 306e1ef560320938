package replicator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// objectCopier copies the objects of one region to another, pass by pass. Objects that are deleted are deleted in the
// target where the buckets keep versions, so that they can be brought back, and nowhere else. The first pass lists both
// regions; the ones after it list of the source what may be new, and look at the target only for that. A pass must end
// before the next begins.
type objectCopier struct {
	from, to       *s3.Client
	source, target string // the regions

	keys     keyRange // that it copies
	versions bool     // the buckets keep them
	// isReady says whether what an object needs was copied that was there at a time; nil: it needs nothing.
	isReady func(at time.Time) bool

	rules    *rules
	clock    *runtime.Clock
	underWay underWay

	begun   bool      // both regions were listed
	marking time.Time // when the source's deletions are to be listed next
	horizon horizon
	there   contents            // of the target, as far as this pass has listed it
	deleted map[string]deletion // in the target, as the first pass found it; later ones know what they have copied

	mu    sync.Mutex
	seen  map[string]listed // by key: what the source listed when the object was dealt with
	waits map[string]wait   // by key: those that a rule holds
	under <-chan struct{}   // the rules by which they wait
	first map[string]sight  // by key: of those that need something, when they were seen first
}

// contents are the tags of a store's contents by key, of all keys after one. Nil tags: nobody has looked.
type contents struct {
	after string
	tags  map[string]string
}

// tell says what is under a key; sure is whether the listing covers it.
func (c contents) tell(key string) (tag string, is, sure bool) {
	tag, is = c.tags[key]
	return tag, is, c.tags != nil && key > c.after
}

// listed is how a listing tells that an object has changed. Stores date objects to the second, so the content's tag is
// needed.
type listed struct {
	etag     string
	modified time.Time
}

func newObjectCopier(from, to api.Stores, r *rules) *objectCopier {
	return &objectCopier{
		from: store.LinkedObjects(from.S3), to: store.LinkedObjects(to.S3),
		source: from.Region, target: to.Region,
		rules: r, clock: runtime.NewClock(),
		seen: map[string]listed{}, waits: map[string]wait{}, first: map[string]sight{},
	}
}

// pass lists what may be new in the source and copies what is.
func (c *objectCopier) pass(ctx context.Context) (copyPass, error) {
	c.letGo(c.rules.change())
	c.clock.Look()
	after, expected := "", ""
	if c.begun {
		after, expected = c.horizon.next(time.Now())
		after = c.beforeWaiting(after)
	}
	crew, crewCtx := newCrew(ctx)
	var fresh []types.Object
	var held waiting
	last, began := "", time.Now()
	listing := c.keys.each(ctx, c.from, after, func(o types.Object) {
		last = aws.ToString(o.Key)
		now := asListed(o)
		if c.dealtWith(last) == now {
			return
		}
		if h, waits := c.waiting(last, now); waits {
			crew.hold(c.clock.Dated(now.modified), h)
			held.add(o)
			return
		}
		fresh = append(fresh, o)
	})
	took := time.Since(began)
	looking := c.look(ctx, fresh, expected)
	if looking == nil {
		for _, o := range fresh {
			key, now := aws.ToString(o.Key), asListed(o)
			crew.do(crewCtx, c.clock.Dated(now.modified), func(ctx context.Context) (result, error) {
				r, err := c.copy(ctx, key, now, aws.ToInt64(o.Size))
				r.since = latest(r.since, c.freed(key))
				c.remember(key, now, err)
				return r, err
			})
		}
	}
	var marking error
	if c.versions && listing == nil && !time.Now().Before(c.marking) {
		marking = c.passDeletions(crewCtx, crew, fresh)
	}
	pass, err := crew.wait()
	pass.waits = c.left(held, fresh)
	switch {
	// the target lost its bucket, or has none yet, as where no app has ever run: begin again
	case store.HasCode(err, "NoSuchBucket"):
		c.begun, c.horizon = false, horizon{}
		clear(c.seen)
		return pass, errors.Join(err, store.MakeBucket(ctx, c.to, topology.Bucket, c.target))
	case err != nil: // it says more than a listing that was ended because of it
		c.horizon = horizon{} // what failed may be anywhere
		return pass, err
	case listing != nil:
		return pass, sourceError{fmt.Errorf("list objects of %s: %w", c.source, listing)}
	case marking != nil:
		return pass, sourceError{fmt.Errorf("list versions of %s: %w", c.source, marking)}
	case looking != nil:
		return pass, fmt.Errorf("list objects of %s: %w", c.target, looking)
	}
	c.begun, pass.whole = true, after == ""
	c.horizon.saw(began, took, after, last)
	c.forget(began)
	return pass, nil
}

// look finds out what the target has of what is new in the source. Several objects are looked up by one listing where
// they are next to each other; otherwise each is, when it is copied.
func (c *objectCopier) look(ctx context.Context, fresh []types.Object, expected string) error {
	c.there, c.deleted = contents{}, nil
	switch {
	case !c.begun && c.versions:
		var err error
		if c.deleted, err = c.keys.deletions(ctx, c.to); err != nil {
			return err
		}
	case !c.begun:
	case expected == "" || len(fresh) < 2 || aws.ToString(fresh[0].Key) <= expected:
		return nil
	default:
		c.there.after = expected
	}
	c.there.tags = map[string]string{}
	return c.keys.each(ctx, c.to, c.there.after,
		func(o types.Object) { c.there.tags[aws.ToString(o.Key)] = aws.ToString(o.ETag) })
}

func asListed(o types.Object) listed {
	return listed{etag: aws.ToString(o.ETag), modified: aws.ToTime(o.LastModified)}
}

// copy brings one object to the target unless what is there is the same or newer. The error is onHold while the rules
// do not let it.
func (c *objectCopier) copy(ctx context.Context, key string, now listed, size int64) (r result, err error) {
	tag, is, sure := c.there.tell(key)
	if is && tag == now.etag {
		return r, nil // the same content; mostly the target's own object, coming back from the region it went to
	}
	var there *s3.HeadObjectOutput // stays nil where the listing knows that there is none
	if is || !sure {
		if there, err = c.head(ctx, key); err != nil {
			return r, err
		}
	}
	if there != nil && aws.ToString(there.ETag) == now.etag {
		return r, nil
	}
	if err := c.awaitOthers(key, now); err != nil {
		return r, err
	}
	if err := c.admit(ctx, key, now, size); err != nil {
		return r, err
	}
	if there == nil { // what comes back from where it went is not waited for
		defer c.underWay.enter(latest(c.clock.Dated(now.modified), c.freed(key)))()
	}
	object, body, err := c.get(ctx, key)
	if store.HasCode(err, "NoSuchKey") {
		return r, nil // deleted since it was listed
	}
	if err != nil {
		return r, err
	}
	r, err = c.put(ctx, key, object, body, there)
	if !store.HasCode(err, "PreconditionFailed", "ConditionalRequestConflict") {
		return r, err
	}
	// Somebody wrote that key for the first time, after it was looked for.
	if there, err = c.head(ctx, key); err != nil {
		return r, err
	}
	return c.put(ctx, key, object, body, there)
}

// put writes a source's object if it is newer than the one there, which is nil for none.
//
// Another writer may come after the look at what is there. For a new key the store decides (If-None-Match); for one
// that exists no store of the lab can, so an older version can overwrite one that was written within those
// milliseconds.
func (c *objectCopier) put(ctx context.Context, key string, object *s3.GetObjectOutput, body []byte,
	there *s3.HeadObjectOutput,
) (result, error) {
	offered := objectVersion(object.Metadata, aws.ToTime(object.LastModified), c.source)
	put := &s3.PutObjectInput{
		Bucket: aws.String(topology.Bucket), Key: aws.String(key), Body: bytes.NewReader(body),
		ContentType: object.ContentType, Metadata: stamped(object.Metadata, offered),
	}
	if there == nil {
		put.IfNoneMatch = aws.String("*")
		if stays, err := c.stays(ctx, key, offered); stays || err != nil {
			return result{}, err
		}
	}
	var conflict bool
	if there != nil {
		has := objectVersion(there.Metadata, aws.ToTime(there.LastModified), c.target)
		conflict = has.origin != offered.origin // another writer's, and the content is another too
		if !offered.newerThan(has) {
			return result{conflict: conflict}, nil
		}
	}
	if _, err := c.to.PutObject(ctx, put); err != nil {
		return result{}, fmt.Errorf("put object %s in %s: %w", key, c.target, err)
	}
	return result{
		copied: true, conflict: conflict, bytes: int64(len(body)),
		since: c.clock.Dated(time.Unix(0, offered.stamp)),
	}, nil
}

// head looks at an object of the target; nil if there is none.
func (c *objectCopier) head(ctx context.Context, key string) (*s3.HeadObjectOutput, error) {
	head, err := c.to.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(key)})
	if store.HasCode(err, "NotFound", "NoSuchKey", "NoSuchBucket") {
		return nil, nil //nolint:nilnil // no object is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("look at object %s in %s: %w", key, c.target, err)
	}
	return head, nil
}

func (c *objectCopier) get(ctx context.Context, key string) (*s3.GetObjectOutput, []byte, error) {
	object, err := c.from.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(key)})
	if err != nil {
		return nil, nil, sourceError{fmt.Errorf("get object %s of %s: %w", key, c.source, err)}
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, nil, sourceError{fmt.Errorf("read object %s of %s: %w", key, c.source, err)}
	}
	return object, body, nil
}

// stamped is the metadata with the version in it: a copy must carry its origin's, or it would look like a write of the
// target.
func stamped(metadata map[string]string, v version) map[string]string {
	with := maps.Clone(metadata)
	if with == nil {
		with = map[string]string{}
	}
	with[stampKey], with[originKey] = strconv.FormatInt(v.stamp, 10), v.origin
	return with
}

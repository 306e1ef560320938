package replicator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// deletion is the marker that a bucket with versions keeps in place of an object that was deleted.
type deletion struct {
	key, id string
	at      time.Time // to the second, as stores date it
	of      string    // the version that was deleted
}

// The digits of a ULID, and what its first part has: the milliseconds since 1970. (github.com/ulid/spec)
const (
	ulidDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ulidLength = 26
	ulidStamp  = 10
)

// markedAt is when a marker was left. versitygw dates one by the object that it hides, and says when it was left in its
// id, which is a ULID. S3's own ids are longer, and say nothing.
func markedAt(id string, dated time.Time) time.Time {
	if len(id) != ulidLength {
		return dated
	}
	var ms int64
	for i, digit := range id {
		value := strings.IndexRune(ulidDigits, digit)
		if value < 0 {
			return dated
		}
		if i < ulidStamp {
			ms = ms<<5 | int64(value)
		}
	}
	return time.UnixMilli(ms)
}

// asListed tells it from whatever else is listed under the key.
func (d deletion) asListed() listed { return listed{etag: "deleted, " + d.id, modified: d.at} }

// deletions are those of a store in the range, by key.
func (k keyRange) deletions(ctx context.Context, client *s3.Client) (map[string]deletion, error) {
	byKey, err := listVersions(ctx, client, k.prefix)
	all := map[string]deletion{}
	for key, kept := range byKey {
		if kept.deleted != nil && k.has(key) {
			d := *kept.deleted
			d.of = kept.ids[0]
			all[key] = d
		}
	}
	return all, err
}

// version is that of what was deleted. Of one that is gone as well nobody knows any more: the zero version.
func (d deletion) version(ctx context.Context, client *s3.Client, region string) (version, error) {
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: aws.String(topology.Bucket), Key: aws.String(d.key), VersionId: aws.String(d.of),
	})
	if store.HasCode(err, "NotFound", "NoSuchKey", "NoSuchVersion") {
		return version{}, nil
	}
	if err != nil {
		return version{}, fmt.Errorf("look at version %s of %s in %s: %w", d.of, d.key, region, err)
	}
	return objectVersion(head.Metadata, aws.ToTime(head.LastModified), region), nil
}

// stays says whether an object that the target has not was deleted there, and is not to come back: a replicator that
// was started again knows of nothing that it has copied before.
func (c *objectCopier) stays(ctx context.Context, key string, offered version) (bool, error) {
	d, was := c.deleted[key]
	if !was {
		return false, nil
	}
	deleted, err := d.version(ctx, c.to, c.target)
	return !offered.newerThan(deleted), err
}

// markAgain is how soon deletions are listed again, at the least. A listing of all versions costs the store most.
const markAgain = time.Second

// passDeletions has a crew delete in the target what was deleted in the source. What is fresh is just being copied, and
// is looked at when that is over: it was deleted since it was listed.
func (c *objectCopier) passDeletions(ctx context.Context, crew *crew, fresh []types.Object) error {
	began := time.Now()
	all, err := c.keys.deletions(ctx, c.from)
	if took := time.Since(began); err == nil {
		c.marking = began.Add(min(wholeAtMost, max(markAgain, wholeShare*took)))
	}
	for _, o := range fresh {
		delete(all, aws.ToString(o.Key))
	}
	for _, d := range all {
		now := d.asListed()
		if c.dealtWith(d.key) == now {
			continue
		}
		if h, waits := c.waiting(d.key, now); waits {
			crew.hold(c.clock.Dated(d.at), h)
			continue
		}
		crew.do(ctx, c.clock.Dated(d.at), func(ctx context.Context) (result, error) {
			r, err := c.delete(ctx, d)
			c.remember(d.key, now, err)
			return r, err
		})
	}
	return err
}

// delete deletes an object of the target that was deleted in the source, unless somebody has written it anew. The
// target's bucket keeps a marker too. The error is onHold while the rules do not let it.
//
// Which was later, the deletion or the write, is told by what was deleted: a marker's own time is too coarse. Only of a
// version that the source never had it has to decide.
func (c *objectCopier) delete(ctx context.Context, d deletion) (r result, err error) {
	there, err := c.head(ctx, d.key)
	if err != nil || there == nil {
		return r, err
	}
	if err := c.admit(ctx, d.key, d.asListed(), 0); err != nil {
		return r, err
	}
	deleted, err := d.version(ctx, c.from, c.source)
	if err != nil {
		return r, sourceError{err}
	}
	has := objectVersion(there.Metadata, aws.ToTime(there.LastModified), c.target)
	if has.newerThan(deleted) && has.stamp > d.at.UnixNano() {
		return result{conflict: has.origin != deleted.origin}, nil
	}
	_, err = c.to.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(d.key)})
	if err != nil {
		return r, fmt.Errorf("delete object %s in %s: %w", d.key, c.target, err)
	}
	return result{copied: true, since: latest(c.clock.Dated(d.at), c.freed(d.key))}, nil
}

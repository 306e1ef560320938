package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/topology"
)

// probeWithin bounds one question to a store.
const probeWithin = 5 * time.Second

// ObjectProbe writes and looks for objects of its own among those of the lab's bucket in one region, as an app would.
type ObjectProbe struct {
	client *s3.Client
	region string
}

// ProbeObjects probes the S3 at an address.
func ProbeObjects(address, region string) ObjectProbe {
	return ObjectProbe{client: Objects(address, region, nil), region: region}
}

// Put writes an object with the metadata that the app gives its own.
func (o ObjectProbe) Put(ctx context.Context, key string, size int) error {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	stamp := strconv.FormatInt(time.Now().UnixNano(), 10)
	_, err := o.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(topology.Bucket), Key: aws.String(key), Body: strings.NewReader(strings.Repeat("x", size)),
		Metadata: map[string]string{"stamp": stamp, "origin": o.region},
	})
	if err != nil {
		return fmt.Errorf("put object in %s: %w", o.region, err)
	}
	return nil
}

// Has looks for an object.
func (o ObjectProbe) Has(ctx context.Context, key string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	_, err := o.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(key)})
	var missing *s3types.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for object in %s: %w", o.region, err)
	}
	return true, nil
}

// Delete removes an object, if it is there.
func (o ObjectProbe) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	_, err := o.client.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: aws.String(topology.Bucket),
		Key:    aws.String(key),
	})
	if err != nil {
		return fmt.Errorf("delete object in %s: %w", o.region, err)
	}
	return nil
}

// Purge deletes all versions of an object, and leaves its markers. It gives how many the store refused to delete, as it
// does under Object Lock.
func (o ObjectProbe) Purge(ctx context.Context, key string) (refused int, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	ids, err := o.versions(ctx, key)
	for _, id := range ids {
		_, err := o.client.DeleteObject(ctx, &s3.DeleteObjectInput{
			Bucket: aws.String(topology.Bucket), Key: aws.String(key), VersionId: aws.String(id),
		})
		switch {
		case HasCode(err, "AccessDenied"):
			refused++
		case err != nil:
			return refused, fmt.Errorf("delete version %s of %s in %s: %w", id, key, o.region, err)
		}
	}
	return refused, err
}

// Versions is how many there are of an object, which may have been deleted. Markers are none.
func (o ObjectProbe) Versions(ctx context.Context, key string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	ids, err := o.versions(ctx, key)
	return len(ids), err
}

func (o ObjectProbe) versions(ctx context.Context, key string) (ids []string, err error) {
	pages := s3.NewListObjectVersionsPaginator(o.client, &s3.ListObjectVersionsInput{
		Bucket: aws.String(topology.Bucket), Prefix: aws.String(key),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list versions of %s in %s: %w", key, o.region, err)
		}
		for _, v := range page.Versions {
			// versitygw repeats an entry at a page's boundary
			if id := aws.ToString(v.VersionId); aws.ToString(v.Key) == key && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// Keys are those that begin so and were written before a time, in their order; the zero time stands for now. Listings
// date to the second, and down.
func (o ObjectProbe) Keys(ctx context.Context, prefix string, before time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(o.client, &s3.ListObjectsV2Input{
		Bucket: aws.String(topology.Bucket),
		Prefix: aws.String(prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list objects in %s: %w", o.region, err)
		}
		for _, object := range page.Contents {
			if before.IsZero() || aws.ToTime(object.LastModified).Before(before) {
				keys = append(keys, aws.ToString(object.Key))
			}
		}
	}
	return keys, nil
}

// Get reads an object; nil: there is none.
func (o ObjectProbe) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	const most = 64 << 20
	data, err := ReadObject(ctx, o.client, key, most)
	if HasCode(err, "NoSuchKey", "NoSuchBucket") {
		return nil, nil
	}
	return data, err
}

// Replace writes an object, with the metadata of the one that is there; without data it removes it.
func (o ObjectProbe) Replace(ctx context.Context, key string, data []byte) error {
	if data == nil {
		return o.Delete(ctx, key)
	}
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	in := &s3.PutObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(key), Body: bytes.NewReader(data)}
	is, err := o.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err == nil {
		in.Metadata, in.ContentType = is.Metadata, is.ContentType
	}
	if _, err := o.client.PutObject(ctx, in); err != nil {
		return fmt.Errorf("replace object in %s: %w", o.region, err)
	}
	return nil
}

// Size adds up what a listing says: it dates by the second, so nothing is left out.
func (o ObjectProbe) Size(ctx context.Context, prefix string, _ time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	var size int64
	pages := s3.NewListObjectsV2Paginator(o.client, &s3.ListObjectsV2Input{
		Bucket: aws.String(topology.Bucket),
		Prefix: aws.String(prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("list objects in %s: %w", o.region, err)
		}
		for _, object := range page.Contents {
			size += aws.ToInt64(object.Size)
		}
	}
	return size, nil
}

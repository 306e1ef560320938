package replicator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// versions keeps every version of the objects of one region, and brings earlier ones back.
type versions struct {
	client *s3.Client
	region string
	locked bool // by Object Lock
	marks  *runtime.Marks
}

// lockedFor is how long Object Lock keeps a version: the least that S3 takes, and longer than any drill.
const lockedFor = 1 // day

// keep has the bucket keep versions, until that is so or ctx ends.
func (v *versions) keep(ctx context.Context) {
	lock := &s3.PutObjectLockConfigurationInput{
		Bucket: aws.String(topology.Bucket), ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{
				Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(lockedFor),
			}},
		},
	}
	for ctx.Err() == nil {
		err := store.MakeBucket(ctx, v.client, topology.Bucket, v.region)
		if err == nil {
			_, err = v.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
				Bucket: aws.String(topology.Bucket),
				VersioningConfiguration: &types.VersioningConfiguration{
					Status: types.BucketVersioningStatusEnabled,
				},
			})
		}
		if err == nil && v.locked {
			_, err = v.client.PutObjectLockConfiguration(ctx, lock)
		}
		if err == nil {
			slog.Info("versions are kept", "region", v.region, "locked", v.locked)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(passRetry):
		}
	}
}

// routes adds POST /versions/restore, with an api.RestoreOrder: it answers an api.Restored when all is back.
func (v *versions) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /versions/restore", func(w http.ResponseWriter, r *http.Request) {
		var order api.RestoreOrder
		err := runtime.ReadJSON(w, r, &order)
		if err == nil && order.Ago < 0 {
			err = fmt.Errorf("restore: ago is %s, want 0 or more", order.Ago)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		began := time.Now()
		done, err := v.restore(r.Context(), order.Prefix, began.Add(-order.Ago).UnixNano())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		v.marks.Leave(api.MarkVersions, fmt.Sprintf("%s: %d of %d objects brought back in %d ms", order.Prefix,
			done.Restored, done.Objects, time.Since(began).Milliseconds()))
		runtime.WriteJSON(w, done)
	})
}

// restore brings back what objects were at a time: the newest version that is not younger, and of an object that is
// younger altogether its first. What was written once since stays as it is, so that nothing is lost by it. What was
// deleted since is brought back too; stores date that to the second, and one that may have been is taken for one.
func (v *versions) restore(ctx context.Context, prefix string, at int64) (api.Restored, error) {
	byKey, err := listVersions(ctx, v.client, prefix)
	if err != nil {
		return api.Restored{}, fmt.Errorf("list versions in %s: %w", v.region, err)
	}
	maps.DeleteFunc(byKey, func(_ string, k *kept) bool {
		return k.deleted != nil && k.deleted.at.Unix() < time.Unix(0, at).Unix() // it was deleted then, too
	})
	done := api.Restored{Objects: len(byKey)}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(store.Calls)
	for key, k := range byKey {
		if len(k.ids) < 2 && k.deleted == nil {
			continue
		}
		group.Go(func() error {
			back, err := v.bringBack(ctx, key, k, at)
			mu.Lock()
			defer mu.Unlock()
			if back {
				done.Restored++
			}
			return err
		})
	}
	return done, group.Wait()
}

// stored is one version of an object.
type stored struct {
	id    string
	stamp int64
}

// bringBack writes the wanted version of an object once more, if it is not the latest.
func (v *versions) bringBack(ctx context.Context, key string, k *kept, at int64) (bool, error) {
	var all []stored
	for _, id := range k.ids {
		head, err := v.client.HeadObject(ctx, &s3.HeadObjectInput{
			Bucket: aws.String(topology.Bucket), Key: aws.String(key), VersionId: aws.String(id),
		})
		if err != nil {
			return false, fmt.Errorf("look at version %s of %s: %w", id, key, err)
		}
		all = append(all, stored{id, objectVersion(head.Metadata, aws.ToTime(head.LastModified), v.region).stamp})
	}
	latest := all[0].id
	slices.SortStableFunc(all, func(a, b stored) int { return cmp.Compare(a.stamp, b.stamp) })
	wanted := all[0]
	for _, s := range all {
		if s.stamp <= at {
			wanted = s
		}
	}
	if wanted.id == latest && k.deleted == nil {
		return false, nil
	}
	object, err := v.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(topology.Bucket), Key: aws.String(key), VersionId: aws.String(wanted.id),
	})
	if err != nil {
		return false, fmt.Errorf("get version %s of %s: %w", wanted.id, key, err)
	}
	body, err := io.ReadAll(object.Body)
	if err = errors.Join(err, object.Body.Close()); err != nil {
		return false, fmt.Errorf("read version %s of %s: %w", wanted.id, key, err)
	}
	_, err = v.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(topology.Bucket), Key: aws.String(key), Body: bytes.NewReader(body),
		ContentType: object.ContentType,
		// a write of its own, which wins against the one that it undoes, wherever that has come to
		Metadata: stamped(object.Metadata, version{stamp: time.Now().UnixNano(), origin: v.region}),
	})
	if err != nil {
		return false, fmt.Errorf("bring back version %s of %s: %w", wanted.id, key, err)
	}
	return true, nil
}

// kept is what a bucket keeps under a key.
type kept struct {
	ids     []string  // of its versions, the latest first
	deleted *deletion // the latest of all is a marker; nil: it is not
}

// listVersions is what a bucket keeps by key, without what faults keep there for themselves. A bucket that does not
// exist keeps nothing.
func listVersions(ctx context.Context, client *s3.Client, prefix string) (map[string]*kept, error) {
	all := map[string]*kept{}
	at := func(key string) *kept {
		if all[key] == nil {
			all[key] = &kept{}
		}
		return all[key]
	}
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{
		Bucket: aws.String(topology.Bucket), Prefix: aws.String(prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if store.HasCode(err, "NoSuchBucket") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, m := range page.DeleteMarkers {
			if key := aws.ToString(m.Key); aws.ToBool(m.IsLatest) {
				id := aws.ToString(m.VersionId)
				at(key).deleted = &deletion{key: key, id: id, at: markedAt(id, aws.ToTime(m.LastModified))}
			}
		}
		for _, o := range page.Versions {
			key, id := aws.ToString(o.Key), aws.ToString(o.VersionId)
			// versitygw repeats an entry at a page's boundary
			if k := at(key); !slices.Contains(k.ids, id) {
				k.ids = append(k.ids, id)
			}
		}
	}
	maps.DeleteFunc(all, func(key string, k *kept) bool { return topology.IsOfFault(key) || len(k.ids) == 0 })
	return all, nil
}

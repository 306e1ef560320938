package replicator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	marks  *runtime.Marks
}

// keep has the bucket keep versions, until that is so or ctx ends.
func (v *versions) keep(ctx context.Context) {
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
		if err == nil {
			slog.Info("versions are kept", "region", v.region)
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
// younger altogether its first. What was written once since stays as it is, so that nothing is lost by it.
func (v *versions) restore(ctx context.Context, prefix string, at int64) (api.Restored, error) {
	byKey, err := v.list(ctx, prefix)
	if err != nil {
		return api.Restored{}, err
	}
	done := api.Restored{Objects: len(byKey)}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(store.Calls)
	for key, ids := range byKey {
		if len(ids) < 2 {
			continue
		}
		group.Go(func() error {
			back, err := v.bringBack(ctx, key, ids, at)
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

// bringBack writes the wanted version of an object once more, if it is not the latest: those have the ids, the latest
// first.
func (v *versions) bringBack(ctx context.Context, key string, ids []string, at int64) (bool, error) {
	var all []stored
	for _, id := range ids {
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
	if wanted.id == latest {
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

// list is the ids of all versions by key, the latest first. Deleted objects stay deleted.
func (v *versions) list(ctx context.Context, prefix string) (map[string][]string, error) {
	all := map[string][]string{}
	deleted := map[string]bool{}
	pages := s3.NewListObjectVersionsPaginator(v.client, &s3.ListObjectVersionsInput{
		Bucket: aws.String(topology.Bucket), Prefix: aws.String(prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list versions in %s: %w", v.region, err)
		}
		for _, m := range page.DeleteMarkers {
			deleted[aws.ToString(m.Key)] = deleted[aws.ToString(m.Key)] || aws.ToBool(m.IsLatest)
		}
		for _, o := range page.Versions {
			key, id := aws.ToString(o.Key), aws.ToString(o.VersionId)
			// versitygw repeats an entry at a page's boundary
			if !topology.IsOfFault(key) && !slices.Contains(all[key], id) {
				all[key] = append(all[key], id)
			}
		}
	}
	for key, is := range deleted {
		if is {
			delete(all, key)
		}
	}
	return all, nil
}

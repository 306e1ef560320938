package calls

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// versioned is a check that gets a bucket of its own, which keeps versions.
func versioned(check func(ctx context.Context, r room) error) func(context.Context, *Store) error {
	return in(func(ctx context.Context, r room) error {
		_, err := r.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket:                  &r.name,
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			return err
		}
		return check(ctx, r)
	})
}

const listVersions = "ListObjectVersions"

var versions = []Row{
	{
		Call:    "PutObject where versions are kept",
		Promise: "leaves the former one to be got by its id, and listed, the latest first", Needs: Versions,
		keep: versioned(func(ctx context.Context, r room) error {
			var ids []string
			for i := range 3 {
				put, err := r.put(ctx, "key", "version "+strconv.Itoa(i))
				if err != nil {
					return err
				}
				ids = append(ids, aws.ToString(put.VersionId))
			}
			for i, id := range ids {
				out, err := r.GetObject(ctx, &s3.GetObjectInput{
					Bucket: &r.name, Key: aws.String("key"),
					VersionId: aws.String(id),
				})
				if err != nil {
					return err
				}
				got, err := text(out.Body)
				if err != nil {
					return err
				}
				if err := same("held by version "+strconv.Itoa(i), []string{got},
					[]string{"version " + strconv.Itoa(i)}); err != nil {
					return err
				}
			}
			listed, _, err := r.versions(ctx, 1000)
			if err != nil {
				return err
			}
			var got []string
			for _, v := range listed {
				got = append(got, v.id)
			}
			slices.Reverse(ids)
			return same("listed", got, ids)
		}),
		lie: doingNothing[s3.PutBucketVersioningInput, s3.PutBucketVersioningOutput](),
	},
	{
		Call:    "DeleteObject where versions are kept",
		Promise: "leaves a marker, and to delete that brings the object back", Needs: Versions,
		keep: versioned(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "key", "body"); err != nil {
				return err
			}
			deleted, err := r.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &r.name, Key: aws.String("key")})
			if err != nil {
				return err
			}
			_, _, err = r.get(ctx, "key")
			if err := refused("getting it", err, "NoSuchKey"); err != nil {
				return err
			}
			listed, _, err := r.versions(ctx, 1000)
			if err != nil {
				return err
			}
			if len(listed) != 2 || !slices.ContainsFunc(listed, func(v version) bool { return v.marker }) {
				return fmt.Errorf("listed %v, want a version and a marker", listed)
			}
			again := &s3.DeleteObjectInput{Bucket: &r.name, Key: aws.String("key"), VersionId: deleted.VersionId}
			if _, err := r.DeleteObject(ctx, again); err != nil {
				return err
			}
			return r.holds(ctx, "key", "body")
		}),
		lie: asking(func(in *s3.DeleteObjectInput) { in.VersionId = nil }),
	},
	{
		Call:    "DeleteObject of a version under Object Lock",
		Promise: "is refused, also below a marker, and the version can be got", Needs: Versions,
		keep: versioned(func(ctx context.Context, r room) error {
			_, err := r.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{
				Bucket: &r.name, ObjectLockConfiguration: &types.ObjectLockConfiguration{
					ObjectLockEnabled: types.ObjectLockEnabledEnabled,
					Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{
						Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(1),
					}},
				},
			})
			if err != nil {
				return err
			}
			put, err := r.put(ctx, "key", "body")
			if err != nil {
				return err
			}
			_, err = r.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &r.name, Key: aws.String("key")})
			if err != nil {
				return err
			}
			locked := &s3.DeleteObjectInput{Bucket: &r.name, Key: aws.String("key"), VersionId: put.VersionId}
			_, err = r.DeleteObject(ctx, locked)
			if err := refused("deleting it", err, "AccessDenied"); err != nil {
				return err
			}
			out, err := r.GetObject(ctx, &s3.GetObjectInput{
				Bucket: &r.name, Key: aws.String("key"), VersionId: put.VersionId,
			})
			if err != nil {
				return err
			}
			got, err := text(out.Body)
			if err != nil {
				return err
			}
			return same("held by the version", []string{got}, []string{"body"})
		}),
		lie: doingNothing[s3.PutObjectLockConfigurationInput, s3.PutObjectLockConfigurationOutput](),
	},
	{
		Call: listVersions + " over pages", Promise: "gives every version, in the order of the keys", Needs: Versions,
		keep: versioned(func(ctx context.Context, r room) error {
			want, err := r.fillVersions(ctx)
			if err != nil {
				return err
			}
			listed, pages, err := r.versions(ctx, 5)
			if err != nil {
				return err
			}
			if pages < 3 {
				return fmt.Errorf("%d pages", pages)
			}
			if !slices.IsSortedFunc(listed, func(a, b version) int { return cmp.Compare(a.key, b.key) }) {
				return fmt.Errorf("listed %v", listed)
			}
			return same("listed, each once", byID(listed), byID(want))
		}),
		lie: answering(func(out *s3.ListObjectVersionsOutput) {
			out.Versions = slices.DeleteFunc(out.Versions,
				func(v types.ObjectVersion) bool { return *v.Key == "key 2" })
		}),
	},
	{
		Call: listVersions + " at the end of a page", Promise: "repeats no version on the next",
		Needs: DistinctVersions,
		keep: versioned(func(ctx context.Context, r room) error {
			listed, want, err := r.overPages(ctx)
			if err != nil {
				return err
			}
			return same("how many are listed", []int{listed}, []int{want})
		}),
		lie: twice,
	},
	{
		Call: listVersions + " at the end of a page", Promise: "may repeat the last version on the next",
		Lacks: DistinctVersions,
		keep: versioned(func(ctx context.Context, r room) error {
			listed, want, err := r.overPages(ctx)
			if err == nil && listed <= want {
				err = fmt.Errorf("%d are listed of %d: it does not any more", listed, want)
			}
			return err
		}),
		lie: answering(func(out *s3.ListObjectVersionsOutput) { out.Versions = out.Versions[1:] }),
	},
}

type version struct {
	key, id string
	marker  bool
}

var twice = answering(func(out *s3.ListObjectVersionsOutput) {
	out.Versions = append(out.Versions[:1:1],
		out.Versions...)
})

// overPages is how many versions are listed by pages of five, and how many there are.
func (r room) overPages(ctx context.Context) (listed, want int, err error) {
	put, err := r.fillVersions(ctx)
	if err != nil {
		return 0, 0, err
	}
	all, _, err := r.versions(ctx, 5)
	return len(all), len(put), err
}

// byID is each version once, in an order of its own.
func byID(all []version) []version {
	sorted := slices.SortedFunc(slices.Values(all), func(a,
		b version,
	) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
	})
	return slices.Compact(sorted)
}

// fillVersions puts three versions of each of six keys.
func (r room) fillVersions(ctx context.Context) (all []version, err error) {
	for key := range 6 {
		for i := range 3 {
			name := "key " + strconv.Itoa(key)
			put, err := r.put(ctx, name, strconv.Itoa(i))
			if err != nil {
				return nil, err
			}
			all = append(all, version{key: name, id: aws.ToString(put.VersionId)})
		}
	}
	return all, nil
}

// versions lists all of a bucket, so many a page.
func (r room) versions(ctx context.Context, most int32) (all []version, count int, err error) {
	pages := s3.NewListObjectVersionsPaginator(r.Client, &s3.ListObjectVersionsInput{
		Bucket:  &r.name,
		MaxKeys: aws.Int32(most),
	})
	for ; pages.HasMorePages(); count++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("list versions: %w", err)
		}
		for _, v := range page.Versions {
			all = append(all, version{key: aws.ToString(v.Key), id: aws.ToString(v.VersionId)})
		}
		for _, m := range page.DeleteMarkers {
			all = append(all, version{key: aws.ToString(m.Key), id: aws.ToString(m.VersionId), marker: true})
		}
	}
	return all, count, nil
}

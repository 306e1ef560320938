package calls

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

var buckets = []Row{
	{
		Call: "ListBuckets", Promise: "names every bucket",
		keep: func(ctx context.Context, s *Store) error {
			var made []string
			for range 3 {
				name, err := s.bucket(ctx)
				if err != nil {
					return err
				}
				made = append(made, name)
			}
			out, err := s.client().ListBuckets(ctx, &s3.ListBucketsInput{})
			if err != nil {
				return err
			}
			for _, name := range made {
				if !slices.ContainsFunc(out.Buckets,
					func(b types.Bucket) bool { return aws.ToString(b.Name) == name }) {
					return fmt.Errorf("%s is missing", name)
				}
			}
			return nil
		},
		lie: answering(func(out *s3.ListBucketsOutput) { out.Buckets = nil }),
	},
	{
		Call: "HeadBucket", Promise: "answers NotFound where there is none, and nothing amiss where there is one",
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &r.name}); err != nil {
				return err
			}
			_, err := r.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("none-" + r.name)})
			return refused("looking at a bucket that is not there", err, "NotFound")
		}),
		lie: accepting[s3.HeadBucketInput, s3.HeadBucketOutput](),
	},
	{
		Call: "CreateBucket", Promise: "takes the region as LocationConstraint, and none in us-east-1",
		keep: func(ctx context.Context, s *Store) error {
			for _, s := range []*Store{s, s.beside()} {
				name := "calls-place-" + unique()
				if _, err := s.client().CreateBucket(ctx, creation(name, s.Region)); err != nil {
					return fmt.Errorf("in %s: %w", s.Region, err)
				}
				if _, err := s.client().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err != nil {
					return fmt.Errorf("in %s: %w", s.Region, err)
				}
			}
			return nil
		},
		lie: doingNothing[s3.CreateBucketInput, s3.CreateBucketOutput](),
	},
	{
		Call: "CreateBucket of one that is there", Promise: "changes nothing, and says no more than that it is there",
		keep: func(ctx context.Context, s *Store) error {
			for _, s := range []*Store{s, s.beside()} {
				r, err := s.room(ctx)
				if err != nil {
					return err
				}
				if _, err := r.put(ctx, "kept", "kept"); err != nil {
					return err
				}
				if _, err := r.CreateBucket(ctx, creation(r.name, s.Region)); err != nil {
					if err := refused("creating it again in "+s.Region, err, isThere...); err != nil {
						return err
					}
				}
				if err := r.holds(ctx, "kept", "kept"); err != nil {
					return err
				}
			}
			return nil
		},
		lie: func(in any, ask func() (any, error)) (any, error) {
			if _, creates := in.(*s3.CreateBucketInput); creates {
				return nil, errors.New("it is broken")
			}
			return ask()
		},
	},
	{
		Call: createRace, Promise: "leaves one bucket, and tells nobody more than that it is there", Needs: BucketRaces,
		keep: func(ctx context.Context, s *Store) error { return s.createAtOnce(ctx, isThere...) },
		lie:  doingNothing[s3.CreateBucketInput, s3.CreateBucketOutput](),
	},
	{
		Call: createRace, Promise: "leaves one bucket, though some may be told InternalError", Lacks: BucketRaces,
		keep: func(ctx context.Context, s *Store) error {
			return s.createAtOnce(ctx, append(isThere, "InternalError")...)
		},
		lie: doingNothing[s3.CreateBucketInput, s3.CreateBucketOutput](),
	},
	{
		Call: "A bucket", Promise: "is in its region, and nobody knows it in another",
		keep: func(ctx context.Context, s *Store) error {
			name, err := s.bucket(ctx)
			if err != nil {
				return err
			}
			_, err = s.beside().client().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
			return refused("looking for it in "+s.Beside.Region, err, "NotFound")
		},
		lie: accepting[s3.HeadBucketInput, s3.HeadBucketOutput](),
	},
	{
		Call:    "Every call on objects, of a bucket that is not there",
		Promise: "answers NoSuchBucket, and HeadObject NotFound",
		keep: in(func(ctx context.Context, r room) error {
			r.name = "none-" + r.name
			_, err := r.put(ctx, "key", "body")
			if err := refused("putting", err, "NoSuchBucket"); err != nil {
				return err
			}
			_, err = r.put(ctx, "key", "body", onlyNew)
			if err := refused("putting what is new", err, "NoSuchBucket"); err != nil {
				return err
			}
			_, _, err = r.get(ctx, "key")
			if err := refused("getting", err, "NoSuchBucket"); err != nil {
				return err
			}
			_, _, err = r.list(ctx)
			if err := refused("listing", err, "NoSuchBucket"); err != nil {
				return err
			}
			_, err = r.head(ctx, "key")
			// which the SDK makes of a 404 without a body
			return refused("looking", err, "NotFound", "NoSuchBucket", "NoSuchKey")
		}),
		lie: accepting[s3.ListObjectsV2Input, s3.ListObjectsV2Output](),
	},
}

const createRace = "CreateBucket by many at once"

// createAtOnce has many create the same bucket, a few times over, who may be told these.
func (s *Store) createAtOnce(ctx context.Context, codes ...string) error {
	for range 5 {
		if err := s.createOneAtOnce(ctx, codes...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) createOneAtOnce(ctx context.Context, codes ...string) error {
	c, name := s.client(), "calls-many-"+unique()
	g, gctx := errgroup.WithContext(ctx)
	for range 16 {
		g.Go(func() error {
			if _, err := c.CreateBucket(gctx, creation(name, s.Region)); err != nil {
				return refused("creating it beside others", err, codes...)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	_, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	return err
}

// isThere are what a store says of a bucket that exists.
var isThere = []string{"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}

package calls

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

const (
	list   = "ListObjectsV2"
	nested = "A key that goes on with a slash where another ends"
)

func ofMost(keys int32) func(*s3.ListObjectsV2Input) {
	return func(in *s3.ListObjectsV2Input) { in.MaxKeys = aws.Int32(keys) }
}

var listing = []Row{
	{
		Call: list, Promise: "gives every key once, in the order of its bytes, also over pages",
		keep: in(func(ctx context.Context, r room) error {
			keys, err := r.fill(ctx, 40)
			if err != nil {
				return err
			}
			listed, sizes, err := r.list(ctx, ofMost(7))
			if err != nil {
				return err
			}
			if len(sizes) < 6 || slices.Max(sizes) > 7 {
				return fmt.Errorf("pages of %v", sizes)
			}
			return same("listed", keysOf(listed), keys)
		}),
		lie: answering(func(out *s3.ListObjectsV2Output) {
			out.Contents = append(out.Contents[:1:1],
				out.Contents...)
		}),
	},
	{
		Call: list + " without MaxKeys", Promise: "gives a thousand keys a page",
		keep: in(func(ctx context.Context, r room) error {
			keys, err := r.fill(ctx, 1003)
			if err != nil {
				return err
			}
			listed, sizes, err := r.list(ctx)
			if err != nil {
				return err
			}
			if len(sizes) != 2 || sizes[0] != 1000 {
				return fmt.Errorf("pages of %v", sizes)
			}
			return same("listed", keysOf(listed), keys)
		}),
		lie: asking(func(in *s3.ListObjectsV2Input) { in.MaxKeys = aws.Int32(999) }),
	},
	{
		Call: list + " with StartAfter", Promise: "begins after a key that exists or does not, also over pages",
		keep: in(func(ctx context.Context, r room) error {
			keys, err := r.fill(ctx, 40)
			if err != nil {
				return err
			}
			for _, after := range []string{keys[0], keys[17], keys[17] + "0", keys[38], keys[39], "", "zzz"} {
				listed, _, err := r.list(ctx, ofMost(7),
					func(in *s3.ListObjectsV2Input) { in.StartAfter = aws.String(after) })
				if err != nil {
					return err
				}
				want := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key <= after })
				if err := same("listed after "+after, keysOf(listed), want); err != nil {
					return err
				}
			}
			return nil
		}),
		lie: asking(func(in *s3.ListObjectsV2Input) { in.StartAfter = nil }),
	},
	{
		Call: list + " with a prefix", Promise: "gives the keys that begin with it, and their sizes",
		keep: in(func(ctx context.Context, r room) error {
			for _, key := range []string{"hot", "hot-1", "hot/1", "hotter/1", "cold/hot/1"} {
				if _, err := r.put(ctx, strings.ReplaceAll(key, "hot/", "hot:/"), key); err != nil {
					return err
				}
			}
			listed, _, err := r.list(ctx, func(in *s3.ListObjectsV2Input) { in.Prefix = aws.String("hot:/") })
			if err != nil {
				return err
			}
			if err := same("listed", keysOf(listed), []string{"hot:/1"}); err != nil {
				return err
			}
			return same("its size", []int64{aws.ToInt64(listed[0].Size)}, []int64{int64(len("hot/1"))})
		}),
		lie: asking(func(in *s3.ListObjectsV2Input) { in.Prefix = aws.String("hot") }),
	},
	{
		Call: list + " of folders and what is named like them", Promise: "is in the order of the whole keys",
		keep: in(func(ctx context.Context, r room) error {
			want := []string{"a!", "a-b", "a.b", "a/b", "a/c/d", "a0", "ab", "b/"}
			for _, key := range want {
				body := key
				if strings.HasSuffix(key, "/") {
					body = ""
				}
				if _, err := r.put(ctx, key, body); err != nil {
					return err
				}
			}
			listed, _, err := r.list(ctx, ofMost(2))
			if err != nil {
				return err
			}
			return same("listed", keysOf(listed), want)
		}),
		lie: answering(func(out *s3.ListObjectsV2Output) {
			out.Contents = slices.DeleteFunc(out.Contents, func(o types.Object) bool { return *o.Key == "a/b" })
		}),
	},
	{
		Call: nested, Promise: "is put beside it", Needs: NestedKeys,
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "a", "short"); err != nil {
				return err
			}
			if _, err := r.put(ctx, "a/b", "long"); err != nil {
				return err
			}
			return errors.Join(r.holds(ctx, "a", "short"), r.holds(ctx, "a/b", "long"))
		}),
		lie: refusing[s3.PutObjectInput]("ObjectParentIsFile"),
	},
	{
		Call: nested, Promise: "is refused with ObjectParentIsFile: keys are names of files", Lacks: NestedKeys,
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "a", "short"); err != nil {
				return err
			}
			_, err := r.put(ctx, "a/b", "long")
			return errors.Join(refused("putting it", err, "ObjectParentIsFile"), r.holds(ctx, "a", "short"))
		}),
		lie: accepting[s3.PutObjectInput, s3.PutObjectOutput](),
	},
}

// fill puts so many objects, and gives their keys in order.
func (r room) fill(ctx context.Context, count int) ([]string, error) {
	keys := make([]string, count)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range keys {
		keys[i] = fmt.Sprintf("documents/%05d", i)
		g.Go(func() error { _, err := r.put(gctx, keys[i], "body"); return err })
	}
	return keys, g.Wait()
}

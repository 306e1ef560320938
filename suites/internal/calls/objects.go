package calls

import (
	"context"
	"crypto/md5" //nolint:gosec // it is what an ETag is made of
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

var objects = []Row{
	{
		Call: "GetObject after PutObject", Promise: "gives the bytes and the content type back: none, few, and 10 MiB",
		keep: in(func(ctx context.Context, r room) error {
			for key, body := range map[string]string{"none": "", "few": "bytes", "many": large(10 << 20)} {
				_, err := r.put(ctx, key, body,
					func(in *s3.PutObjectInput) { in.ContentType = aws.String("text/x-test; charset=utf-8") })
				if err != nil {
					return err
				}
				got, out, err := r.get(ctx, key)
				switch {
				case err != nil:
					return err
				case got != body:
					return fmt.Errorf("%s holds %s, want %s", key, brief(got), brief(body))
				case aws.ToString(out.ContentType) != "text/x-test; charset=utf-8":
					return fmt.Errorf("%s is of content type %q", key, aws.ToString(out.ContentType))
				}
			}
			return nil
		}),
		lie: asking(func(in *s3.PutObjectInput) { in.Body = strings.NewReader("bytes") }),
	},
	{
		Call: "PutObject over an object", Promise: "is read at once by GetObject, HeadObject and ListObjectsV2",
		keep: in(func(ctx context.Context, r room) error {
			for i := range 20 {
				body := "version " + strconv.Itoa(i)
				put, err := r.put(ctx, "key", body)
				if err != nil {
					return err
				}
				if err := r.holds(ctx, "key", body); err != nil {
					return err
				}
				head, err := r.head(ctx, "key")
				if err != nil {
					return err
				}
				listed, _, err := r.list(ctx)
				if err != nil {
					return err
				}
				if len(listed) != 1 || aws.ToString(listed[0].ETag) != aws.ToString(put.ETag) ||
					aws.ToString(head.ETag) != aws.ToString(put.ETag) {
					return fmt.Errorf("after overwrite %d HeadObject or the listing tells of another: %d listed", i,
						len(listed))
				}
			}
			return nil
		}),
		lie: func(in any, ask func() (any, error)) (any, error) {
			if put, ok := in.(*s3.PutObjectInput); ok {
				put.Body = strings.NewReader("always the same")
			}
			return ask()
		},
	},
	{
		Call:    "Metadata",
		Promise: "comes back from GetObject and HeadObject as it was put, and all of it is replaced by the next put",
		keep: in(func(ctx context.Context, r room) error {
			for _, want := range []map[string]string{
				{"stamp": "1764434300123456789", "origin": "us-west-2", "start-lsn": "0/3000028"},
				{"stamp": "1764434300123456790"},
			} {
				if _, err := r.put(ctx, "key", "body", func(in *s3.PutObjectInput) { in.Metadata = want }); err != nil {
					return err
				}
				head, err := r.head(ctx, "key")
				if err != nil {
					return err
				}
				_, got, err := r.get(ctx, "key")
				if err != nil {
					return err
				}
				if !maps.Equal(head.Metadata, want) || !maps.Equal(got.Metadata, want) {
					return fmt.Errorf("GetObject gives %v and HeadObject %v, want %v", got.Metadata, head.Metadata,
						want)
				}
			}
			return nil
		}),
		lie: asking(func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"stamp": "1"} }),
	},
	{
		Call:    "ETag",
		Promise: "of an object put whole is the content's MD5 everywhere, and so the same in every region",
		keep: func(ctx context.Context, s *Store) error {
			sum := md5.Sum([]byte("the content")) //nolint:gosec // as above
			want := `"` + hex.EncodeToString(sum[:]) + `"`
			for _, s := range []*Store{s, s.beside()} {
				r, err := s.room(ctx)
				if err != nil {
					return err
				}
				put, err := r.put(ctx, "key", "the content",
					func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"origin": s.Region} })
				if err != nil {
					return err
				}
				head, err := r.head(ctx, "key")
				if err != nil {
					return err
				}
				listed, _, err := r.list(ctx)
				if err != nil || len(listed) != 1 {
					return errors.Join(err, fmt.Errorf("%d are listed", len(listed)))
				}
				tags := []string{aws.ToString(put.ETag), aws.ToString(head.ETag), aws.ToString(listed[0].ETag)}
				if err := same("ETags in "+s.Region, tags, []string{want, want, want}); err != nil {
					return err
				}
			}
			return nil
		},
		lie: answering(func(out *s3.HeadObjectOutput) { out.ETag = aws.String(`"another"`) }),
	},
	{
		Call:    "LastModified",
		Promise: "is the same in the listing as in HeadObject, to the second, and reading leaves it",
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "key", "body"); err != nil {
				return err
			}
			for range 3 {
				head, err := r.head(ctx, "key")
				if err != nil {
					return err
				}
				listed, _, err := r.list(ctx)
				if err != nil || len(listed) != 1 {
					return errors.Join(err, fmt.Errorf("%d are listed", len(listed)))
				}
				if a, b := aws.ToTime(head.LastModified).Unix(), aws.ToTime(listed[0].LastModified).Unix(); a != b ||
					a < 1e9 {
					return fmt.Errorf("HeadObject says %d, the listing %d", a, b)
				}
			}
			return nil
		}),
		lie: answering(func(out *s3.HeadObjectOutput) { out.LastModified = nil }),
	},
	{
		Call:    "Checksums when supported",
		Promise: "are kept with the object and come back, so that the client can compare",
		keep: in(func(ctx context.Context, r room) error {
			put, err := r.put(ctx, "key", "the content")
			if err != nil {
				return err
			}
			out, err := r.GetObject(ctx, &s3.GetObjectInput{
				Bucket: &r.name, Key: aws.String("key"),
				ChecksumMode: "ENABLED",
			})
			if err != nil {
				return err
			}
			if _, err := text(out.Body); err != nil {
				return err
			}
			const want = "a2edcw==" // CRC32, big-endian, in base 64
			return same("CRC32 of the put and the get", []string{
				aws.ToString(put.ChecksumCRC32),
				aws.ToString(out.ChecksumCRC32),
			}, []string{want, want})
		}),
		lie: answering(func(out *s3.GetObjectOutput) { out.ChecksumCRC32 = nil }),
	},
	{
		Call: "PutObject with a checksum of something else", Promise: "is refused and stores nothing",
		keep: in(func(ctx context.Context, r room) error {
			_, err := r.put(ctx, "key", "the content",
				func(in *s3.PutObjectInput) { in.ChecksumCRC32 = aws.String("AAAAAA==") })
			if err := refused("putting it", err, "BadDigest", "InvalidRequest"); err != nil {
				return err
			}
			_, err = r.head(ctx, "key")
			return refused("looking at it", err, missing...)
		}),
		lie: asking(func(in *s3.PutObjectInput) { in.ChecksumCRC32 = nil }),
	},
	{
		Call: "GetObject and HeadObject of a key that is not there", Promise: "answer NoSuchKey and NotFound",
		keep: in(func(ctx context.Context, r room) error {
			_, _, err := r.get(ctx, "none")
			if err := refused("getting it", err, "NoSuchKey"); err != nil {
				return err
			}
			_, err = r.head(ctx, "none")
			return refused("looking at it", err, missing...)
		}),
		lie: accepting[s3.HeadObjectInput, s3.HeadObjectOutput](),
	},
	{
		Call:    "DeleteObject",
		Promise: "takes the object out of GetObject, HeadObject and the listing, and may be repeated",
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "key", "body"); err != nil {
				return err
			}
			for range 2 {
				if _, err := r.DeleteObject(ctx, &s3.DeleteObjectInput{
					Bucket: &r.name,
					Key:    aws.String("key"),
				}); err != nil {
					return err
				}
				_, _, err := r.get(ctx, "key")
				if err := refused("getting it", err, "NoSuchKey"); err != nil {
					return err
				}
				listed, _, err := r.list(ctx)
				if err != nil {
					return err
				}
				if err := same("listed", keysOf(listed), nil); err != nil {
					return err
				}
			}
			return nil
		}),
		lie: doingNothing[s3.DeleteObjectInput, s3.DeleteObjectOutput](),
	},
	{
		Call: "Keys", Promise: "may hold spaces, signs and letters of any language",
		keep: in(func(ctx context.Context, r room) error {
			for _, key := range odd {
				if _, err := r.put(ctx, key, "body of "+key); err != nil {
					return err
				}
			}
			for _, key := range odd {
				if err := r.holds(ctx, key, "body of "+key); err != nil {
					return err
				}
			}
			listed, _, err := r.list(ctx)
			if err != nil {
				return err
			}
			return same("listed", keysOf(listed), odd)
		}),
		lie: answering(func(out *s3.ListObjectsV2Output) {
			for i := range out.Contents {
				out.Contents[i].Key = aws.String(strings.ReplaceAll(*out.Contents[i].Key, " ", "+"))
			}
		}),
	},
}

// missing are what the SDK makes of a 404 that has no body.
var missing = []string{"NotFound", "NoSuchKey"}

// odd are keys in their order.
var odd = []string{
	"a b+c", "a%20b&c=d?e", "base/20261129T163822.000000001Z.tar.gz", "documents/2:3", "dölf/ключ/鍵",
	"~'(!)*",
}

// large is some text that does not repeat itself within a part.
func large(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strconv.Itoa(i * 7919))
	}
	return b.String()[:size]
}

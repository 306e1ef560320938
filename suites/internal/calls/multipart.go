package calls

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const partSize = 5 << 20 // the least that S3 allows but for the last

var multipart = []Row{
	{
		Call:    "CompleteMultipartUpload",
		Promise: "puts the parts together with the metadata; until then the key has what it had",
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "key", "before"); err != nil {
				return err
			}
			up, err := r.begin(ctx, "key")
			if err != nil {
				return err
			}
			parts := []string{large(partSize), strings.Repeat("y", partSize), "the end"}
			for i, part := range parts {
				if err := up.send(ctx, int32(i)+1, part); err != nil {
					return err
				}
			}
			if err := r.holds(ctx, "key", "before"); err != nil {
				return err
			}
			done, err := r.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
				Bucket: &r.name, Key: aws.String("key"), UploadId: up.id,
				MultipartUpload: &types.CompletedMultipartUpload{Parts: up.sent},
			})
			if err != nil {
				return err
			}
			if tag := aws.ToString(done.ETag); !strings.HasSuffix(tag, `-3"`) {
				return fmt.Errorf("the ETag is %s, of which nobody sees that it is no MD5", tag)
			}
			head, err := r.head(ctx, "key")
			if err != nil {
				return err
			}
			if head.Metadata["stamp"] != "1" {
				return fmt.Errorf("its metadata is %v", head.Metadata)
			}
			return r.holds(ctx, "key", strings.Join(parts, ""))
		}),
		lie: doingNothing[s3.CompleteMultipartUploadInput, s3.CompleteMultipartUploadOutput](),
	},
	{
		Call: "AbortMultipartUpload", Promise: "leaves no object and no upload, and takes no more parts",
		keep: in(func(ctx context.Context, r room) error {
			up, err := r.begin(ctx, "key")
			if err != nil {
				return err
			}
			if err := up.send(ctx, 1, "some"); err != nil {
				return err
			}
			_, err = r.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
				Bucket: &r.name, Key: aws.String("key"),
				UploadId: up.id,
			})
			if err != nil {
				return err
			}
			if err := refused("sending a part", up.send(ctx, 2, "more"), "NoSuchUpload"); err != nil {
				return err
			}
			left, err := r.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &r.name})
			if err != nil {
				return err
			}
			if len(left.Uploads) > 0 {
				return fmt.Errorf("%d uploads are left", len(left.Uploads))
			}
			_, err = r.head(ctx, "key")
			return refused("looking at it", err, missing...)
		}),
		lie: doingNothing[s3.AbortMultipartUploadInput, s3.AbortMultipartUploadOutput](),
	},
}

// upload is one in parts.
type upload struct {
	room
	key  string
	id   *string
	sent []types.CompletedPart
}

func (r room) begin(ctx context.Context, key string) (*upload, error) {
	out, err := r.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		// as the parts are sent with
		Bucket: &r.name, Key: &key, Metadata: map[string]string{"stamp": "1"},
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return nil, fmt.Errorf("begin an upload: %w", err)
	}
	return &upload{room: r, key: key, id: out.UploadId}, nil
}

func (u *upload) send(ctx context.Context, number int32, body string) error {
	out, err := u.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.name, Key: &u.key, UploadId: u.id, PartNumber: &number, Body: strings.NewReader(body),
	})
	if err != nil {
		return fmt.Errorf("send part %d: %w", number, err)
	}
	u.sent = append(u.sent, types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	return nil
}

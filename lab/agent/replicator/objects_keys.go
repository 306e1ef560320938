package replicator

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// keyRange are keys that begin with a prefix, and with none of those of earlier rules: they are copied as those say.
type keyRange struct {
	prefix string
	except []string
}

func (k keyRange) has(key string) bool {
	return !strings.Contains(key, topology.LocalWord) &&
		!slices.ContainsFunc(k.except, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// each calls do with every object of a store that is in the range and comes after a key, in the order of their keys. A
// bucket that does not exist has none.
func (k keyRange) each(ctx context.Context, client *s3.Client, after string, do func(types.Object)) error {
	in := &s3.ListObjectsV2Input{Bucket: aws.String(topology.Bucket)}
	if k.prefix != "" {
		in.Prefix = aws.String(k.prefix)
	}
	if after != "" {
		in.StartAfter = aws.String(after)
	}
	pages := s3.NewListObjectsV2Paginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if store.HasCode(err, "NoSuchBucket") {
			return nil
		}
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			if k.has(aws.ToString(object.Key)) {
				do(object)
			}
		}
	}
	return nil
}

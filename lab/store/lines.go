package store

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/regionfall/regionfall/lab/topology"
)

// Listed is an object as a listing has it.
type Listed struct {
	Key     string
	Version string // changes when the object is written again, as far as a listing tells
}

// ListObjects lists the objects of the lab's bucket whose keys begin so, each once. A bucket that is not there holds
// nothing.
func ListObjects(ctx context.Context, client *s3.Client, prefix string) ([]Listed, error) {
	var all []Listed
	seen := map[string]bool{} // versitygw repeats an entry at a page's boundary
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
		Bucket: aws.String(topology.Bucket), Prefix: aws.String(prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if HasCode(err, "NoSuchBucket") {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list objects: %w", err)
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key)
			if topology.IsOfFault(key) || seen[key] {
				continue
			}
			seen[key] = true
			version := aws.ToString(o.ETag)
			if o.LastModified != nil {
				version = fmt.Sprintf("%s %s", o.LastModified.UTC().Format("15:04:05.000"), version)
			}
			all = append(all, Listed{Key: key, Version: version})
		}
	}
	return all, nil
}

// ReadObject reads an object of the lab's bucket, which has at most so many bytes.
func ReadObject(ctx context.Context, client *s3.Client, key string, most int64) ([]byte, error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(key)})
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	defer func() { _ = out.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(out.Body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read object %s: %w", key, err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("read object %s: it has more than %d bytes", key, most)
	}
	return data, nil
}

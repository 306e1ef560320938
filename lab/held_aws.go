package lab

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/agent/replicator"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// heldAWS is a node of S3, DynamoDB or both.
type heldAWS struct{ heldNode }

var (
	_ fault.Stores = (*heldAWS)(nil)
	_ fault.Shell  = (*heldAWS)(nil)
)

// Store speaks to one of the services that the node provides.
func (n *heldAWS) Store(s topology.Service) (fault.Store, error) {
	tap, err := n.held.Tap(s.Host(n.place.Region))
	if err != nil {
		return nil, err
	}
	if s == topology.ServiceS3 {
		return objects{client: store.Objects(tap, n.place.Region, nil), region: n.place.Region}, nil
	}
	return items{client: store.Items(tap, n.place.Region, nil), region: n.place.Region}, nil
}

// askStoreWithin bounds one question to a store.
const askStoreWithin = 5 * time.Second

// objects are those of the lab's bucket in one region.
type objects struct {
	client *s3.Client
	region string
}

// Put writes an object with the metadata that the app gives its own.
func (o objects) Put(ctx context.Context, key string, size int) error {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
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
func (o objects) Has(ctx context.Context, key string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
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
func (o objects) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
	defer cancel()
	_, err := o.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(key)})
	if err != nil {
		return fmt.Errorf("delete object in %s: %w", o.region, err)
	}
	return nil
}

// Size adds up what a listing says: it dates by the second, so nothing is left out.
func (o objects) Size(ctx context.Context, prefix string, _ time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
	defer cancel()
	var size int64
	pages := s3.NewListObjectsV2Paginator(o.client, &s3.ListObjectsV2Input{Bucket: aws.String(topology.Bucket), Prefix: aws.String(prefix)})
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

// items are those of the lab's table in one region.
type items struct {
	client *dynamodb.Client
	region string
}

// Put writes an item with the attributes that its replication needs.
func (i items) Put(ctx context.Context, key string, size int) error {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
	defer cancel()
	item := map[string]dynamotypes.AttributeValue{
		"id": text(key), "stamp": number(time.Now().UnixNano()), "origin": text(i.region), "shard": text("all"), "padding": text(""),
	}
	item["padding"] = text(strings.Repeat("x", max(1, size-int(replicator.ItemSize(item)))))
	if _, err := i.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(topology.ItemsTable), Item: item}); err != nil {
		return fmt.Errorf("put item in %s: %w", i.region, err)
	}
	return nil
}

func text(s string) dynamotypes.AttributeValue { return &dynamotypes.AttributeValueMemberS{Value: s} }

func number(n int64) dynamotypes.AttributeValue {
	return &dynamotypes.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// Has looks for an item.
func (i items) Has(ctx context.Context, key string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
	defer cancel()
	got, err := i.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(topology.ItemsTable), Key: map[string]dynamotypes.AttributeValue{"id": text(key)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return false, fmt.Errorf("look for item in %s: %w", i.region, err)
	}
	return len(got.Item) > 0, nil
}

// Delete removes an item, if it is there.
func (i items) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
	defer cancel()
	_, err := i.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: aws.String(topology.ItemsTable), Key: map[string]dynamotypes.AttributeValue{"id": text(key)},
	})
	if err != nil {
		return fmt.Errorf("delete item in %s: %w", i.region, err)
	}
	return nil
}

// Size adds up the items that were stamped since: a table is read at length only, and this is asked many times a second.
func (i items) Size(ctx context.Context, prefix string, since time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, askStoreWithin)
	defer cancel()
	var size int64
	pages := dynamodb.NewQueryPaginator(i.client, &dynamodb.QueryInput{
		TableName: aws.String(topology.ItemsTable), IndexName: aws.String("by_stamp"),
		KeyConditionExpression:    aws.String("#shard = :shard AND #stamp > :after"),
		ExpressionAttributeNames:  map[string]string{"#shard": "shard", "#stamp": "stamp"},
		ExpressionAttributeValues: map[string]dynamotypes.AttributeValue{":shard": text("all"), ":after": number(since.UnixNano())},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("query items in %s: %w", i.region, err)
		}
		for _, item := range page.Items {
			if id, ok := item["id"].(*dynamotypes.AttributeValueMemberS); ok && strings.HasPrefix(id.Value, prefix) {
				size += replicator.ItemSize(item)
			}
		}
	}
	return size, nil
}

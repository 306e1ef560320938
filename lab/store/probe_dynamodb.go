package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/regionfall/regionfall/lab/topology"
)

// ItemProbe writes and looks for items of its own among those of the lab's table in one region, as an app would.
type ItemProbe struct {
	client *dynamodb.Client
	region string
}

// ProbeItems probes the DynamoDB at an address.
func ProbeItems(address, region string) ItemProbe {
	return ItemProbe{client: Items(address, region, nil), region: region}
}

// Put writes an item with the attributes that its replication needs.
func (i ItemProbe) Put(ctx context.Context, key string, size int) error {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	item := map[string]types.AttributeValue{
		"id": text(key), "stamp": number(time.Now().UnixNano()), "origin": text(i.region), "shard": text("all"),
		"padding": text(""),
	}
	item["padding"] = text(strings.Repeat("x", max(1, size-int(ItemSize(item)))))
	if _, err := i.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(topology.ItemsTable),
		Item:      item,
	}); err != nil {
		return fmt.Errorf("put item in %s: %w", i.region, err)
	}
	return nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// Has looks for an item.
func (i ItemProbe) Has(ctx context.Context, key string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	got, err := i.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(topology.ItemsTable), Key: map[string]types.AttributeValue{"id": text(key)},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return false, fmt.Errorf("look for item in %s: %w", i.region, err)
	}
	return len(got.Item) > 0, nil
}

// Delete removes an item, if it is there.
func (i ItemProbe) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	_, err := i.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: aws.String(topology.ItemsTable), Key: map[string]types.AttributeValue{"id": text(key)},
	})
	if err != nil {
		return fmt.Errorf("delete item in %s: %w", i.region, err)
	}
	return nil
}

// Size adds up the items that were stamped since: a table is read at length only, and this is asked many times a
// second.
func (i ItemProbe) Size(ctx context.Context, prefix string, since time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	var size int64
	pages := dynamodb.NewQueryPaginator(i.client, &dynamodb.QueryInput{
		TableName: aws.String(topology.ItemsTable), IndexName: aws.String("by_stamp"),
		KeyConditionExpression:   aws.String("#shard = :shard AND #stamp > :after"),
		ExpressionAttributeNames: map[string]string{"#shard": "shard", "#stamp": "stamp"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":shard": text("all"),
			":after": number(since.UnixNano()),
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("query items in %s: %w", i.region, err)
		}
		for _, item := range page.Items {
			if id, ok := item["id"].(*types.AttributeValueMemberS); ok && strings.HasPrefix(id.Value, prefix) {
				size += ItemSize(item)
			}
		}
	}
	return size, nil
}

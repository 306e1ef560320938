package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/regionfall/regionfall/lab/topology"
)

// The readers below are for whoever checks what stores hold: each reads one whole, past the app, and gives the ids in
// it, an id twice if it is there twice. What a fault wrote to see it arrive, and had no time to take away, is none.

// RowIDs runs a query whose rows are ids. The caller owns the connection.
func RowIDs(ctx context.Context, conn *pgx.Conn, query string) ([]string, error) {
	rows, err := conn.Query(ctx, query, pgx.QueryExecModeSimpleProtocol) // values come as text, whatever their type
	if err != nil {
		return nil, fmt.Errorf("list rows: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		values := rows.RawValues()
		if len(values) != 1 {
			return nil, fmt.Errorf("list rows: the query gives %d columns: it has to give one, the id", len(values))
		}
		if values[0] == nil {
			return nil, errors.New("list rows: an id is null")
		}
		ids = append(ids, string(values[0]))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list rows: %w", err)
	}
	return ids, nil
}

// ObjectIDs lists a bucket. Keys have before and after around their ids; others are passed over. A bucket that is not
// there holds nothing.
func ObjectIDs(ctx context.Context, client *s3.Client, bucket, before, after string) ([]string, error) {
	var ids []string
	seen := map[string]bool{} // versitygw repeats an entry at a page's boundary
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket), Prefix: aws.String(before),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			if strings.Contains(err.Error(), "NoSuchBucket") {
				return nil, nil
			}
			return nil, fmt.Errorf("list objects: %w", err)
		}
		for _, o := range page.Contents {
			if id, is := idIn(aws.ToString(o.Key), before, after); is && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// ItemIDs scans a table. The attribute key of each item is its id. A table that is not there holds nothing.
func ItemIDs(ctx context.Context, client *dynamodb.Client, table, key string) ([]string, error) {
	var ids []string
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
		TableName: aws.String(table), ProjectionExpression: aws.String("#id"),
		ExpressionAttributeNames: map[string]string{"#id": key}, // it may be a word of the language
		ConsistentRead:           aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var gone *types.ResourceNotFoundException
		if errors.As(err, &gone) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("scan items: %w", err)
		}
		for _, item := range page.Items {
			id := ""
			switch v := item[key].(type) {
			case *types.AttributeValueMemberS:
				id = v.Value
			case *types.AttributeValueMemberN:
				id = v.Value
			default:
				return nil, fmt.Errorf("scan items: an item has no %s that is a text or a number", key)
			}
			if !topology.IsOfFault(id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// globs are what patterns of Redis understand as something else than itself.
var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// KeyIDs scans the keys of Redis. They have before and after around their ids; others are passed over.
func KeyIDs(ctx context.Context, client *redis.Client, before, after string) ([]string, error) {
	var ids []string
	seen := map[string]bool{} // a scan may give a key twice
	keys := client.Scan(ctx, 0, globs.Replace(before)+"*"+globs.Replace(after), 1000).Iterator()
	for keys.Next(ctx) {
		if id, is := idIn(keys.Val(), before, after); is && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if err := keys.Err(); err != nil {
		return nil, fmt.Errorf("scan keys: %w", err)
	}
	return ids, nil
}

// idIn is the id in a key; false for a key that has another form, or is a probe's.
func idIn(key, before, after string) (id string, is bool) {
	rest, begins := strings.CutPrefix(key, before)
	id, ends := strings.CutSuffix(rest, after)
	return id, begins && ends && !topology.IsOfFault(id)
}

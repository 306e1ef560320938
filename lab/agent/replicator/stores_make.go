package replicator

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// makeTable creates the table of items in a region as it is in the source, which is how a global table gets a replica.
func (c *itemCopier) makeTable(ctx context.Context) error {
	is, err := c.from.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(topology.ItemsTable)})
	if err != nil {
		return sourceError{fmt.Errorf("look at table %s of %s: %w", topology.ItemsTable, c.source, err)}
	}
	create := &dynamodb.CreateTableInput{
		TableName: is.Table.TableName, KeySchema: is.Table.KeySchema,
		AttributeDefinitions: is.Table.AttributeDefinitions,
		BillingMode:          types.BillingModePayPerRequest,
	}
	for _, index := range is.Table.GlobalSecondaryIndexes {
		create.GlobalSecondaryIndexes = append(create.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: index.IndexName, KeySchema: index.KeySchema, Projection: index.Projection,
		})
	}
	if _, err := c.to.CreateTable(ctx, create); err != nil && !store.HasCode(err, "ResourceInUseException") {
		return fmt.Errorf("make table %s in %s: %w", topology.ItemsTable, c.target, err)
	}
	return nil
}

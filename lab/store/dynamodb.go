package store

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/regionfall/regionfall/lab/sdk"
)

// Items speaks DynamoDB to an address; client nil is the SDK's own.
func Items(address, region string, client *http.Client) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: region, BaseEndpoint: aws.String("http://" + address), Credentials: credentials(),
		Retryer: aws.NopRetryer{}, HTTPClient: sdk.Client(client),
	})
}

type itemsNode struct{ address, region string }

// Answers is nil when it lists its tables.
func (n itemsNode) Answers(ctx context.Context) error {
	_, err := Items(n.address, n.region, nil).ListTables(ctx, &dynamodb.ListTablesInput{})
	return err
}

// Role is none.
func (itemsNode) Role(context.Context) (Role, error) { return "", nil }

// ItemSize is how many bytes an item holds, by the names and values of its attributes, as DynamoDB counts.
func ItemSize(item map[string]types.AttributeValue) int64 {
	size := 0
	for name, value := range item {
		size += len(name)
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			size += len(v.Value)
		case *types.AttributeValueMemberN:
			size += len(v.Value)
		case *types.AttributeValueMemberB:
			size += len(v.Value)
		}
	}
	return int64(size)
}

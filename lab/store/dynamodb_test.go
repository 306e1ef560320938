package store

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestItemSize(t *testing.T) {
	got := ItemSize(map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: "four"}, "stamp": &types.AttributeValueMemberN{Value: "123"},
		"body": &types.AttributeValueMemberB{Value: make([]byte, 10)},
	})
	if want := int64(2 + 4 + 5 + 3 + 4 + 10); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
}

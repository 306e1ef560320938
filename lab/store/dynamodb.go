package store

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Items speaks DynamoDB to an address; client nil is the SDK's own.
func Items(address, region string, client *http.Client) *dynamodb.Client {
	o := dynamodb.Options{Region: region, BaseEndpoint: aws.String("http://" + address), Credentials: credentials(), Retryer: aws.NopRetryer{}}
	if client != nil {
		o.HTTPClient = client
	}
	return dynamodb.New(o)
}

package store

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/regionfall/regionfall/lab/topology"
)

// A cut link must be noticed while it matters, not after TCP has given up.
const (
	dialWithin   = 500 * time.Millisecond
	headerWithin = 2 * time.Second
)

// Calls is how many calls an agent makes of a store at once: enough for 40 objects a second over a link of 30 ms each
// way, few enough not to starve the app of the store's one core.
const Calls = 8

// LinkedObjects speaks S3 to an endpoint over a link.
func LinkedObjects(e topology.Endpoint) *s3.Client { return Objects(e.Address, e.Region, overLink()) }

// LinkedItems speaks DynamoDB to an endpoint over a link.
func LinkedItems(e topology.Endpoint) *dynamodb.Client { return Items(e.Address, e.Region, overLink()) }

func overLink() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialWithin}).DialContext,
		ResponseHeaderTimeout: headerWithin,
		MaxIdleConnsPerHost:   Calls + 1,
		IdleConnTimeout:       10 * time.Second,
	}}
}

// HasCode says whether S3 or DynamoDB answered with one of these error codes.
func HasCode(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}

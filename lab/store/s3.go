package store

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/sdk"
	"github.com/regionfall/regionfall/lab/topology"
)

// Objects speaks S3 to an address; client nil is the SDK's own.
func Objects(address, region string, client *http.Client) *s3.Client {
	return s3.New(s3.Options{
		HTTPClient:                 sdk.Client(client),
		Region:                     region,
		BaseEndpoint:               aws.String("http://" + address),
		UsePathStyle:               true,
		Credentials:                credentials(),
		Retryer:                    aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	})
}

// MakeBucket creates a bucket. One that is there is what was wanted: others may be doing the same.
func MakeBucket(ctx context.Context, client *s3.Client, bucket, region string) error {
	create := &s3.CreateBucketInput{Bucket: aws.String(bucket)}
	if region != "us-east-1" { // which is what none means, and may not be named
		create.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(region),
		}
	}
	if _, err := client.CreateBucket(ctx, create); err != nil &&
		!HasCode(err, "BucketAlreadyOwnedByYou", "BucketAlreadyExists") {
		return fmt.Errorf("make bucket %s in %s: %w", bucket, region, err)
	}
	return nil
}

func credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: topology.AccessKey, SecretAccessKey: topology.Secret, Source: "lab"}, nil
	})
}

type objectsNode struct{ address, region string }

// Answers is nil when it lists its buckets.
func (n objectsNode) Answers(ctx context.Context) error {
	_, err := Objects(n.address, n.region, nil).ListBuckets(ctx, &s3.ListBucketsInput{})
	return err
}

// Role is none.
func (objectsNode) Role(context.Context) (Role, error) { return "", nil }

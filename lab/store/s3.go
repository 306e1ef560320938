package store

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/regionfall/regionfall/lab/topology"
)

// Objects speaks S3 to an address; client nil is the SDK's own.
func Objects(address, region string, client *http.Client) *s3.Client {
	o := s3.Options{
		Region:                     region,
		BaseEndpoint:               aws.String("http://" + address),
		UsePathStyle:               true,
		Credentials:                credentials(),
		Retryer:                    aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
	if client != nil {
		o.HTTPClient = client
	}
	return s3.New(o)
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

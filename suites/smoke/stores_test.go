package smoke_test

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

// What a store is said to be able to do is tried, both ways: a store that can more than it is said to is a mistake in
// lab/image too.
var _ = Describe("The stores of AWS", Ordered, ContinueOnFailure, func() {
	var l *lab.Lab
	var objects *s3.Client
	var items *dynamodb.Client
	key := func(name string) *string { return aws.String(topology.ProbeWord + name) }

	BeforeAll(func(ctx SpecContext) {
		l = harness.Up(ctx, preset("two-regions"))
		tap, err := l.Addresses().Tap(topology.ServiceS3.Host(east))
		Expect(err).NotTo(HaveOccurred())
		objects = store.Objects(tap, east, nil)
		tap, err = l.Addresses().Tap(topology.ServiceDynamoDB.Host(east))
		Expect(err).NotTo(HaveOccurred())
		items = store.Items(tap, east, nil)
		GinkgoWriter.Printf("S3 is %s, DynamoDB %s\n", l.Server(topology.ServiceS3), l.Server(topology.ServiceDynamoDB))
	}, NodeTimeout(harness.LabTimeout))

	put := func(ctx context.Context, name, body string, options ...func(*s3.PutObjectInput)) (*s3.PutObjectOutput,
		error,
	) {
		in := &s3.PutObjectInput{Bucket: aws.String(topology.Bucket), Key: key(name), Body: strings.NewReader(body)}
		for _, set := range options {
			set(in)
		}
		return objects.PutObject(ctx, in)
	}
	read := func(ctx context.Context, bucket *string, name string, version *string) (string, error) {
		got, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key(name), VersionId: version})
		if err != nil {
			return "", err
		}
		defer func() { _ = got.Body.Close() }()
		body, err := io.ReadAll(got.Body)
		return string(body), err
	}
	item := func(name string) map[string]dynamotypes.AttributeValue {
		return map[string]dynamotypes.AttributeValue{"id": &dynamotypes.AttributeValueMemberS{Value: *key(name)}}
	}

	It("keep the versions of objects, as far as they are said to", func(ctx SpecContext) {
		bucket := aws.String("versions") // the lab's own keeps none
		Expect(objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})).Error().NotTo(HaveOccurred())
		_, err := objects.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: bucket,
			VersioningConfiguration: &s3types.VersioningConfiguration{
				Status: s3types.BucketVersioningStatusEnabled,
			},
		})
		Expect(err == nil).To(Equal(l.Server(topology.ServiceS3).Can.Versions), "%v", err)
		if err != nil {
			return
		}
		in := func(o *s3.PutObjectInput) { o.Bucket = bucket }
		first, err := put(ctx, "versions", "old", in)
		Expect(err).NotTo(HaveOccurred())
		second, err := put(ctx, "versions", "new", in)
		Expect(err).NotTo(HaveOccurred())
		Expect(second.VersionId).NotTo(Equal(first.VersionId))
		old, err := read(ctx, bucket, "versions", first.VersionId)
		Expect(err == nil && old == "old").To(Equal(l.Server(topology.ServiceS3).Can.Versions), "%q, %v", old, err)
	}, SpecTimeout(harness.SpecTimeout))

	It("refuse the second of two that each ask for there to be nothing, as far as they are said to",
		func(ctx SpecContext) {
			onlyNew := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
			Expect(put(ctx, "condition", "first", onlyNew)).Error().NotTo(HaveOccurred())
			_, err := put(ctx, "condition", "second", onlyNew)
			Expect(isCode(err, "PreconditionFailed")).To(Equal(l.Server(topology.ServiceS3).Can.ConditionalPuts), "%v",
				err)

			putItem := func() error {
				_, err := items.PutItem(ctx, &dynamodb.PutItemInput{
					TableName: aws.String(topology.ItemsTable), Item: item("condition"),
					ConditionExpression: aws.String("attribute_not_exists(id)"),
				})
				return err
			}
			Expect(putItem()).To(Succeed())
			err = putItem()
			Expect(isCode(err,
				"ConditionalCheckFailedException")).To(Equal(l.Server(topology.ServiceDynamoDB).Can.ConditionalPuts),
				"%v",
				err)
		}, SpecTimeout(harness.SpecTimeout))

	It("refuse who signs with a wrong secret, as far as they are said to", func(ctx SpecContext) {
		wrong := credentials.NewStaticCredentialsProvider(topology.AccessKey, "not-the-secret", "")
		// Clients of their own: a client has chosen how it signs when it is made.
		_, err := s3.New(s3.Options{
			Region: east, BaseEndpoint: objects.Options().BaseEndpoint, UsePathStyle: true, Credentials: wrong,
		}).ListBuckets(ctx, &s3.ListBucketsInput{})
		Expect(isCode(err, "SignatureDoesNotMatch")).To(Equal(l.Server(topology.ServiceS3).Can.Signatures), "%v", err)
		_, err = dynamodb.New(dynamodb.Options{
			Region: east, BaseEndpoint: items.Options().BaseEndpoint, Credentials: wrong,
		}).ListTables(ctx, &dynamodb.ListTablesInput{})
		Expect(err != nil).To(Equal(l.Server(topology.ServiceDynamoDB).Can.Signatures), "%v", err)
	}, SpecTimeout(harness.SpecTimeout))

	It("have what they acknowledged after a kill, as far as they are said to", func(ctx SpecContext) {
		Expect(put(ctx, "kill", "kept")).Error().NotTo(HaveOccurred())
		Expect(items.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String(topology.ItemsTable),
			Item:      item("kill"),
		})).Error().NotTo(HaveOccurred())
		for _, s := range []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB} {
			if s == topology.ServiceDynamoDB && l.Server(s).Image == l.Server(topology.ServiceS3).Image {
				continue // they are one node
			}
			Expect(harness.Node(l, s.Host(east)).Crash(ctx)).To(Succeed())
			Expect(harness.Node(l, s.Host(east)).Revive(ctx)).To(Succeed())
		}
		Eventually(func(ctx context.Context) error {
			_, err := objects.ListBuckets(ctx, &s3.ListBucketsInput{})
			return err
		}).WithContext(ctx).WithTimeout(harness.Patience).Should(Succeed())
		Eventually(func(ctx context.Context) error {
			_, err := items.ListTables(ctx, &dynamodb.ListTablesInput{})
			return err
		}).WithContext(ctx).WithTimeout(harness.Patience).Should(Succeed())

		kept, err := read(ctx, aws.String(topology.Bucket), "kill", nil)
		Expect(err == nil && kept == "kept").To(Equal(l.Server(topology.ServiceS3).Can.Durable), "%q, %v", kept, err)
		got, err := items.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String(topology.ItemsTable), Key: item("kill"), ConsistentRead: aws.Bool(true),
		})
		Expect(err == nil && len(got.Item) > 0).To(Equal(l.Server(topology.ServiceDynamoDB).Can.Durable), "%v", err)
	}, SpecTimeout(harness.SpecTimeout))
})

// isCode says whether a service of AWS answered with this error.
func isCode(err error, code string) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && answer.ErrorCode() == code
}

package calls

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/regionfall/regionfall/lab/topology"
)

// askedBy is a question by somebody who signs amiss, or not at all.
func askedBy(change func(*s3.Options), judge func(what string, err error) error) func(context.Context, *Store) error {
	return func(ctx context.Context, s *Store) error {
		_, err := s.client(change).ListBuckets(ctx, &s3.ListBucketsInput{})
		return judge("asking", err)
	}
}

// turnedAway is nil when it was the signature that a call failed by.
func turnedAway(what string, err error) error {
	return refused(what, err, "SignatureDoesNotMatch", "InvalidAccessKeyId", "XAdminUserNotFound", "AccessDenied",
		"AuthorizationHeaderMalformed")
}

func succeeded(_ string, err error) error { return err }

var (
	letIn   = accepting[s3.ListBucketsInput, s3.ListBucketsOutput]()
	shutOut = refusing[s3.ListBucketsInput]("AccessDenied")
)

func amiss(call string, change func(*s3.Options)) []Row {
	return []Row{
		{Call: call, Promise: "is refused", Needs: Signatures, keep: askedBy(change, turnedAway), lie: letIn},
		{
			Call: call, Promise: "is answered: nobody looks", Lacks: Signatures, keep: askedBy(change, succeeded),
			lie: shutOut,
		},
	}
}

var access = append(append(append(
	amiss("A request signed with a wrong secret", signedBy(topology.AccessKey, "wrong")),
	amiss("A request signed with a key that nobody has", signedBy("nobody", topology.Secret))...),
	amiss("A request that is not signed", func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} })...),
	amiss("A request signed for another region", func(o *s3.Options) { o.Region = "eu-central-1" })...)

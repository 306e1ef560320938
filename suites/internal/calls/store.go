package calls

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/regionfall/regionfall/lab/store"
)

// Store is the S3 of one region, and that of another beside it.
type Store struct {
	Region, Address string // as host:port
	Beside          *Store

	// Restart kills the store's node and starts it again.
	Restart func(ctx context.Context) error

	lies  lie
	forge func(*http.Response)
}

// client speaks to the store as the lab does, but for what is changed.
func (s *Store) client(change ...func(*s3.Options)) *s3.Client {
	o := store.Objects(s.Address, s.Region, nil).Options()
	if s.lies != nil {
		o.APIOptions = append(o.APIOptions, s.lies.addTo)
	}
	return s3.New(o, change...)
}

func (s *Store) beside() *Store {
	b := *s.Beside
	b.lies, b.forge = s.lies, s.forge
	return &b
}

// lie stands between a client and a store: it may ask something else, or nothing, and answer something else.
type lie func(in any, ask func() (any, error)) (any, error)

func (l lie) addTo(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("lie",
		func(ctx context.Context, in middleware.InitializeInput,
			next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata,
			err error,
		) {
			out.Result, err = l(in.Parameters, func() (any, error) {
				var asked middleware.InitializeOutput
				asked, metadata, err = next.HandleInitialize(ctx, in)
				return asked.Result, err
			})
			return out, metadata, err
		}), middleware.Before)
}

// asking is a lie that asks something else.
func asking[In any](change func(*In)) lie {
	return func(in any, ask func() (any, error)) (any, error) {
		if i, ok := in.(*In); ok {
			change(i)
		}
		return ask()
	}
}

// answering is a lie that changes what was answered.
func answering[Out any](change func(*Out)) lie {
	return func(_ any, ask func() (any, error)) (any, error) {
		out, err := ask()
		if o, ok := out.(*Out); ok && err == nil {
			change(o)
		}
		return out, err
	}
}

// accepting is a lie that never refuses.
func accepting[In, Out any]() lie {
	return func(in any, ask func() (any, error)) (any, error) {
		out, err := ask()
		if _, ok := in.(*In); ok && err != nil {
			return new(Out), nil //nolint:nilerr // that is the lie
		}
		return out, err
	}
}

// refusing is a lie that does what it is asked and says that it did not.
func refusing[In any](code string) lie {
	return func(in any, ask func() (any, error)) (any, error) {
		out, err := ask()
		if _, ok := in.(*In); ok && err == nil {
			return nil, &smithy.GenericAPIError{Code: code, Message: "a lie"}
		}
		return out, err
	}
}

// doingNothing is a lie that says that it did what it was asked.
func doingNothing[In, Out any]() lie {
	return func(in any, ask func() (any, error)) (any, error) {
		if _, ok := in.(*In); ok {
			return new(Out), nil
		}
		return ask()
	}
}

// bucket makes a new bucket, past all lies.
func (s *Store) bucket(ctx context.Context) (string, error) {
	truthful := *s
	truthful.lies = nil
	name := "calls-" + unique()
	if _, err := truthful.client().CreateBucket(ctx, creation(name, s.Region)); err != nil {
		return "", fmt.Errorf("make a bucket: %w", err)
	}
	return name, nil
}

func creation(name, region string) *s3.CreateBucketInput {
	in := &s3.CreateBucketInput{Bucket: aws.String(name)}
	if region != "us-east-1" { // the one region that must not be named
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(region),
		}
	}
	return in
}

// room is a bucket of a row's own.
type room struct {
	*s3.Client
	name  string
	store *Store
}

func (s *Store) room(ctx context.Context) (room, error) {
	name, err := s.bucket(ctx)
	return room{Client: s.client(), name: name, store: s}, err
}

// in is a check that gets a bucket of its own.
func in(check func(ctx context.Context, r room) error) func(context.Context, *Store) error {
	return func(ctx context.Context, s *Store) error {
		r, err := s.room(ctx)
		if err != nil {
			return err
		}
		return check(ctx, r)
	}
}

func (r room) put(ctx context.Context, key, body string,
	change ...func(*s3.PutObjectInput),
) (*s3.PutObjectOutput, error) {
	in := &s3.PutObjectInput{Bucket: &r.name, Key: &key, Body: strings.NewReader(body)}
	for _, c := range change {
		c(in)
	}
	out, err := r.PutObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("put %s: %w", key, err)
	}
	return out, nil
}

func (r room) get(ctx context.Context, key string) (body string, out *s3.GetObjectOutput, err error) {
	out, err = r.GetObject(ctx, &s3.GetObjectInput{Bucket: &r.name, Key: &key})
	if err != nil {
		return "", nil, fmt.Errorf("get %s: %w", key, err)
	}
	body, err = text(out.Body)
	return body, out, err
}

func (r room) head(ctx context.Context, key string) (*s3.HeadObjectOutput, error) {
	out, err := r.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &r.name, Key: &key})
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", key, err)
	}
	return out, nil
}

// holds is nil when that is what is under a key.
func (r room) holds(ctx context.Context, key, want string) error {
	got, _, err := r.get(ctx, key)
	if err == nil && got != want {
		err = fmt.Errorf("%s holds %s, want %s", key, brief(got), brief(want))
	}
	return err
}

// list gives the objects of all pages, each as often as it is listed.
func (r room) list(ctx context.Context,
	change ...func(*s3.ListObjectsV2Input),
) (all []types.Object, sizes []int, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &r.name}
	for _, c := range change {
		c(in)
	}
	for pages := s3.NewListObjectsV2Paginator(r.Client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("list: %w", err)
		}
		all, sizes = append(all, page.Contents...), append(sizes, len(page.Contents))
	}
	return all, sizes, nil
}

func keysOf(objects []types.Object) []string {
	keys := make([]string, len(objects))
	for i, o := range objects {
		keys[i] = aws.ToString(o.Key)
	}
	return keys
}

func same[T comparable](what string, got, want []T) error {
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s: %s, want %s", what, brief(fmt.Sprint(got)), brief(fmt.Sprint(want)))
	}
	return nil
}

func text(body io.ReadCloser) (string, error) {
	if body == nil {
		return "", errors.New("there is no body")
	}
	defer func() { _ = body.Close() }()
	var b bytes.Buffer
	_, err := io.Copy(&b, body)
	return b.String(), err
}

func brief(s string) string {
	if len(s) > 120 {
		return fmt.Sprintf("%q… (%d bytes)", s[:100], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// refused is nil when a call failed with one of these codes.
func refused(what string, err error, codes ...string) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return fmt.Errorf("%s succeeded, want one of %v", what, codes)
	case errors.As(err, &api) && slices.Contains(codes, api.ErrorCode()):
		return nil
	}
	return fmt.Errorf("%s: want one of %v, got: %w", what, codes, err)
}

// signedBy has a client sign with another key.
func signedBy(key, secret string) func(*s3.Options) {
	return func(o *s3.Options) { o.Credentials = credentials.NewStaticCredentialsProvider(key, secret, "") }
}

// unique is a word that nothing in a store is called by.
func unique() string { return strings.ToLower(rand.Text()[:16]) }

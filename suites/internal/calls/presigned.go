package calls

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func forAMinute(o *s3.PresignOptions) { o.Expires = time.Minute }

var presigned = []Row{
	{
		Call: "A presigned GET", Promise: "is answered to somebody without credentials",
		keep: in(func(ctx context.Context, r room) error {
			if _, err := r.put(ctx, "a key", "body"); err != nil {
				return err
			}
			signed, err := s3.NewPresignClient(r.Client).PresignGetObject(ctx,
				&s3.GetObjectInput{Bucket: &r.name, Key: aws.String("a key")}, forAMinute)
			if err != nil {
				return err
			}
			return r.plainly(ctx, signed, signed.URL, "", http.StatusOK, "body")
		}),
		lie: asking(func(in *s3.GetObjectInput) { in.Key = aws.String("another") }),
	},
	{
		Call: "A presigned PUT", Promise: "stores what somebody without credentials sends",
		keep: in(func(ctx context.Context, r room) error {
			signed, err := s3.NewPresignClient(r.Client).PresignPutObject(ctx,
				&s3.PutObjectInput{Bucket: &r.name, Key: aws.String("a key")}, forAMinute)
			if err != nil {
				return err
			}
			if err := r.plainly(ctx, signed, signed.URL, "body", http.StatusOK, ""); err != nil {
				return err
			}
			return r.holds(ctx, "a key", "body")
		}),
		lie: asking(func(in *s3.PutObjectInput) { in.Key = aws.String("another") }),
	},
	{
		Call: "A presigned GET of another key than was signed", Promise: "is forbidden", Needs: Signatures,
		keep:  in(func(ctx context.Context, r room) error { return r.swap(ctx, http.StatusForbidden, "") }),
		forge: answered,
	},
	{
		Call: "A presigned GET of another key than was signed", Promise: "is answered: nobody looks", Lacks: Signatures,
		keep:  in(func(ctx context.Context, r room) error { return r.swap(ctx, http.StatusOK, "secret") }),
		forge: turned,
	},
	{
		Call: overdue, Promise: "is forbidden", Needs: Signatures,
		keep:  in(func(ctx context.Context, r room) error { return r.askLate(ctx, http.StatusForbidden, "") }),
		forge: answered,
	},
	{
		Call: overdue, Promise: "is answered: nobody looks", Lacks: Signatures,
		keep:  in(func(ctx context.Context, r room) error { return r.askLate(ctx, http.StatusOK, "body") }),
		forge: turned,
	},
}

const overdue = "A presigned GET whose time is over"

func answered(r *http.Response) { r.StatusCode, r.Status = http.StatusOK, "200 OK" }

func turned(r *http.Response) { r.StatusCode, r.Status = http.StatusForbidden, "403 Forbidden" }

// askLate asks with what was signed an hour ago for a minute.
func (r room) askLate(ctx context.Context, status int, body string) error {
	if _, err := r.put(ctx, "key", "body"); err != nil {
		return err
	}
	signer := s3.NewPresignClient(r.Client, forAMinute,
		func(o *s3.PresignOptions) { o.Presigner = hourAgo{v4.NewSigner()} })
	signed, err := signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &r.name, Key: aws.String("key")})
	if err != nil {
		return err
	}
	return r.plainly(ctx, signed, signed.URL, "", status, body)
}

// swap signs for one key and asks for another.
func (r room) swap(ctx context.Context, status int, body string) error {
	if _, err := r.put(ctx, "theirs", "secret"); err != nil {
		return err
	}
	signed, err := s3.NewPresignClient(r.Client).PresignGetObject(ctx,
		&s3.GetObjectInput{Bucket: &r.name, Key: aws.String("mine")}, forAMinute)
	if err != nil {
		return err
	}
	return r.plainly(ctx, signed, strings.Replace(signed.URL, "/mine?", "/theirs?", 1), "", status, body)
}

// hourAgo signs as somebody did an hour ago.
type hourAgo struct{ *v4.Signer }

func (s hourAgo) PresignHTTP(
	ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time,
	change ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return s.Signer.PresignHTTP(ctx, c, r, hash, service, region, at.Add(-time.Hour), change...)
}

// plainly makes a request that was signed beforehand, and compares the answer; a body is compared where one is wanted.
func (r room) plainly(ctx context.Context, signed *v4.PresignedHTTPRequest, url, send string, status int,
	want string,
) error {
	request, err := http.NewRequestWithContext(ctx, signed.Method, url, strings.NewReader(send))
	if err != nil {
		return err
	}
	for name, values := range signed.SignedHeader {
		if name != "Host" {
			request.Header[name] = values
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if r.store.forge != nil {
		r.store.forge(response)
	}
	got, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != status:
		return fmt.Errorf("the answer is %s, want %d: %s", response.Status, status, brief(string(got)))
	case want != "" && string(got) != want:
		return fmt.Errorf("the answer is %s, want %q", brief(string(got)), want)
	}
	return nil
}

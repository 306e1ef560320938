// Package sdk makes up for a bug of the AWS SDK for Go.
package sdk

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Client sends the SDK's requests by c. Without it, some one in a thousand fails with "deserialization failed, … use of
// closed network connection", though the store carried it out and answered: the SDK closes a request's body as soon as
// the answer begins, and net/http may just then be looking whether the body has more than it should. A closed body of
// smithy-go (1.28.8) answers that with io.EOF as an error of its WriteTo, for which net/http drops the connection in
// the middle of the answer. A body without WriteTo is read, and its end is no error. A nil c is the SDK's own.
func Client(c *http.Client) aws.HTTPClient {
	if c == nil {
		return client{awshttp.NewBuildableClient()}
	}
	return client{c}
}

type client struct{ aws.HTTPClient }

// Do sends a request.
func (c client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context()) // a copy
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.HTTPClient.Do(r)
}

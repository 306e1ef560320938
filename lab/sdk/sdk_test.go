package sdk

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// answers is an HTTP client that answers at once, and keeps the body as a connection does that still looks at it.
type answers struct{ body io.ReadCloser }

func (a *answers) Do(r *http.Request) (*http.Response, error) {
	a.body = r.Body
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}}
	answer.Body = io.NopCloser(strings.NewReader("{}"))
	return answer, nil
}

// What net/http does to see that a body has ended must not fail when the SDK has closed it meanwhile: it would drop the
// connection, and with it the answer.
func TestABodyThatIsClosedHasEnded(t *testing.T) {
	var a answers
	c := dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", HTTPClient: client{&a}, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	if _, err := c.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, a.body); n != 0 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

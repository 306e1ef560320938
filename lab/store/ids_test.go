package store

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
)

// answers is a server that gives the same answer to everything, and what it was asked last.
func answers(t *testing.T, contentType, body string) (address string, asked *string) {
	t.Helper()
	asked = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		*asked = r.URL.String() + " " + string(data)
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), asked
}

// What a fault wrote to see it arrive was acknowledged to nobody: it must not look like something that came back from
// the dead.
func TestReadersLeaveProbesOut(t *testing.T) {
	want := []string{"a", "b"}
	bucket, asked := answers(t, "application/xml", `<ListBucketResult><IsTruncated>false</IsTruncated>
		<Contents><Key>papers/a.pdf</Key></Contents>
		<Contents><Key>papers/`+topology.ProbeWord+`X.pdf</Key></Contents>
		<Contents><Key>papers/hot`+topology.LocalWord+`Y.pdf</Key></Contents>
		<Contents><Key>papers/a.txt</Key></Contents><Contents><Key>b.pdf</Key></Contents>
		<Contents><Key>papers/a.pdf</Key></Contents>
		<Contents><Key>papers/b.pdf</Key></Contents></ListBucketResult>`)
	got, err := ObjectIDs(t.Context(), Objects(bucket, "us-west-2", nil), "papers", "papers/", ".pdf")
	if diff := cmp.Diff(want, got); diff != "" || err != nil || !strings.Contains(*asked, "prefix=papers%2F") {
		t.Errorf("objects: %v %s %s", err, diff, *asked)
	}
	table, asked := answers(t, "application/x-amz-json-1.0",
		`{"Items": [{"key": {"S": "a"}}, {"key": {"S": "`+topology.ProbeWord+`X"}}, {"key": {"N": "7"}}]}`)
	got, err = ItemIDs(t.Context(), Items(table, "us-west-2", nil), "papers", "key")
	if diff := cmp.Diff([]string{"a", "7"}, got); diff != "" || err != nil ||
		!strings.Contains(*asked, `"#id":"key"`) || !strings.Contains(*asked, `"ConsistentRead":true`) {
		t.Errorf("items: %v %s %s", err, diff, *asked)
	}
	if _, err := ItemIDs(t.Context(), Items(table, "us-west-2", nil), "papers", "id"); err == nil {
		t.Error("items without the attribute were read")
	}
}

func TestWhatIsNotThereHoldsNothing(t *testing.T) {
	gone := func(contentType, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	bucket := gone("application/xml", `<Error><Code>NoSuchBucket</Code></Error>`)
	if ids, err := ObjectIDs(t.Context(), Objects(bucket, "r", nil), "b", "", ""); ids != nil || err != nil {
		t.Errorf("objects: %v, %v", ids, err)
	}
	table := gone("application/x-amz-json-1.0", `{"__type": "ResourceNotFoundException"}`)
	if ids, err := ItemIDs(t.Context(), Items(table, "r", nil), "t", "id"); ids != nil || err != nil {
		t.Errorf("items: %v, %v", ids, err)
	}
	denied := gone("application/xml", `<Error><Code>AccessDenied</Code></Error>`)
	if _, err := ObjectIDs(t.Context(), Objects(denied, "r", nil), "b", "", ""); err == nil {
		t.Error("a bucket that can't be read is empty")
	}
}

package store

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sumOfA is the SHA-256 of "a".
const sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

func TestManifestsAreHeldAgainstTheObjects(t *testing.T) {
	there := map[string]string{
		"manifests/1.json": `{"is": {"list": [{"key": "hot/a", "hash": "` + strings.ToUpper(sumOfA) + `"},
			{"key": "hot/b", "hash": "` + sumOfA + `"}, {"key": "hot/c", "hash": "` + sumOfA + `"}]}}`,
		"hot/a": "a", "hot/b": "b",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if key == "" {
			_, _ = w.Write(
				[]byte(`<ListBucketResult><Contents><Key>manifests/1.json</Key></Contents></ListBucketResult>`))
			return
		}
		body, is := there[key]
		if !is {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`<Error><Code>NoSuchKey</Code></Error>`))
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	form := ManifestForm{Bucket: "documents", Prefix: "manifests/", List: "is.list", Key: "key", SHA256: "hash"}
	client := Objects(strings.TrimPrefix(server.URL, "http://"), "us-east-1", nil)
	got, err := Manifests(t.Context(), client, form)
	if err != nil {
		t.Fatal(err)
	}
	const sumOfB = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
	want := []Manifest{{Key: "manifests/1.json", Names: []NamedObject{
		{"hot/a", sumOfA, sumOfA}, {"hot/b", sumOfA, sumOfB}, {"hot/c", sumOfA, ""},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{`, `{}`, `{"is": {"list": 5}}`, `{"is": {"list": [{"key": "a"}]}}`} {
		there["manifests/1.json"] = bad
		if got, err := Manifests(t.Context(), client, form); err == nil {
			t.Errorf("%s is understood as %v", bad, got)
		}
	}
}

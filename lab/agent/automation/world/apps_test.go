package world

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// People read why nodes are waited for: of a supervisor's answer, the sentence.
func TestWhatANodeLacksIsToldInASentence(t *testing.T) {
	for answer, want := range map[string]string{
		`{"lacks": "port", "why": "nobody listens"}`: "the app answered 503 Service Unavailable: nobody listens",
		"no database\n": "the app answered 503 Service Unavailable: no database",
		`{"db": false}`: `the app answered 503 Service Unavailable: {"db": false}`,
		`{"lacks": "port", "why": "` + strings.Repeat("a", 2000) + `"}`: "the app answered 503 Service Unavailable: " +
			strings.Repeat("a", 1024),
	} {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, answer)
		}))
		missing, err := NotReady(t.Context(), []string{node.URL}, 1)
		node.Close()
		if err == nil || err.Error() != want || len(missing) != 1 {
			t.Errorf("%s is told as %v of %v", answer, err, missing)
		}
	}
}

// Package agenttest is what the tests of several agents need.
package agenttest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/agent/runtime"
)

// Mark is a mark without its number.
type Mark struct {
	At     time.Duration
	Name   string
	Detail string
}

// At is a mark.
func At(at time.Duration, name, detail string) Mark { return Mark{At: at, Name: name, Detail: detail} }

// Marks are those that an agent has left.
func Marks(m *runtime.Marks) []Mark {
	reply, _, _ := m.Since(0)
	var all []Mark
	for _, mark := range reply.Marks {
		all = append(all, At(mark.At, mark.Name, mark.Detail))
	}
	return all
}

// Expect compares marks.
func Expect(t *testing.T, got []Mark, want ...Mark) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

// Ask makes a GET request of a handler.
func Ask(ctx context.Context, t *testing.T, handler http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody))
	return recorder
}

// Call makes a request of a handler, with a body of JSON, and reads its answer. Of a status other than 200 nothing is
// read.
func Call[T any](t *testing.T, handler http.Handler, method, target string, in any) (out T, status int) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, bytes.NewReader(body)))
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
	}
	return out, w.Code
}

package runtime

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/api"
)

func ask(ctx context.Context, t *testing.T, handler http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil))
	return recorder
}

func askMarks(t *testing.T, m *Marks, target string) api.MarksReply {
	t.Helper()
	recorder := ask(t.Context(), t, m, target)
	if recorder.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", target, recorder.Code, recorder.Body)
	}
	var reply api.MarksReply
	if err := json.NewDecoder(recorder.Body).Decode(&reply); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return reply
}

func TestMarksAnswerAsSoonAsThereIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMarks("automation.us-west-2")
		time.Sleep(time.Second)
		m.Leave(api.MarkDetected, "")
		go func() {
			time.Sleep(2 * time.Second)
			m.Leave(api.MarkDecided, "the witness agrees")
		}()
		first := askMarks(t, m, "/marks")
		second := askMarks(t, m, "/marks?after=1&wait=10s")
		want := api.MarksReply{
			Agent: "automation.us-west-2", Start: first.Start, Now: 3 * time.Second,
			Marks: []api.Mark{{Seq: 2, At: 3 * time.Second, Name: api.MarkDecided, Detail: "the witness agrees"}},
		}
		if diff := cmp.Diff(want, second); diff != "" {
			t.Errorf("second reply (-want +got):\n%s", diff)
		}
		if got := first.Marks; len(got) != 1 || got[0].Name != api.MarkDetected || got[0].At != time.Second {
			t.Errorf("first reply has %v", got)
		}
	})
}

func TestMarksAnswerAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMarks("automation.us-west-2")
		reply := askMarks(t, m, "/marks?after=0&wait=1500ms")
		if reply.Now != 1500*time.Millisecond || reply.Marks == nil || len(reply.Marks) != 0 {
			t.Errorf("got %+v, want an empty list after 1.5 s", reply)
		}
		if reply = askMarks(t, m, "/marks?wait=3h"); reply.Now != 1500*time.Millisecond+longestWait {
			t.Errorf("a wait of hours was answered at %s", reply.Now)
		}
	})
}

func TestMarksOfAnEarlierProcessAreNotAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMarks("automation.us-west-2")
		m.Leave(api.MarkDetected, "")
		if reply := askMarks(t, m, "/marks?after=9&wait=10s"); reply.Now != 0 || reply.Start != m.start {
			t.Errorf("got %+v, want an answer at once that shows the new start", reply)
		}
	})
}

func TestMarksEndWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(time.Second, cancel)
		ask(ctx, t, NewMarks("a"), "/marks?wait=10s")
		if took := time.Since(began); took != time.Second {
			t.Errorf("poll ended after %s", took)
		}
	})
}

func TestMarksRejectNonsense(t *testing.T) {
	for _, target := range []string{"/marks?after=x", "/marks?after=-1", "/marks?wait=5", "/marks?wait=-1s"} {
		if got := ask(t.Context(), t, NewMarks("a"), target).Code; got != http.StatusBadRequest {
			t.Errorf("GET %s: %d", target, got)
		}
	}
}

func TestMarksAreWholeBeforeTheyCountAsFetched(t *testing.T) {
	m := NewMarks("automation.west")
	server := httptest.NewServer(m)
	defer server.Close()
	seq := m.Leave(api.MarkKilledAt, "promote")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.AwaitFetched(ended, seq); err == nil {
		t.Error("a mark that nobody asked for counts as fetched")
	}
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.ContentLength != int64(len(body)) {
		t.Errorf("%d bytes were announced, and %d arrived: %v", response.ContentLength, len(body), err)
	}
	limit, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := m.AwaitFetched(limit, seq); err != nil {
		t.Error(err)
	}
}

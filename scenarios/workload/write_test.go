package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// files keeps what is uploaded in three requests: a place for it, which gets an id and a ticket; what is uploaded; that
// it is whole. A path that a status is for gives that.
type files struct {
	mu     sync.Mutex
	asked  []string
	bodies []string
	status map[string]int
	stall  string // the path that is never answered
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.asked, f.bodies = append(f.asked, r.Method+" "+r.URL.Path), append(f.bodies, string(body))
	status, stalls := f.status[r.URL.Path], f.stall == r.URL.Path
	f.mu.Unlock()
	switch {
	case stalls:
		<-r.Context().Done()
	case status != 0:
		w.WriteHeader(status)
	case r.URL.Path == "/files":
		fmt.Fprint(w, `{"file":{"id":"f/1"},"ticket":"t1"}`)
	}
}

const upload = `  write:
    - {post: /files, json: {name: "{{.ID}}"}, refused: [409], id: {json: file.id}, keep: {Ticket: {json: ticket}}}
    - {put: "/files/{{.ID}}/{{.Ticket}}", body: "{{.ID}} {{.Number}}"}
    - {post: "/files/{{.ID}}/done"}
  read: {get: "/files/{{.ID}}"}
`

func (f *files) write(t *testing.T, a *app.App) (*client, history.Op) {
	t.Helper()
	c := clientOf(t, a, f.ServeHTTP)
	return c, c.perform(t, a, history.Write, "v")
}

func TestAWriteOfSeveralRequestsIsAcknowledgedWithTheLast(t *testing.T) {
	f, a := &files{}, shopApp(t, upload)
	c, op := f.write(t, a)
	if op.Outcome != history.OK || op.ID != "f/1" || !op.Given || op.Attempts != 1 || op.Status != http.StatusOK {
		t.Errorf("%+v", op)
	}
	c.perform(t, a, history.Read, op.ID)
	asked := []string{"POST /files", "PUT /files/f/1/t1", "POST /files/f/1/done", "GET /files/f/1"}
	if !slices.Equal(f.asked, asked) || !slices.Equal(f.bodies, []string{`{"name":"v"}`, "f/1 1", "", ""}) {
		t.Errorf("asked: %q with %q", f.asked, f.bodies)
	}
}

// A part of a write that went to the old database makes it one of the old database, whoever answers what follows.
func TestAWriteOfSeveralRequestsIsOfTheOldestDatabaseThatAnyNames(t *testing.T) {
	for name, c := range map[string]struct {
		says [3]string // the timeline that each answer names
		want int
	}{
		"all the same":          {[3]string{"2", "2", "2"}, 2},
		"the last says nothing": {[3]string{"2", "2", ""}, 2},
		"the first is old":      {[3]string{"1", "2", "2"}, 1},
		"the last is old":       {[3]string{"2", "", "1"}, 1},
		"none says anything":    {[3]string{}, 0},
	} {
		f, asked := &files{}, 0
		a := shopApp(t, upload+"extras: {timeline: X-Timeline, region: X-Region, node: X-Node, revision: X-Revision}\n")
		client := clientOf(t, a, func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked == 1 {
				w.Header().Set("X-Region", "west")
				w.Header().Set("X-Node", "west.app-1")
				w.Header().Set("X-Revision", "7")
			}
			if said := c.says[asked-1]; said != "" {
				w.Header().Set("X-Timeline", said)
			}
			f.ServeHTTP(w, r)
		})
		op := client.perform(t, a, history.Write, "v")
		if op.Timeline != c.want || op.Region != "west" || op.Node != "west.app-1" || op.Revision != 7 {
			t.Errorf("%s: %+v", name, op)
		}
	}
}

// A part of it is there: nobody may take it for done, nor for not done.
func TestAWriteThatStopsHalfWayIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		status  map[string]int
		outcome history.Outcome
		why     string
		asked   int
	}{
		"refused at the first":  {map[string]int{"/files": 409}, history.Failed, "request 1 of 3: status 409", 1},
		"in doubt at the first": {map[string]int{"/files": 500}, history.Unknown, "request 1 of 3: status 500", 1},
		"no id": {
			map[string]int{"/files": 201},
			history.Unknown,
			"request 1 of 3: status 201, and no id in the answer", 1,
		},
		"stopped at the second": {
			map[string]int{"/files/f/1/t1": 409},
			history.Unknown, "request 2 of 3: status 409",
			2,
		},
		"stopped at the last": {
			map[string]int{"/files/f/1/done": 503},
			history.Unknown,
			"request 3 of 3: status 503", 3,
		},
		"stopped, and signed out": {
			map[string]int{"/files/f/1/done": 401},
			history.Unknown,
			"request 3 of 3: status 401", 3,
		},
	} {
		f := &files{status: c.status}
		_, op := f.write(t, shopApp(t, upload))
		if op.Outcome != c.outcome || op.Error != c.why || len(f.asked) != c.asked || op.ID != "v" || op.Given {
			t.Errorf("%s: asked %q: %+v", name, f.asked, op)
		}
	}
}

// What was sent before counts, also where nothing more can be.
func TestAWriteOfWhichTheRestCannotBeSentIsUnknown(t *testing.T) {
	f, a := &files{}, shopApp(t, upload)
	c := clientOf(t, a, f.ServeHTTP)
	dial, dialled := c.dial, 0
	c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dialled++; dialled == 2 {
			return nil, errors.New("connection refused")
		}
		return dial(ctx, network, address)
	}
	op := c.perform(t, a, history.Write, "v")
	if op.Outcome != history.Unknown || op.Error != "no answer: request 2 of 3: connection refused" || dialled != 2 {
		t.Errorf("dialled %d times: %+v", dialled, op)
	}
}

func TestAWriteOfSeveralRequestsHasTheTimeOfOne(t *testing.T) {
	f, a := &files{stall: "/files/f/1/t1"}, shopApp(t, upload)
	c := clientOf(t, a, f.ServeHTTP)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("timed out"))
	defer cancel()
	op := history.Op{Kind: history.Write, ID: "v"}
	c.do(ctx, &op, Of(a, Login{}).Make(Operation{Kind: op.Kind, ID: op.ID, Number: 1}))
	if op.Outcome != history.Unknown || op.Error != "no answer: request 2 of 3: timed out" {
		t.Errorf("asked %q: %+v", f.asked, op)
	}
}

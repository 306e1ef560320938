package runtime

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/api"
)

// longestWait bounds a long poll, so that a caller that vanished does not hold a goroutine for ever.
const longestWait = time.Minute

// Marks collects the marks of one agent process and serves them. It is safe for concurrent use.
type Marks struct {
	agent string
	start string
	began time.Time // carries the monotonic clock that all marks count from

	mu      sync.Mutex
	marks   []api.Mark
	fetched int           // the number of the newest mark that somebody was answered
	changed chan struct{} // closed and replaced at each new mark, and when one was fetched
}

// NewMarks starts the clock of an agent's marks. The agent is a node's name, such as "automation.us-west-2".
func NewMarks(agent string) *Marks {
	return &Marks{agent: agent, start: rand.Text(), began: time.Now(), changed: make(chan struct{})}
}

// Leave notes that something happened now. The name is one of the Mark constants. It also goes to the log, for those
// who read the node's log afterwards. It returns the mark's number.
func (m *Marks) Leave(name, detail string) (seq int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mark := api.Mark{Seq: len(m.marks) + 1, At: time.Since(m.began), Name: name, Detail: detail}
	m.marks = append(m.marks, mark)
	m.wake()
	slog.Info("mark", "agent", m.agent, "seq", mark.Seq, "at", mark.At, "name", name, "detail", detail)
	return mark.Seq
}

// wake tells those who wait, with the lock held.
func (m *Marks) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// AwaitFetched returns when somebody was answered the mark of that number, or the error of ctx.
func (m *Marks) AwaitFetched(ctx context.Context, seq int) error {
	for {
		m.mu.Lock()
		fetched, changed := m.fetched, m.changed
		m.mu.Unlock()
		if fetched >= seq {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ServeHTTP answers GET /marks?after=SEQ&wait=DURATION with a MarksReply, see there. A SEQ beyond the newest mark is
// answered at once: it was counted by an earlier process, and the caller must learn of the new start. A wait above a
// minute counts as a minute.
func (m *Marks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after, wait, err := marksQuery(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	reply := m.await(ctx, after)
	body, err := json.Marshal(reply)
	if err != nil { // of our own types: cannot happen without a bug
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// Whole, and on its way, before anybody relies on its having been fetched: the process may end right after.
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, err = w.Write(body)
	if err = errors.Join(err, http.NewResponseController(w).Flush()); err != nil || len(reply.Marks) == 0 {
		return // nobody is there any more, or nothing was fetched
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetched = max(m.fetched, reply.Marks[len(reply.Marks)-1].Seq)
	m.wake()
}

// await returns the marks after the given number once there is one, or what there is when ctx ends.
func (m *Marks) await(ctx context.Context, after int) api.MarksReply {
	for {
		reply, newest, changed := m.Since(after)
		if newest != after || ctx.Err() != nil {
			return reply
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// Since is the reply as of now, the number of the newest mark, and a channel that is closed when there is another.
func (m *Marks) Since(after int) (reply api.MarksReply, newest int, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	reply = api.MarksReply{Agent: m.agent, Start: m.start, Now: time.Since(m.began), Marks: []api.Mark{}}
	if after < len(m.marks) {
		reply.Marks = slices.Clone(m.marks[after:])
	}
	return reply, len(m.marks), m.changed
}

func marksQuery(r *http.Request) (after int, wait time.Duration, err error) {
	query := r.URL.Query()
	if s := query.Get("after"); s != "" {
		after, err = strconv.Atoi(s)
		if err != nil || after < 0 {
			return 0, 0, fmt.Errorf("read after=%q: want a mark's number, 0 or more", s)
		}
	}
	if s := query.Get("wait"); s != "" {
		wait, err = time.ParseDuration(s)
		if err != nil || wait < 0 {
			return 0, 0, fmt.Errorf("read wait=%q: want a duration such as 10s", s)
		}
	}
	return after, min(wait, longestWait), nil
}

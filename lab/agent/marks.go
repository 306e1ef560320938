package agent

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
)

// MarksReply answers GET /marks?after=SEQ&wait=DURATION on every agent (a long poll: it returns as soon as there is a mark with a
// higher number, or after wait). Now and At count from the agent's start on its monotonic clock, which no step of the wall clock moves; the
// harness bounds the offset to its own clock from when it asked and when it was answered.
type MarksReply struct {
	Agent string        `json:"agent"` // such as "automation.us-west-2"
	Start string        `json:"start"` // a random word per process start: after a restart the clock and the numbers begin anew
	Now   time.Duration `json:"now_ns"`
	Marks []Mark        `json:"marks"`
}

// Mark is a dated note of something an agent did or saw.
type Mark struct {
	Seq    int           `json:"seq"` // from 1
	At     time.Duration `json:"at_ns"`
	Name   string        `json:"name"`
	Detail string        `json:"detail,omitempty"`
}

// The names of marks. The automation leaves a mark when a step is done; a step that fails leaves MarkFailed with its name in Detail.
const (
	MarkDetected   = "detected"   // the health checks of the home region have failed often enough
	MarkDecided    = "decided"    // the witness agrees and the decision is taken
	MarkFenced     = "fenced"     // the old primary was fenced, or was unreachable (Detail says which)
	MarkRestored   = "restored"   // backup-restore: PostgreSQL is up from the base backup
	MarkPromoted   = "promoted"   // PostgreSQL and Redis of the standby are primaries
	MarkRepointed  = "repointed"  // the region's configuration names no other region; the app nodes that run have it in force
	MarkScaledOut  = "scaled_out" // all app nodes of the region are to run, and those are ready that came in time
	MarkPreflight  = "preflight"  // no node of the region's app refers to the home region any more
	MarkShifted    = "shifted"    // a greater share of the clients than before is sent to the standby
	MarkRedirected = "redirected" // the name service answers the standby
	MarkFollowed   = "followed"   // the other regions' databases stream from the standby, and their apps write to it: all of them
	MarkFailed     = "step_failed"
	// MarkRedirectedAgain comes after the failover: the name service had forgotten the redirect, and was told again.
	MarkRedirectedAgain = "redirected_again"
	MarkFencedLate      = "fenced_on_return" // the old primary came back and was fenced then
	MarkHealth          = "health"           // name service: a target's health changed; Detail "us-east-1 unhealthy: …"
	MarkAnswer          = "answer"           // name service: the record's answer changed; Detail is the region, or all of them
	MarkBackup          = "backup_done"      // the backup job finished; Detail has the object and its size
)

// longestWait bounds a long poll, so that a caller that vanished does not hold a goroutine for ever.
const longestWait = time.Minute

// Marks collects the marks of one agent process and serves them. It is safe for concurrent use.
type Marks struct {
	agent string
	start string
	began time.Time // carries the monotonic clock that all marks count from

	mu      sync.Mutex
	marks   []Mark
	fetched int           // the number of the newest mark that somebody was answered
	changed chan struct{} // closed and replaced at each new mark, and when one was fetched
}

// NewMarks starts the clock of an agent's marks. The agent is a node's name, such as "automation.us-west-2".
func NewMarks(agent string) *Marks {
	return &Marks{agent: agent, start: rand.Text(), began: time.Now(), changed: make(chan struct{})}
}

// Leave notes that something happened now. The name is one of the Mark constants. It also goes to the log, for those who read the
// node's log afterwards. It returns the mark's number.
func (m *Marks) Leave(name, detail string) (seq int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mark := Mark{Seq: len(m.marks) + 1, At: time.Since(m.began), Name: name, Detail: detail}
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

// ServeHTTP answers GET /marks?after=SEQ&wait=DURATION with a MarksReply, see there. A SEQ beyond the newest mark is answered at
// once: it was counted by an earlier process, and the caller must learn of the new start. A wait above a minute counts as a minute.
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
func (m *Marks) await(ctx context.Context, after int) MarksReply {
	for {
		reply, newest, changed := m.since(after)
		if newest != after || ctx.Err() != nil {
			return reply
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// since is the reply as of now, the number of the newest mark, and a channel that is closed when there is another.
func (m *Marks) since(after int) (reply MarksReply, newest int, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	reply = MarksReply{Agent: m.agent, Start: m.start, Now: time.Since(m.began), Marks: []Mark{}}
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

// writeJSON answers with a document. A write error means that the caller has gone, which is the caller's business.
func writeJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(document); err != nil {
		slog.Debug("answer not delivered", "error", err)
	}
}

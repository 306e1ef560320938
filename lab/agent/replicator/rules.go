package replicator

import (
	"net/http"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// savedUp is how much of an unused rate is kept for later: more than the pause between two passes, or the rate would
// never be reached.
const savedUp = 500 * time.Millisecond

// rules are the rules of a replicator by their holders. Safe for concurrent use.
type rules struct {
	mu      sync.Mutex
	all     map[string]*ruling
	changed chan struct{} // closed and replaced when a rule comes or goes
}

// ruling is a rule with what it remembers.
type ruling struct {
	api.Rule
	paid time.Time // throttle: up to when the rate is used up by what was copied
}

func newRules() *rules { return &rules{all: map[string]*ruling{}, changed: make(chan struct{})} }

// set takes a rule in place of the holder's last; nil takes that away.
func (r *rules) set(holder string, to *api.Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to == nil {
		delete(r.all, holder)
	} else {
		r.all[holder] = &ruling{Rule: *to}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// change is closed when a rule comes or goes. It is also a word for the rules as they are now.
func (r *rules) change() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

func (r *rules) list() map[string]api.Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]api.Rule{}
	for holder, rule := range r.all {
		all[holder] = rule.Rule
	}
	return all
}

// lags says whether it matters when a thing was written.
func (r *rules) lags(store, key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range r.all {
		if rule.Do == api.RuleLag && rule.Covers(store, key) {
			return true
		}
	}
	return false
}

// thing is something that waits to be copied.
type thing struct {
	store, key string
	written    time.Time
	size       int64
}

// onHold is a thing that the rules let nobody copy yet.
type onHold struct {
	until time.Time // when it is worth asking again; zero: not before the rules have changed
}

func (h onHold) Error() string { return "held by a rule" }

// admit is nil when a thing may be copied now, which counts as done, and else onHold.
func (r *rules) admit(t thing, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var until time.Time
	var charged []*ruling
	for _, rule := range r.all {
		if !rule.Covers(t.store, t.key) {
			continue
		}
		switch rule.Do {
		case api.RulePause:
			return onHold{}
		case api.RuleLag:
			until = latest(until, t.written.Add(rule.Lag))
		case api.RuleThrottle:
			until = latest(until, rule.paid)
			charged = append(charged, rule)
		}
	}
	if until.After(now) {
		return onHold{until: until}
	}
	for _, rule := range charged {
		costs := time.Duration(float64(t.size) / float64(rule.Rate) * float64(time.Second))
		rule.paid = latest(rule.paid, now.Add(-savedUp)).Add(costs)
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// routes adds GET /rules, and PUT and DELETE /rules/{holder}. All answer with the rules by holder.
func (r *rules) routes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		runtime.WriteJSON(w, r.list())
	}
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("PUT /rules/{holder}", func(w http.ResponseWriter, req *http.Request) {
		var rule api.Rule
		err := runtime.ReadJSON(w, req, &rule)
		if err == nil {
			err = rule.Validate()
		}
		if err == nil {
			r.set(req.PathValue("holder"), &rule)
		}
		answer(w, err)
	})
	mux.HandleFunc("DELETE /rules/{holder}", func(w http.ResponseWriter, req *http.Request) {
		r.set(req.PathValue("holder"), nil)
		answer(w, nil)
	})
}

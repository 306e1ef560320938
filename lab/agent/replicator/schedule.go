package replicator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// schedule says when the rules of a replicator copy. What it has to know after the process has died is in a file. Safe
// for concurrent use.
type schedule struct {
	file string // empty: none

	mu      sync.Mutex
	kept    keptSchedule
	copied  map[string]int // by lane: by its last run that is done
	changed chan struct{}  // closed and replaced when something was ordered, or is done
}

// keptSchedule is what outlives the process.
type keptSchedule struct {
	Began   time.Time      `json:"began"`   // zero: it has not
	Ordered map[string]int `json:"ordered"` // by rule: how many runs were ordered
	Done    map[string]int `json:"done"`    // by lane: how many of the runs that were due are done, skipped ones too
}

// newSchedule goes on from what the file says, if there is one.
func newSchedule(file string) (*schedule, error) {
	s := &schedule{file: file, copied: map[string]int{}, changed: make(chan struct{})}
	s.kept = keptSchedule{Ordered: map[string]int{}, Done: map[string]int{}}
	if file == "" {
		return s, nil
	}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err == nil:
		err = json.Unmarshal(data, &s.kept)
	}
	if err != nil {
		return nil, fmt.Errorf("read the schedule: %w", err)
	}
	return s, nil
}

// begin has it begin now.
func (s *schedule) begin(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Began = now
	clear(s.kept.Done)
	for rule := range s.kept.Ordered { // what was ordered before is as if it had been done
		delete(s.kept.Ordered, rule)
	}
	s.note()
}

// order has a rule run once more, and says how many runs that are.
func (s *schedule) order(rule string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Ordered[rule]++
	s.note()
	return s.kept.Ordered[rule]
}

// note keeps what has changed and tells those who wait, with the lock held. Where it can't be kept the replicator goes
// on: only its own death would lose it.
func (s *schedule) note() {
	close(s.changed)
	s.changed = make(chan struct{})
	if s.file == "" {
		return
	}
	err := runtime.ReplaceFile(s.file, func(w io.Writer) error { return json.NewEncoder(w).Encode(s.kept) })
	if err != nil {
		slog.Error("schedule not kept", "error", err)
	}
}

// gate is whether a lane copies, until when that is so, and the run that it copies for.
type gate struct {
	open  bool
	until time.Time // zero: until something is ordered, or for ever
	run   int       // of a rule that runs; 0: none
}

// look is the gate of a lane of a rule at a time.
func (s *schedule) look(lane string, r topology.CopyRule, now time.Time) gate {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := now.Sub(s.kept.Began) - r.Opens
	switch r.When {
	case topology.CopyJob:
		run := s.kept.Ordered[r.Name]
		return gate{open: s.kept.Done[lane] < run, run: run}
	case topology.CopyEvery:
		if s.kept.Began.IsZero() {
			return gate{}
		}
		run := int(since/r.Every) + 1 // the first is due when the schedule begins
		return gate{open: s.kept.Done[lane] < run, run: run, until: now.Add(r.Every - since%r.Every)}
	case topology.CopyWindow:
		if s.kept.Began.IsZero() {
			return gate{}
		}
		if since < 0 {
			return gate{until: now.Add(-since)}
		}
		if in := since % r.Every; in < r.Lasts {
			return gate{open: true, until: now.Add(r.Lasts - in)}
		}
		return gate{until: now.Add(r.Every - since%r.Every)}
	}
	return gate{open: true}
}

// done notes that a lane has copied all that its run was for.
func (s *schedule) done(lane string, run, copied int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Done[lane], s.copied[lane] = run, copied
	s.note()
}

// await waits until lanes have done a run, and returns how much they copied.
func (s *schedule) await(ctx context.Context, lanes []string, run int) (copied int, err error) {
	for {
		copied = 0
		s.mu.Lock()
		left, changed := 0, s.changed
		for _, lane := range lanes {
			copied += s.copied[lane]
			if s.kept.Done[lane] < run {
				left++
			}
		}
		s.mu.Unlock()
		if left == 0 {
			return copied, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return copied, ctx.Err()
		}
	}
}

// change is closed when something was ordered, or is done.
func (s *schedule) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

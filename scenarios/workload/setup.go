package workload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/regionfall/regionfall/scenarios/app"
)

// setup is what a client does before its first operation, and what it keeps of the answers. The nil setup is nothing.
type setup struct {
	requests []Message
	turn     chan struct{} // held by who does it: one at a time

	mu    sync.Mutex
	done  int // how often it was done
	kept  []app.Kept
	holds bool // what is kept can be used
}

func newSetup(requests []Message) *setup {
	if len(requests) == 0 {
		return nil
	}
	return &setup{requests: requests, turn: make(chan struct{}, 1)}
}

// ensure gives what is kept, and which setup it is of. Where nothing is, whoever comes first does the setup and the
// others wait. One that stops half way is begun again by the next.
func (s *setup) ensure(
	ctx context.Context, send func(m Message, kept []app.Kept) Answer,
) (kept []app.Kept, of int, err error) {
	if s == nil {
		return nil, 0, nil
	}
	if kept, of, holds := s.current(); holds {
		return kept, of, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, 0, context.Cause(ctx)
	}
	if kept, of, holds := s.current(); holds {
		return kept, of, nil
	}
	for i, m := range s.requests {
		a := send(m, slices.Clip(kept))
		err := a.Err
		if err == nil && a.Result != Acknowledged {
			err = errors.New(cmp.Or(a.Why, "it was not acknowledged"))
		}
		if err != nil && len(s.requests) > 1 {
			err = fmt.Errorf("request %d of %d: %w", i+1, len(s.requests), err)
		}
		if err != nil {
			return nil, 0, err
		}
		kept = append(kept, a.Kept...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	s.kept, s.holds = kept, true
	return kept, s.done, nil
}

func (s *setup) current() (kept []app.Kept, of int, holds bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept, s.done, s.holds
}

// isDone says whether there is nothing to do before an operation.
func (s *setup) isDone() bool {
	if s == nil {
		return true
	}
	_, _, holds := s.current()
	return holds
}

// expire drops what a setup gave, unless another was done since.
func (s *setup) expire(of int) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == of {
		s.kept, s.holds = nil, false
	}
}

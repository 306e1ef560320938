package workload

import (
	"cmp"
	"context"
	"errors"
	"sync"
)

// signIn is how a client comes by the session that it is known by. The nil signIn needs none.
type signIn struct {
	setup Message
	turn  chan struct{} // held by who signs in: one at a time

	mu    sync.Mutex
	token string // of the session; empty: there is none
}

func newSignIn(setup Message) *signIn {
	if setup == nil {
		return nil
	}
	return &signIn{setup: setup, turn: make(chan struct{}, 1)}
}

// session is the one there is. Without one, whoever comes first signs in and the others wait.
func (s *signIn) session(ctx context.Context, send func(setup Message) Answer) (string, error) {
	if s == nil {
		return "", nil
	}
	if token := s.current(); token != "" {
		return token, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if token := s.current(); token != "" {
		return token, nil
	}
	a := send(s.setup)
	switch {
	case a.Err != nil:
		return "", a.Err
	case a.Result != Acknowledged:
		return "", errors.New(cmp.Or(a.Why, "it was not let in"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = a.Session
	return s.token, nil
}

func (s *signIn) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// forget drops a session that is none any more.
func (s *signIn) forget(token string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

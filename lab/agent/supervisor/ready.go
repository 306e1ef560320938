package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// readyLimit bounds one question. Whoever asks the supervisor has limits of its own.
const readyLimit = 5 * time.Second

// ready says with which revision of the configuration the app can do its work; empty where nobody knows. The error is
// an api.AppNotReady.
func (s *supervisor) ready(ctx context.Context) (revision string, err error) {
	before, why := s.state()
	if !before.Running {
		return "", api.AppNotReady{Lacks: api.LacksProcess, Why: why}
	}
	header, err := s.ask(ctx)
	after, why := s.state()
	lacks := api.LacksAnswer
	if errors.Is(err, syscall.ECONNREFUSED) {
		lacks = api.LacksPort
	}
	switch {
	case !after.Running:
		return "", api.AppNotReady{Lacks: api.LacksProcess, Why: why}
	case after.Runs != before.Runs:
		return "", api.AppNotReady{Lacks: api.LacksProcess, Why: "the app has just been started again"}
	case err != nil && after.Last != "":
		return "", api.AppNotReady{Lacks: lacks, Why: fmt.Sprintf("%v; before, %s", err, after.Last)}
	case err != nil:
		return "", api.AppNotReady{Lacks: lacks, Why: err.Error()}
	case s.cfg.Restarts || len(s.cfg.Endpoints) > 0 || s.cfg.Ready == "":
		return strconv.Itoa(before.Revision), nil
	default:
		return header.Get(api.HeaderRevision), nil
	}
}

// settlesIn is how long an app has to run that nobody can ask.
const settlesIn = time.Second

// ask asks the app whether it can do its work. One that listens on nothing can when it goes on running.
func (s *supervisor) ask(ctx context.Context) (http.Header, error) {
	if s.cfg.Ready != "" {
		return runtime.NewChecker(s.cfg.Ready, s.cfg.Holds, readyLimit).Ask(ctx)
	}
	s.mu.Lock()
	since := s.since
	s.mu.Unlock()
	if ran := time.Since(since); ran < settlesIn {
		return nil, fmt.Errorf("the app has run for %s: it has to go on for %s", ran.Round(time.Millisecond), settlesIn)
	}
	return nil, nil //nolint:nilnil // it says nothing more
}

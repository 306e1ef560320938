package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// lookEvery is how often the configuration is read: what a failover waits, at most, before a node begins to start.
	lookEvery = 50 * time.Millisecond
	// lastsFrom is how long the app has to run for its next end to be the first again.
	lastsFrom = 10 * time.Second
)

// supervisor runs one app.
type supervisor struct {
	cfg       api.SupervisorConfig
	out, errs io.Writer // where the app's log goes
	stopLimit time.Duration
	marks     *runtime.Marks
	endpoints map[string]*endpoint // by their keys, between Open and the end of Run

	mu    sync.Mutex
	is    api.AppState
	why   string    // nothing runs, or what runs is about to end
	wish  wish      // that is in force: the app runs with it, or waits
	since time.Time // when the app was started last
}

// New makes the supervisor of an app.
func New(cfg api.SupervisorConfig, marks *runtime.Marks) (runtime.Service, error) {
	return newSupervisor(cfg, marks)
}

func newSupervisor(cfg api.SupervisorConfig, marks *runtime.Marks) (*supervisor, error) {
	var errs []error
	if len(cfg.Command) == 0 || cfg.Command[0] == "" {
		errs = append(errs, errors.New("command is missing"))
	}
	if cfg.ConfigFile == "" {
		errs = append(errs, errors.New("config_file is missing"))
	}
	if cfg.RunsFrom < 1 {
		errs = append(errs, fmt.Errorf("runs_from is %d, want 1 or more", cfg.RunsFrom))
	}
	for key := range cfg.Endpoints {
		if _, is := (topology.Config{}).Endpoints()[key]; !is {
			errs = append(errs, fmt.Errorf("endpoints has %q, which no configuration has", key))
		}
	}
	if len(cfg.Env) > 0 && !cfg.Restarts {
		errs = append(errs, errors.New("env is of an app that is not started again"))
	}
	for _, texts := range []map[string]string{cfg.Env, cfg.Files} {
		if _, err := cfg.In.FillAll(texts); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("make supervisor: %w", err)
	}
	return &supervisor{
		cfg: cfg, out: os.Stdout, errs: os.Stderr, stopLimit: stopLimit, marks: marks,
		endpoints: map[string]*endpoint{}, why: "the node has no configuration yet",
	}, nil
}

// Open opens the endpoints.
func (s *supervisor) Open(ctx context.Context) error {
	for key, address := range s.cfg.Endpoints {
		e, err := listen(ctx, address, func(name, detail string) { s.marks.Leave(name, key+" "+detail) })
		if err != nil {
			return fmt.Errorf("open the endpoint of %s: %w", key, err)
		}
		s.endpoints[key] = e
	}
	return nil
}

// passedOn are the signals that the app gets as its supervisor does. The two that end an agent reach it as the end of
// the context, and the app as SIGTERM.
var passedOn = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH}

// Run keeps the app running while the configuration asks for it, until ctx ends: then the app is told to end, and is
// waited for.
func (s *supervisor) Run(ctx context.Context) error {
	for _, e := range s.endpoints {
		go runtime.With("serve an endpoint", e.serve)()
		defer e.close()
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var app *process // nil while none runs
	var due time.Time
	for {
		next, err := look(s.cfg, s.wish)
		if err != nil {
			return err
		}
		changed := next.revision != s.wish.revision
		if app != nil && changed && (!next.runs || next.outdated(s.wish)) {
			s.say(fmt.Sprintf("the app is being stopped: revision %d of the configuration is here", next.revision))
			app.stop(s.stopLimit)
			app = nil
		}
		if changed {
			for key, e := range s.endpoints {
				e.turn(next.leads[key])
			}
			s.accept(next)
			due = time.Time{}
		}
		if app == nil && s.wish.runs && !time.Now().Before(due) {
			if app, err = s.start(); err != nil {
				due = s.failed(time.Now(), "the app could not be started: "+err.Error(), nil)
			}
		}
		var ended chan struct{}
		if app != nil {
			ended = app.ended
		}
		select {
		case <-ctx.Done():
			if app != nil {
				app.stop(s.stopLimit)
			}
			return nil
		case <-ended:
			due = s.failed(app.began, "the app ended with "+app.how(), app.tail.reason())
			app = nil
		case got := <-signals:
			if unix, is := got.(syscall.Signal); is && app != nil {
				app.signal(unix)
			}
		case <-tick.C:
		}
	}
}

// say notes why nothing runs.
func (s *supervisor) say(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is.Running, s.why = false, why
}

// accept has a wish in force. An app that runs has nothing of it that would make a difference.
func (s *supervisor) accept(next wish) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.is.Running {
		s.why = fmt.Sprintf("the app is about to start with revision %d of the configuration", next.revision)
		if !next.runs {
			s.why = fmt.Sprintf("the app waits: revision %d of the configuration asks for %d nodes, and this one "+
				"runs from %d on", next.revision, next.nodes, s.cfg.RunsFrom)
		}
	}
	s.wish, s.is.Revision, s.is.Failures = next, next.revision, 0
}

func (s *supervisor) start() (*process, error) {
	env := own()
	for name, value := range s.wish.env {
		env = append(env, name+"="+value)
	}
	s.mu.Lock()
	s.is.Runs++
	s.mu.Unlock()
	if err := writeFiles(s.wish.files); err != nil {
		return nil, err
	}
	app, err := start(s.cfg.Command, env, s.out, s.errs)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is.Running, s.why, s.since = true, "", app.began
	return app, nil
}

// failed notes that the app has ended by itself, in one sentence, and says when it is to be started again.
func (s *supervisor) failed(began time.Time, how string, lines []string) time.Time {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	lasted := now.Sub(began)
	if lasted >= lastsFrom {
		s.is.Failures = 0
	}
	s.is.Failures++
	pause := api.AppPause(s.is.Failures)
	said := fmt.Sprintf("%s after %.1f s", how, lasted.Seconds())
	if s.is.Failures > 1 {
		said += fmt.Sprintf(", %d times in a row", s.is.Failures)
	}
	if len(lines) > 0 {
		said += "; its last lines: " + strings.Join(lines, " | ")
	} else {
		said += "; it left no last words"
	}
	s.is.Running, s.is.Last, s.why = false, said, said
	_, _ = fmt.Fprintf(s.errs, "regionfall: %s; it is started again in %s\n", said, pause)
	return now.Add(pause)
}

// state is what the app does, and why it does not run.
func (s *supervisor) state() (is api.AppState, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.is, s.why
}

// Routes adds GET /state, and GET /readyz, which answers 2xx when the app runs with the configuration that the header
// api.HeaderRevision names and can do its work. Otherwise the answer is an api.AppNotReady.
func (s *supervisor) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		is, _ := s.state()
		runtime.WriteJSON(w, is)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		revision, err := s.ready(r.Context())
		if err != nil {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			runtime.WriteJSON(w, err)
			return
		}
		if revision != "" {
			w.Header().Set(api.HeaderRevision, revision)
		}
	})
}

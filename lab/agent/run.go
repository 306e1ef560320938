package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// shutdownLimit is how long an ending agent waits for the HTTP answers it has begun.
const shutdownLimit = 2 * time.Second

// service is one kind of agent. Routes adds what it serves beside /healthz, /marks and /probe; Run works until ctx ends, and an error ends
// the process.
type service interface {
	Routes(mux *http.ServeMux)
	Run(ctx context.Context) error
}

// opener is a service with listeners of its own. They are opened before /healthz answers, so that an agent that looks ready is.
type opener interface {
	Open(ctx context.Context) error
}

// Run is one agent from start to end: replicator, nameservice, automation, backup, repository or responder. It reads its settings as JSON from the
// environment variable topology.AgentConfigEnv and its name from NODE, serves HTTP on topology.PortAgent, and returns nil when ctx
// ends. Unknown names and unknown settings are errors: a misspelt one would otherwise silently change what is tested.
func Run(ctx context.Context, name string) error {
	node := os.Getenv("NODE")
	if node == "" {
		node = name
	}
	marks := NewMarks(node)
	svc, err := build(name, os.Getenv(topology.AgentConfigEnv), marks)
	if err != nil {
		return fmt.Errorf("start agent %s: %w", name, err)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", fmt.Sprintf(":%d", topology.PortAgent))
	if err != nil {
		return fmt.Errorf("start agent %s: %w", name, err)
	}
	if err := serve(ctx, listener, svc, marks); err != nil {
		return fmt.Errorf("run agent %s: %w", name, err)
	}
	return nil
}

// build makes the service of that name from its settings.
func build(name, settings string, marks *Marks) (service, error) {
	switch topology.Service(name) {
	case topology.ServiceReplicator:
		return construct(settings, marks, newReplicator)
	case topology.ServiceNameservice:
		return construct(settings, marks, newNameservice)
	case topology.ServiceAutomation:
		return construct(settings, marks, newAutomation)
	case topology.ServiceBackup:
		return construct(settings, marks, newBackup)
	case topology.ServiceRepository:
		return construct(settings, marks, newRepository)
	case topology.ServiceResponder:
		return construct(settings, marks, newResponder)
	default:
		return nil, fmt.Errorf("no agent is called %q; there are %s, %s, %s, %s, %s and %s", name, topology.ServiceReplicator,
			topology.ServiceNameservice, topology.ServiceAutomation, topology.ServiceBackup, topology.ServiceRepository, topology.ServiceResponder)
	}
}

func construct[C any](settings string, marks *Marks, make func(C, *Marks) (service, error)) (service, error) {
	var config C
	decoder := json.NewDecoder(strings.NewReader(settings))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return nil, fmt.Errorf("read settings from %s: %w", topology.AgentConfigEnv, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read settings from %s: more than one document", topology.AgentConfigEnv)
	}
	return make(config, marks)
}

// serve runs the service and its HTTP on the listener, which it closes, until ctx ends (nil) or either of them fails.
func serve(ctx context.Context, listener net.Listener, svc service, marks *Marks) error {
	if o, ok := svc.(opener); ok {
		if err := o.Open(ctx); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.Handle("GET /marks", marks)
	mux.Handle("/probe", &probe.Lines{})
	svc.Routes(mux)

	group, running := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		// Requests end with the agent, or a long poll would hold up its end.
		BaseContext: func(net.Listener) context.Context { return running },
	}
	group.Go(func() error {
		defer lastWords("serve HTTP")
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
		defer cancel()
		if server.Shutdown(ending) != nil {
			return server.Close() // somebody is still connected: that is no failure of an agent that was told to end
		}
		return nil
	})
	group.Go(func() error {
		defer lastWords("do its work")
		if err := svc.Run(running); err != nil && running.Err() == nil {
			return err
		}
		return nil
	})
	return group.Wait()
}

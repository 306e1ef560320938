package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/probe"
)

// ShutdownLimit is how long an ending agent waits for the HTTP answers it has begun.
const ShutdownLimit = 2 * time.Second

// Service is one kind of agent. Routes adds what it serves beside /healthz, /marks and /probe; Run works until ctx
// ends, and an error ends the process.
type Service interface {
	Routes(mux *http.ServeMux)
	Run(ctx context.Context) error
}

// opener is a service with listeners of its own. They are opened before /healthz answers, so that an agent that looks
// ready is.
type opener interface {
	Open(ctx context.Context) error
}

// Serve runs the service and its HTTP on the listener, which it closes, until ctx ends (nil) or either of them fails.
func Serve(ctx context.Context, listener net.Listener, svc Service, marks *Marks) error {
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
		defer LastWords("serve HTTP")
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), ShutdownLimit)
		defer cancel()
		if server.Shutdown(ending) != nil {
			return server.Close() // somebody is still connected: that is no failure of an agent that was told to end
		}
		return nil
	})
	group.Go(func() error {
		defer LastWords("do its work")
		if err := svc.Run(running); err != nil && running.Err() == nil {
			return err
		}
		return nil
	})
	return group.Wait()
}

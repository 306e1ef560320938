package agent

import (
	"context"
	"net/http"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// responder answers /healthz, as every agent does, and has nothing else to do: what is waited for is the machine, and
// the way to it. It is a process and a container of its own, because an answer of the replicator, say, would have to
// wait while that reads a long list of objects, which no client of the app does; and because faults that kill or pause
// the replicator leave the region in service.
type responder struct{}

func newResponder(api.ResponderConfig, *runtime.Marks) (runtime.Service, error) {
	return responder{}, nil
}

// Routes adds none.
func (responder) Routes(*http.ServeMux) {}

// Run waits for the end.
func (responder) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

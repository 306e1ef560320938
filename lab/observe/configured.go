package observe

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// configuredLimit bounds the question to one node: who does not answer in that time is taken to serve nobody either.
const configuredLimit = time.Second

// Configured is what a node of the app says of its configuration (GET /config).
type Configured struct {
	Node, Service, Region string // the service is the part that the node plays in the app
	Err                   error  // it did not answer; what follows is not known
	topology.ConfigReport
}

// Configured asks every node of the app at once, past all faults, but for those of processes, which need not listen.
// An app that is not the sample app may answer in the same form.
func (v View) Configured(ctx context.Context) []Configured {
	var all []topology.Place
	for _, n := range v.lab.Places() {
		if _, process := v.lab.Topology().Process(n.Part); n.Service == topology.ServiceApp && !process {
			all = append(all, n)
		}
	}
	answers := make([]Configured, len(all))
	var each sync.WaitGroup
	for i, n := range all {
		each.Go(func() {
			answers[i] = Configured{Node: n.Name(), Service: cmp.Or(n.Part, string(n.Service)), Region: n.Region}
			answers[i].ConfigReport, answers[i].Err = v.configOf(ctx, n.Name())
		})
	}
	each.Wait()
	return answers
}

func (v View) configOf(ctx context.Context, node string) (r topology.ConfigReport, err error) {
	ctx, cancel := context.WithTimeout(ctx, configuredLimit)
	defer cancel()
	tap, err := v.lab.Tap(node)
	if err != nil {
		return r, err
	}
	if err := at(tap).Call(ctx, http.MethodGet, "/config", nil, &r); err != nil {
		return r, err
	}
	if r.Revision == 0 {
		return r, errors.New("no configuration is in force")
	}
	return r, nil
}

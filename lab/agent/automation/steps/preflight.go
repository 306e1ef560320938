package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// preflight holds the redirect until no node of the region's app refers to the home region: neither by a value of its
// configuration nor by an open connection. A node that does not answer holds it for one deadline of the step, and is
// passed over then: dead nodes must not keep clients from the others.
type preflight struct {
	home   string
	nodes  []string        // URLs of GET /config
	silent map[string]bool // those that are passed over
}

// errSilent is a node that said nothing of its configuration.
var errSilent = errors.New("it does not answer")

func makePreflight(t tools) Step {
	if len(t.cfg.Preflight) == 0 {
		return Step{}
	}
	p := preflight{home: t.cfg.Home, nodes: t.cfg.Preflight, silent: map[string]bool{}}
	return Step{Run: p.Run}
}

// Run asks all nodes until each is fit, within the deadline of ctx. The error names node, key, address and region.
func (p preflight) Run(ctx context.Context) (string, error) {
	var errs []error
	err := runtime.Poll(ctx, world.ReadyEvery, func(ctx context.Context) error {
		now := make([]error, len(p.nodes))
		var each sync.WaitGroup
		for i, url := range p.nodes {
			each.Go(func() {
				defer runtime.LastWords("ask a node of the app for its configuration")
				if err := p.ask(ctx, url); !p.silent[url] || !errors.Is(err, errSilent) {
					now[i] = err
				}
			})
		}
		each.Wait()
		if ctx.Err() == nil { // else it was cut short, and says nothing
			errs = now
		}
		return errors.Join(now...)
	})
	if err == nil {
		detail := fmt.Sprintf("none of %d nodes refers to %s", len(p.nodes)-len(p.silent), p.home)
		if n := len(p.silent); n > 0 {
			detail += fmt.Sprintf(", %d did not answer", n)
		}
		return detail, nil
	}
	var silent []string
	for i, err := range errs {
		if errors.Is(err, errSilent) {
			silent = append(silent, p.nodes[i])
		}
	}
	if len(silent)+len(p.silent) < len(p.nodes) { // somebody has to be there for clients
		for _, url := range silent {
			p.silent[url] = true
		}
	}
	return "", err
}

func (p preflight) ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, world.AnswerLimit)
	defer cancel()
	node := strings.TrimPrefix(strings.TrimSuffix(url, "/config"), "http://")
	var r topology.ConfigReport
	if err := api.Linked(url).Call(ctx, http.MethodGet, "", nil, &r); err != nil {
		return fmt.Errorf("%s: %w: %w", node, errSilent, err)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Endpoints)) {
		if e := r.Endpoints[key]; e.Region == p.home {
			return fmt.Errorf("%s has %s at %s in %s (%s, revision %d)", node, key, e.Address, e.Region, r.Sources[key],
				r.Revision)
		}
	}
	for _, c := range r.Connections {
		if c.Region == p.home && c.Open > 0 {
			return fmt.Errorf("%s has %d connections to %s at %s in %s open", node, c.Open, c.Store, c.Address,
				c.Region)
		}
	}
	return nil
}

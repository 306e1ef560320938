package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/regionfall/regionfall/lab/topology"
)

// preflight holds the redirect until no node of the region's app refers to the home region: neither by a value of its configuration nor by an open
// connection. A node that does not answer holds it too: nobody knows what it would do with clients.
type preflight struct {
	home  string
	nodes []string // URLs of GET /config
}

// Name is preflight.
func (preflight) Name() string { return "preflight" }

// Do asks all nodes until each is fit, within the deadline of ctx. The error names node, key, address and region.
func (p preflight) Do(ctx context.Context) (string, error) {
	err := poll(ctx, readyEvery, func(ctx context.Context) error {
		errs := make([]error, len(p.nodes))
		var each sync.WaitGroup
		for i, url := range p.nodes {
			each.Go(func() { errs[i] = p.ask(ctx, url) })
		}
		each.Wait()
		return errors.Join(errs...)
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("none of %d nodes refers to %s", len(p.nodes), p.home), nil
}

func (p preflight) ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	node := strings.TrimPrefix(strings.TrimSuffix(url, "/config"), "http://")
	var r topology.ConfigReport
	if err := exchange(ctx, http.MethodGet, url, nil, &r); err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Endpoints)) {
		if e := r.Endpoints[key]; e.Region == p.home {
			return fmt.Errorf("%s has %s at %s in %s (%s, revision %d)", node, key, e.Address, e.Region, r.Sources[key], r.Revision)
		}
	}
	for _, c := range r.Connections {
		if c.Region == p.home && c.Open > 0 {
			return fmt.Errorf("%s has %d connections to %s at %s in %s open", node, c.Open, c.Store, c.Address, c.Region)
		}
	}
	return nil
}

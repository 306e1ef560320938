package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
)

// Routing is what the name service says of itself (GET /health).
type Routing struct {
	Primary    string         `json:"primary"`
	Answer     string         `json:"answer"`  // of several, the first from the primary on
	Answers    []string       `json:"answers"` // of which one question gets all, or one, by the policy
	Weights    map[string]int `json:"weights"` // with policy weighted
	Whole      bool           `json:"whole"`   // the primary gets everything, whatever the weights are
	Generation int            `json:"generation"`
	Targets    []struct {
		Region    string `json:"region"`
		Healthy   bool   `json:"healthy"`
		LastError string `json:"last_error"`
	} `json:"targets"`
}

// Routing asks the name service which region it answers, and why.
func (l *Lab) Routing(ctx context.Context) (Routing, error) {
	return l.askNames(ctx, http.MethodGet, "/health", nil)
}

// SetWeights gives regions of a weighted record other weights. From then on they count again, if a failover has redirected clients.
func (l *Lab) SetWeights(ctx context.Context, weights map[string]int) (Routing, error) {
	order, err := json.Marshal(weights)
	if err != nil {
		return Routing{}, err
	}
	return l.askNames(ctx, http.MethodPut, "/weights", order)
}

func (l *Lab) askNames(ctx context.Context, method, path string, order []byte) (r Routing, err error) {
	tap, err := l.Tap(topology.ServiceNameservice.Host(topology.Global))
	if err != nil {
		return r, err
	}
	body, err := ask(ctx, method, "http://"+tap+path, bytes.NewReader(order))
	if err == nil {
		err = json.Unmarshal(body, &r)
	}
	if err != nil {
		return Routing{}, fmt.Errorf("ask the name service: %w", err)
	}
	return r, nil
}

// CheckRouting asks whether clients are sent where the topology wants them, and every region whose app is to run is seen healthy.
func (l *Lab) CheckRouting(ctx context.Context) error {
	r, err := l.Routing(ctx)
	if err != nil {
		return err
	}
	return checkRouting(l.topology, r)
}

func checkRouting(t topology.Topology, r Routing) error {
	want := []string{t.Home().Name}
	if p := t.Routing.Policy; p != topology.Failover && p != "" {
		want = nil
		for _, region := range t.Regions {
			if t.AppsAtStart(region) > 0 && (p != topology.Weighted || region.Weight > 0) {
				want = append(want, region.Name)
			}
		}
	}
	var errs []error
	if !slices.Equal(r.Answers, want) {
		errs = append(errs, fmt.Errorf("the name service answers %v and should answer %v", r.Answers, want))
	}
	for _, target := range r.Targets {
		region, _ := t.Region(target.Region)
		if !target.Healthy && t.AppsAtStart(region) > 0 {
			errs = append(errs, fmt.Errorf("the name service finds %s unhealthy: %s", target.Region, target.LastError))
		}
	}
	return errors.Join(errs...)
}

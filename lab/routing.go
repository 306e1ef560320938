package lab

import (
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
	Primary    string   `json:"primary"`
	Answer     string   `json:"answer"`  // of several, the first from the primary on
	Answers    []string `json:"answers"` // more than one with policy multivalue only
	Generation int      `json:"generation"`
	Targets    []struct {
		Region    string `json:"region"`
		Healthy   bool   `json:"healthy"`
		LastError string `json:"last_error"`
	} `json:"targets"`
}

// Routing asks the name service which region it answers, and why.
func (l *Lab) Routing(ctx context.Context) (Routing, error) {
	var r Routing
	tap, err := l.Tap(topology.ServiceNameservice.Host(topology.Global))
	if err != nil {
		return r, err
	}
	body, err := ask(ctx, http.MethodGet, "http://"+tap+"/health", http.NoBody)
	if err != nil {
		return r, fmt.Errorf("ask the name service: %w", err)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("ask the name service: %w", err)
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
	if t.Routing.Policy == topology.Multivalue {
		want = nil
		for _, region := range t.Regions {
			want = append(want, region.Name)
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

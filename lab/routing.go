package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/regionfall/regionfall/lab/topology"
)

// Routing is what the name service says of itself (GET /health).
type Routing struct {
	Primary    string `json:"primary"`
	Answer     string `json:"answer"`
	Generation int    `json:"generation"`
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

// CheckRouting asks whether clients are sent to the home region and every region is seen healthy.
func (l *Lab) CheckRouting(ctx context.Context) error {
	r, err := l.Routing(ctx)
	if err != nil {
		return err
	}
	var errs []error
	if home := l.topology.Home().Name; r.Answer != home {
		errs = append(errs, fmt.Errorf("the name service answers %q and should answer %s", r.Answer, home))
	}
	for _, t := range r.Targets {
		if !t.Healthy {
			errs = append(errs, fmt.Errorf("the name service finds %s unhealthy: %s", t.Region, t.LastError))
		}
	}
	return errors.Join(errs...)
}

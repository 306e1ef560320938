package lab

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// SetWeights gives regions of a weighted record other weights. From then on they count again, if a failover has
// redirected clients.
func (l *Lab) SetWeights(ctx context.Context, weights map[string]int) (api.Routing, error) {
	tap, err := l.Addresses().Tap(topology.ServiceNameservice.Host(topology.Global))
	if err != nil {
		return api.Routing{}, err
	}
	r, err := api.Nameservice{Caller: at(tap)}.SetWeights(ctx, weights)
	return r, asked("the name service", err)
}

// asked says of an error who was asked.
func asked(whom string, err error) error {
	if err != nil {
		err = fmt.Errorf("ask %s: %w", whom, err)
	}
	return err
}

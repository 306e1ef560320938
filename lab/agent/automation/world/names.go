package world

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/api"
)

// Names is the name service, at a URL.
type Names struct{ URL string }

func (n Names) service() api.Nameservice { return api.Nameservice{Caller: api.Linked(n.URL)} }

// Routing is what the name service answers, and why.
func (n Names) Routing(ctx context.Context) (api.Routing, error) {
	return complete(n.service().Routing(ctx))
}

// SetPrimary has the name service answer a region for good.
func (n Names) SetPrimary(ctx context.Context, region string) error {
	_, err := complete(n.service().SetPrimary(ctx, region))
	return err
}

// SetWeights has the name service answer regions by weight.
func (n Names) SetWeights(ctx context.Context, weights map[string]int) error {
	_, err := complete(n.service().SetWeights(ctx, weights))
	return err
}

// complete refuses an answer that lacks what every answer has.
func complete(r api.Routing, err error) (api.Routing, error) {
	if err == nil && (r.Primary == "" || r.Answer == "" || len(r.Targets) == 0) {
		err = errors.New("name service answered without primary, answer and targets")
	}
	if err != nil {
		return api.Routing{}, err
	}
	return r, nil
}

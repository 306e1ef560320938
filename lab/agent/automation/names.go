package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"
)

// witnessLimit bounds one question to the witness.
const witnessLimit = time.Second

// witness says whether the home region is lost as seen from a third place. Without one, a partition between the two
// regions looks to each as if the other had died.
type witness interface {
	// SeesLoss is nil when the witness sees the loss too, and otherwise says what speaks against it.
	SeesLoss(ctx context.Context) error
}

// nameWitness is the name service as witness: its health checks reach the regions by ways of their own.
type nameWitness struct {
	names nameClient
	home  string
}

// SeesLoss asks for the health of the home region. A witness that cannot be reached agrees to nothing: then it may be
// this region that is cut off.
func (w nameWitness) SeesLoss(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	record, err := w.names.health(ctx)
	if err != nil {
		return runtime.Plain("the witness cannot be asked: " + runtime.Cause(runtime.Within(witnessLimit, err)))
	}
	for _, t := range record.Targets {
		switch {
		case t.Region != w.home:
		case t.Healthy:
			return fmt.Errorf("the witness sees %s healthy", w.home)
		default:
			return nil
		}
	}
	return fmt.Errorf("the witness does not know %s", w.home)
}

// nameClient speaks to the name service.
type nameClient struct{ base string }

func (c nameClient) service() api.Nameservice { return api.Nameservice{Caller: api.Linked(c.base)} }

func (c nameClient) health(ctx context.Context) (api.Routing, error) {
	return whole(c.service().Routing(ctx))
}

func (c nameClient) makePrimary(ctx context.Context, region string) error {
	_, err := whole(c.service().SetPrimary(ctx, region))
	return err
}

func (c nameClient) weigh(ctx context.Context, weights map[string]int) error {
	_, err := whole(c.service().SetWeights(ctx, weights))
	return err
}

// whole is an answer that says what it has to.
func whole(r api.Routing, err error) (api.Routing, error) {
	if err == nil && (r.Primary == "" || r.Answer == "" || len(r.Targets) == 0) {
		err = errors.New("name service answered without primary, answer and targets")
	}
	if err != nil {
		return api.Routing{}, err
	}
	return r, nil
}

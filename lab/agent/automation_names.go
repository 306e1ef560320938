package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/api"
)

// witnessLimit bounds one question to the witness.
const witnessLimit = time.Second

// witness says whether the home region is lost as seen from a third place. Without one, a partition between the two regions looks
// to each as if the other had died.
type witness interface {
	// SeesLoss is nil when the witness sees the loss too, and otherwise says what speaks against it.
	SeesLoss(ctx context.Context) error
}

// nameWitness is the name service as witness: its health checks reach the regions by ways of their own.
type nameWitness struct {
	names nameClient
	home  string
}

// SeesLoss asks for the health of the home region. A witness that cannot be reached agrees to nothing: then it may be this region that
// is cut off.
func (w nameWitness) SeesLoss(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	record, err := w.names.health(ctx)
	if err != nil {
		return plain("the witness cannot be asked: " + cause(within(witnessLimit, err)))
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

func (c nameClient) health(ctx context.Context) (api.Routing, error) {
	return c.do(ctx, http.MethodGet, "/health", nil)
}

func (c nameClient) makePrimary(ctx context.Context, region string) error {
	_, err := c.do(ctx, http.MethodPut, "/primary", map[string]string{"region": region})
	return err
}

func (c nameClient) weigh(ctx context.Context, weights map[string]int) error {
	_, err := c.do(ctx, http.MethodPut, "/weights", weights)
	return err
}

func (c nameClient) do(ctx context.Context, method, path string, order any) (record api.Routing, err error) {
	if err := exchange(ctx, method, c.base+path, order, &record); err != nil {
		return api.Routing{}, err
	}
	if record.Primary == "" || record.Answer == "" || len(record.Targets) == 0 {
		return api.Routing{}, errors.New("name service answered without primary, answer and targets")
	}
	return record, nil
}

package automation

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
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
	names world.Names
	home  string
}

// SeesLoss asks for the health of the home region. A witness that cannot be reached agrees to nothing: then it may be
// this region that is cut off.
func (w nameWitness) SeesLoss(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	record, err := w.names.Routing(ctx)
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

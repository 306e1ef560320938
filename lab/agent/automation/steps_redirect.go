package automation

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
)

// redirectEvery is how often the name service is asked whether it answers the region.
const redirectEvery = 50 * time.Millisecond

// redirect has the name service answer this region, for good: while only health checks decided, clients would go back
// to the old primary as soon as it looks healthy again.
type redirect struct {
	names  nameClient
	region string
}

// Name is redirect.
func (redirect) Name() string { return "redirect" }

// Do orders it, and waits for the answer.
func (r redirect) Do(ctx context.Context) (string, error) {
	record, err := r.names.health(ctx)
	if err != nil {
		return "", err
	}
	how := "was so already"
	shared := record.Weights != nil && !record.Whole // by weights, that somebody has given
	if record.Primary != r.region || shared {
		how = "instead of " + record.Primary
		if shared {
			how = "instead of by weight"
		}
		if err := r.names.makePrimary(ctx, r.region); err != nil {
			return "", err
		}
	}
	err = runtime.Poll(ctx, redirectEvery, func(ctx context.Context) error {
		record, err := r.names.health(ctx)
		if err != nil {
			return err
		}
		if record.Primary != r.region || record.Answer != r.region {
			return fmt.Errorf("it answers %s, with %s as primary", record.Answer, record.Primary)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("wait for the name service to answer %s: %w", r.region, err)
	}
	return r.region + ", " + how, nil
}

// Again orders it once more if the name service has forgotten it, as one does that was started again. A primary that
// somebody else has chosen since, as for a failback, is left alone. The detail is empty when there was nothing to do.
func (r redirect) Again(ctx context.Context) (detail string, err error) {
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	record, err := r.names.health(ctx)
	if err != nil || record.Primary == r.region || record.Ordered {
		return "", err
	}
	if err := r.names.makePrimary(ctx, r.region); err != nil {
		return "", err
	}
	return r.region + ", instead of " + record.Primary, nil
}

package steps

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
)

// redirectEvery is how often the name service is asked whether it answers the region.
const redirectEvery = 50 * time.Millisecond

// againLimit bounds one look at whether the name service has forgotten the redirect.
const againLimit = time.Second

// Redirect has the name service answer this region, for good: while only health checks decided, clients would go back
// to the old primary as soon as it looks healthy again.
type Redirect struct {
	Names  world.Names
	Region string
}

// makeRedirect redirects clients at once, or a share at a time where the settings say so.
func makeRedirect(t tools) Step {
	if t.cfg.Shift.InSteps() {
		s := newShift(t.cfg, t.names, t.marks)
		return Step{Run: s.Run, Waits: s.lasts}
	}
	return Step{Run: Redirect{Names: t.names, Region: t.cfg.Region}.Run}
}

// Run orders it, and waits for the answer.
func (r Redirect) Run(ctx context.Context) (string, error) {
	record, err := r.Names.Routing(ctx)
	if err != nil {
		return "", err
	}
	how := "was so already"
	shared := record.Weights != nil && !record.Whole // by weights, that somebody has given
	if record.Primary != r.Region || shared {
		how = "instead of " + record.Primary
		if shared {
			how = "instead of by weight"
		}
		if err := r.Names.SetPrimary(ctx, r.Region); err != nil {
			return "", err
		}
	}
	err = runtime.Poll(ctx, redirectEvery, func(ctx context.Context) error {
		record, err := r.Names.Routing(ctx)
		if err != nil {
			return err
		}
		if record.Primary != r.Region || record.Answer != r.Region {
			return fmt.Errorf("it answers %s, with %s as primary", record.Answer, record.Primary)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("wait for the name service to answer %s: %w", r.Region, err)
	}
	return r.Region + ", " + how, nil
}

// Again orders it once more if the name service has forgotten it, as one does that was started again. A primary that
// somebody else has chosen since, as for a failback, is left alone. The detail is empty when there was nothing to do.
func (r Redirect) Again(ctx context.Context) (detail string, err error) {
	ctx, cancel := context.WithTimeout(ctx, againLimit)
	defer cancel()
	record, err := r.Names.Routing(ctx)
	if err != nil || record.Primary == r.Region || record.Ordered {
		return "", err
	}
	if err := r.Names.SetPrimary(ctx, r.Region); err != nil {
		return "", err
	}
	return r.Region + ", instead of " + record.Primary, nil
}

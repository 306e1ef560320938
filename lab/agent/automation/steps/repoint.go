package steps

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func makeRepoint(t tools) Step { return Step{Run: newRepoint(t.cfg, t.late).Run} }

// newRepoint is the step that has the region name no other region. How it reads is no business of a failover, and what
// somebody has written into the sections of single services is left alone.
func newRepoint(cfg api.AutomationConfig, late map[string]bool) *publishing {
	p := newPublishing(cfg, api.StepRepoint, late, func(now topology.Config) topology.Config {
		now.Postgres, now.Redis, now.S3, now.DynamoDB, now.MirrorS3, now.MirrorDynamoDB = cfg.Postgres, cfg.Redis,
			cfg.S3, cfg.DynamoDB, nil, nil
		return now
	})
	if cfg.Restarts {
		p.rewritten = "rewritten; nodes with other addresses were started again"
	}
	return p
}

package steps

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func makeScaleOut(t tools) Step { return Step{Run: newScaleOut(t.cfg, t.late).Run} }

// newScaleOut is the step that has all app nodes of the region run.
func newScaleOut(cfg api.AutomationConfig, late map[string]bool) *publishing {
	return newPublishing(cfg, api.StepScaleOut, late, func(now topology.Config) topology.Config {
		now.AppNodes = len(cfg.AppsReady)
		return now
	})
}

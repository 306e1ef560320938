package automation

import (
	"testing"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestSettingsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*api.AutomationConfig){
		"watches itself":          func(c *api.AutomationConfig) { c.Home = c.Region },
		"no interval":             func(c *api.AutomationConfig) { c.Check.Interval = 0 },
		"no threshold":            func(c *api.AutomationConfig) { c.Check.Threshold = 0 },
		"decides before":          func(c *api.AutomationConfig) { c.Decide = -1 },
		"no deadline":             func(c *api.AutomationConfig) { c.StepTimeout = 0 },
		"unknown strategy":        func(c *api.AutomationConfig) { c.Strategy = "hope" },
		"no app to await":         func(c *api.AutomationConfig) { c.AppsReady = nil },
		"no witness":              func(c *api.AutomationConfig) { c.Nameservice = "" },
		"one side":                func(c *api.AutomationConfig) { c.Sides = []api.Side{{}} },
		"nowhere to restore from": func(c *api.AutomationConfig) { c.Strategy = topology.BackupRestore },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := automationtest.Settings()
			change(&cfg)
			if _, err := New(cfg, runtime.NewMarks("x")); err == nil {
				t.Errorf("%+v was taken", cfg)
			}
		})
	}
	if _, err := New(automationtest.Settings(), runtime.NewMarks("x")); err != nil {
		t.Errorf("complete settings: %v", err)
	}
}

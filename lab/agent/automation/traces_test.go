package automation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestProgressWithoutTraces(t *testing.T) {
	cfg := automationtest.Settings()
	cfg.RestoreFile = filepath.Join(t.TempDir(), "base.tar")
	traces := labTraces{cfg: cfg, names: world.Names{URL: cfg.Nameservice}}
	if p, why := traces.Progress(t.Context()); p != progressNone {
		t.Errorf("nothing answers, and it finds %v, %q", p, why)
	}
	if traces.HomeWasThere(t.Context()) {
		t.Error("nothing answers, and it finds that home was there")
	}
	traces.cfg.Strategy = topology.BackupRestore
	if err := os.WriteFile(cfg.RestoreFile, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, why := traces.Progress(t.Context()); p != progressDecided {
		t.Errorf("a base backup was handed over, and it finds %v, %q", p, why)
	}
}

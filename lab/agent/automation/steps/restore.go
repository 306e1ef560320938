package steps

import (
	"github.com/regionfall/regionfall/lab/agent/backup"
	"github.com/regionfall/regionfall/lab/topology"
)

// makeRestore has PostgreSQL start from the newest base backup, where no replica could be promoted.
func makeRestore(t tools) Step {
	if t.cfg.Strategy != topology.BackupRestore {
		return Step{}
	}
	return Step{Run: backup.NewRestore(t.cfg).Run}
}

package fault

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/topology"
)

// FillDisk fills the disk of PostgreSQL nodes to the last byte. The write-ahead log is on another disk, so the server
// lives, and a write fails that needs another page.
type FillDisk struct {
	Nodes `yaml:",inline"`
}

// Kind is fill_disk.
func (*FillDisk) Kind() string { return "fill_disk" }

func (*FillDisk) damagesDisk() {}

// Validate asks for nodes of PostgreSQL.
func (f *FillDisk) Validate(t topology.Topology) error { return f.validateDisk(t) }

// filler is what fills the disk. PostgreSQL leaves files of that beginning out of a backup.
const filler = topology.DataDir + "/pgsql_tmp.regionfall"

// fillScript writes until nothing goes any more, and never more than a small disk takes: where the engine has not
// limited the volume, it is the machine's own disk that would be filled.
var fillScript = fmt.Sprintf(
	`if dd if=/dev/zero of=%s bs=1M count=%d status=none; then rm -f %[1]s; echo "the disk is larger than it should be"; exit 1; fi`,
	filler, topology.DataSize>>20)

// For makes the fault ready.
func (f *FillDisk) For(l Lab) (Fault, error) {
	return f.disks(l, &disks{
		sign: "SQLSTATE 53100",
		damage: func(ctx context.Context, _ Node, d Disk) error {
			return d.Tend(ctx, fillScript)
		},
		repair: func(ctx context.Context, _ Node, d Disk) error {
			return d.Tend(ctx, "rm -f "+filler)
		},
	})
}

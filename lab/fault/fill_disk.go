package fault

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/topology"
)

// FillDisk fills the disk of PostgreSQL nodes to the last byte. The write-ahead log is on another disk, so a primary
// lives, and a write fails that needs another page. A replica has nobody to whom its replay could fail: it ends as soon
// as it replays such a write.
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

// FillScript writes until nothing goes any more, and never more than a small disk takes: where the engine has not
// limited the volume, it is the machine's own disk that would be filled.
var FillScript = fmt.Sprintf(
	`if dd if=/dev/zero of=%s bs=1M count=%d status=none; then
	rm -f %[1]s; echo "more than %[2]d MB fit on the disk at %[3]s: the engine has to limit the size of volumes"; exit 1
fi`,
	filler, topology.DataSize>>20, topology.DataDir)

// ProbeScript and EmptyScript are exported, as FillScript is, for a fake disk to know them by.
//
// ProbeScript writes a megabyte, and takes it away again. A server that has ended has given back a page or two.
const (
	probeFile   = filler + ".probe"
	ProbeScript = "code=0; dd if=/dev/zero of=" + probeFile + " bs=1M count=1 status=none || code=$?; rm -f " +
		probeFile + "; exit $code"
	// EmptyScript takes away what the other two have written.
	EmptyScript = "rm -f " + filler + " " + probeFile
)

// For makes the fault ready.
func (f *FillDisk) For(l Lab) (Fault, error) {
	return f.disks(l, &disks{
		sign: "SQLSTATE 53100", probe: ProbeScript,
		damage: func(ctx context.Context, _ Node, d Disk) error {
			return d.Tend(ctx, FillScript)
		},
		repair: func(ctx context.Context, _ Node, d Disk) error {
			return d.Tend(ctx, EmptyScript)
		},
	})
}

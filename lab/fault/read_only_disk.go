package fault

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/topology"
)

// ReadOnlyDisk makes the tables of PostgreSQL nodes read-only, as a kernel does with a disk that fails. The
// write-ahead log and the server's own files are spared.
type ReadOnlyDisk struct {
	Nodes `yaml:",inline"`
}

// Kind is read_only_disk.
func (*ReadOnlyDisk) Kind() string { return "read_only_disk" }

func (*ReadOnlyDisk) damagesDisk() {}

// Validate asks for nodes of PostgreSQL.
func (f *ReadOnlyDisk) Validate(t topology.Topology) error { return f.validateDisk(t) }

const tables = topology.DataDir + "/base"

// MountScript and UnmountScript make the tables read-only and undo that, for a fake disk to know them by.
//
// It is a mount in the node's own view of the file system; nobody else's changes, and it is gone when the node starts
// again. It is taken away at once, whoever still has files open.
const (
	MountScript   = `mount --bind -o ro ` + tables + ` ` + tables
	UnmountScript = `while grep -q " ` + tables + ` " /proc/self/mountinfo; do umount --lazy ` + tables +
		` || exit 1; done`
)

// hangUpScript ends the sessions: they hold files open from before. Replicas may stay connected, they write nothing.
const hangUpScript = `for p in /proc/[0-9]*; do

	case "$(tr '\0' ' ' 2>/dev/null <$p/cmdline)" in
	"postgres: walsender "*) ;;
	"postgres: "*"("[0-9]*")"* | "postgres: "*"[local]"*) kill "${p#/proc/}" || true ;;
	esac
done`

// For makes the fault ready.
func (f *ReadOnlyDisk) For(l Lab) (Fault, error) {
	return f.disks(l, &disks{
		sign: "Read-only file system", volatile: true,
		damage: func(ctx context.Context, n Node, d Disk) error {
			if err := d.Enter(ctx, MountScript); err != nil {
				return fmt.Errorf("mount read-only in %s, for which the engine has to allow privileged helpers: %w",
					n.Place().Name, err)
			}
			return run(ctx, n, hangUpScript)
		},
		repair: func(ctx context.Context, n Node, d Disk) error {
			if state, err := n.State(ctx); err != nil || state == topology.NodeDown { // its mounts have gone with it
				return err
			}
			return d.Enter(ctx, UnmountScript)
		},
	})
}

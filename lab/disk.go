package lab

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
)

// dataDisk is the disk that a PostgreSQL node has its data on.
func dataDisk(s node.Spec) node.Disk {
	return node.Disk{Volume: s.ID, Path: dataDir, Size: topology.DataSize}
}

// shelf is every such disk, for the hub to keep: it outlives every node, as a disk shelf outlives a server.
func (b *builder) shelf() []node.Disk {
	var all []node.Disk
	for _, p := range link.Nodes(b.topology) {
		if p.Service == topology.ServicePostgres {
			s := b.spec(p)
			d := dataDisk(s)
			d.Path, d.Keep = "/disks/"+s.Name, true
			all = append(all, d)
		}
	}
	return all
}

// heldPostgres is a PostgreSQL node.
type heldPostgres struct{ heldStore }

var _ fault.Disk = (*heldPostgres)(nil)

// Tend runs a script where the node's disk is, whatever the node is doing.
func (n *heldPostgres) Tend(ctx context.Context, script string) error {
	return n.help(ctx, node.Help{Script: script})
}

// Enter runs a script among the node's own mounts.
func (n *heldPostgres) Enter(ctx context.Context, script string) error {
	return n.help(ctx, node.Help{Script: script, Enter: true})
}

// help runs a helper. The owner notes it as it does everything that is being created, and there is one at a time of a node.
func (n *heldPostgres) help(ctx context.Context, h node.Help) error {
	return n.held.page.change(ctx, "disk "+n.place.Name, "", func(string) error {
		var failed error
		err := n.held.owner.creating(ctx, n.node.HelperID(), func(ctx context.Context) error {
			failed = n.node.Help(ctx, h)
			return nil
		})
		return errors.Join(err, failed)
	})
}

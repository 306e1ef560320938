package lab

import (
	"context"
	"errors"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
)

// postgresNode is a PostgreSQL node.
type postgresNode struct{ storeNode }

var _ fault.Disk = (*postgresNode)(nil)

// Tend runs a script where the node's disk is, whatever the node is doing.
func (n *postgresNode) Tend(ctx context.Context, script string) error {
	return n.help(ctx, node.Help{Script: script})
}

// Enter runs a script among the node's own mounts.
func (n *postgresNode) Enter(ctx context.Context, script string) error {
	return n.help(ctx, node.Help{Script: script, Enter: true})
}

// help runs a helper. The owner notes it as it does everything that is being created, and there is one at a time of a
// node.
func (n *postgresNode) help(ctx context.Context, h node.Help) error {
	return n.lab.entry.Change(ctx, "disk "+n.place.Name, "", func(state.Hold) error {
		var failed error
		err := n.lab.owner.Creating(ctx, n.node.HelperID(), func(ctx context.Context) error {
			failed = n.node.Help(ctx, h)
			return nil
		})
		return errors.Join(err, failed)
	})
}

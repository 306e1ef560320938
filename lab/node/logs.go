package node

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// Logs writes the last lines of what the node printed; tail 0 is all of it.
func (n *Node) Logs(ctx context.Context, w io.Writer, tail int) error {
	return n.logs(ctx, w, tail, false)
}

// Follow writes the last lines of what the node printed, and what it prints, until ctx ends.
func (n *Node) Follow(ctx context.Context, w io.Writer, tail int) error {
	return n.logs(ctx, w, tail, true)
}

func (n *Node) logs(ctx context.Context, w io.Writer, tail int, follow bool) error {
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: follow}
	if tail > 0 {
		o.Tail = fmt.Sprint(tail)
	}
	r, err := n.engine.client.ContainerLogs(ctx, n.container, o)
	if err != nil {
		return fmt.Errorf("read the log of %s: %s", n.Spec.Name, oneLine(err))
	}
	defer func() { _ = r.Close() }()
	if _, err := stdcopy.StdCopy(w, w, r); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read the log of %s: %w", n.Spec.Name, err)
	}
	return nil
}

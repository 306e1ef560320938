package node

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/topology"
)

// State asks the engine.
func (n *Node) State(ctx context.Context) (topology.NodeState, error) {
	i, err := n.inspect(ctx)
	switch {
	case err != nil:
		return "", err
	case i.Container.State.Paused:
		return topology.NodeFrozen, nil
	case i.Container.State.Running:
		return topology.NodeRunning, nil
	default:
		return topology.NodeDown, nil
	}
}

// StartedAt is when the engine started the node for the last time, in its own words: another time is another life of
// the node.
func (n *Node) StartedAt(ctx context.Context) (string, error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return "", err
	}
	return i.Container.State.StartedAt, nil
}

// Terminal is where the input and output of a command in a node go. Rows and Columns are those of a real terminal, else
// zero.
type Terminal struct {
	In            io.Reader
	Out, Err      io.Writer
	Rows, Columns uint
}

// Attach runs a command in the node with a person, or a pipe, at its other end, until it ends. The code is what it
// ended with.
func (n *Node) Attach(ctx context.Context, command []string, t Terminal) (code int, err error) {
	fail := func(err error) (int, error) {
		return 0, fmt.Errorf("run %s in %s: %s", command[0], n.Spec.Name, oneLine(err))
	}
	tty := t.Rows > 0
	size := client.ConsoleSize{Height: t.Rows, Width: t.Columns}
	exec, err := n.engine.client.ExecCreate(ctx, n.container, client.ExecCreateOptions{
		AttachStdin: true, AttachStdout: true, AttachStderr: true, TTY: tty, ConsoleSize: size, Cmd: command,
	})
	if err != nil {
		return fail(err)
	}
	stream, err := n.engine.client.ExecAttach(ctx, exec.ID, client.ExecAttachOptions{TTY: tty, ConsoleSize: size})
	if err != nil {
		return fail(err)
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close)
	defer stop()
	go func() {
		_, _ = io.Copy(stream.Conn, t.In) // ends with the input, or with the connection
		_ = stream.CloseWrite()
	}()
	if tty {
		_, err = io.Copy(t.Out, stream.Reader)
	} else {
		_, err = stdcopy.StdCopy(t.Out, t.Err, stream.Reader)
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err != nil {
		return fail(err)
	}
	i, err := n.engine.client.ExecInspect(ctx, exec.ID, client.ExecInspectOptions{})
	if err != nil {
		return fail(err)
	}
	return i.ExitCode, nil
}

// Exec runs a command in the node, as the node's own user, and gives what it printed. That it ended with another code
// than 0 is an error.
func (n *Node) Exec(ctx context.Context, command []string) (output string, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("run %s in %s: %s", command[0], n.Spec.Name, oneLine(err))
	}
	exec, err := n.engine.client.ExecCreate(ctx, n.container,
		client.ExecCreateOptions{AttachStdout: true, AttachStderr: true, Cmd: command})
	if err != nil {
		return fail(err)
	}
	stream, err := n.engine.client.ExecAttach(ctx, exec.ID, client.ExecAttachOptions{})
	if err != nil {
		return fail(err)
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)() // reading knows of no context
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, stream.Reader); err != nil {
		return fail(cmp.Or(context.Cause(ctx), err))
	}
	i, err := n.engine.client.ExecInspect(ctx, exec.ID, client.ExecInspectOptions{})
	if err != nil {
		return fail(err)
	}
	if i.ExitCode != 0 {
		return "", fmt.Errorf("run %s in %s: exit code %d: %s", command[0], n.Spec.Name, i.ExitCode,
			strings.TrimSpace(out.String()))
	}
	return out.String(), nil
}

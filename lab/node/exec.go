package node

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// State is what the engine says of a node.
type State string

// The states of a node.
const (
	Running State = "running"
	Frozen  State = "frozen"
	Down    State = "down"
)

// State asks the engine.
func (n *Node) State(ctx context.Context) (State, error) {
	i, err := n.inspect(ctx)
	switch {
	case err != nil:
		return "", err
	case i.Container.State.Paused:
		return Frozen, nil
	case i.Container.State.Running:
		return Running, nil
	default:
		return Down, nil
	}
}

// Exec runs a command in the node, as the node's own user, and gives what it printed. That it ended with another code than 0 is an error.
func (n *Node) Exec(ctx context.Context, command []string) (output string, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("run %s in %s: %s", command[0], n.Spec.Name, oneLine(err))
	}
	exec, err := n.engine.client.ExecCreate(ctx, n.container, client.ExecCreateOptions{AttachStdout: true, AttachStderr: true, Cmd: command})
	if err != nil {
		return fail(err)
	}
	stream, err := n.engine.client.ExecAttach(ctx, exec.ID, client.ExecAttachOptions{})
	if err != nil {
		return fail(err)
	}
	defer stream.Close()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, stream.Reader); err != nil {
		return fail(err)
	}
	i, err := n.engine.client.ExecInspect(ctx, exec.ID, client.ExecInspectOptions{})
	if err != nil {
		return fail(err)
	}
	if i.ExitCode != 0 {
		return "", fmt.Errorf("run %s in %s: exit code %d: %s", command[0], n.Spec.Name, i.ExitCode, strings.TrimSpace(out.String()))
	}
	return out.String(), nil
}

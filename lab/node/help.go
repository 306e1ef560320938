package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Help is what a helper does: a short-lived container beside a node, of the node's own image, without a network.
type Help struct {
	Script string // for sh
	// Enter runs it among the node's mounts, as root and with the right to mount, which nobody in the node has: the
	// node has to run. Without, it runs as the node's user, with the node's volumes where the node has them, whatever
	// the node is doing.
	Enter bool
}

// HelperID is the name of the node's helper.
func (n *Node) HelperID() string { return n.ID + "-helper" }

// Help runs a helper to its end, and leaves nothing of it. Should this process die in between, it removes itself or,
// when it was only created, goes with the lab.
func (n *Node) Help(ctx context.Context, h Help) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	output, code, err := n.help(ctx, h)
	if err != nil {
		return fmt.Errorf("help %s: %s", n.Spec.Name, oneLine(err))
	}
	if code != 0 {
		return fmt.Errorf("help %s: exit code %d: %s", n.Spec.Name, code, strings.Join(strings.Fields(output), " "))
	}
	return nil
}

func (n *Node) help(ctx context.Context, h Help) (output string, code int64, err error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return "", 0, err
	}
	config := &container.Config{
		Image: i.Container.Image, User: i.Container.Config.User, Labels: ofLab(n.Labels),
		Entrypoint: []string{"sh", "-c", h.Script},
	}
	host := &container.HostConfig{
		AutoRemove: true, NetworkMode: "none", ReadonlyRootfs: true, CapDrop: []string{"ALL"},
		SecurityOpt: []string{"no-new-privileges"},
	}
	if h.Enter {
		config.User = "0:0"
		config.Entrypoint = []string{"nsenter", "--target", "1", "--mount", "--", "sh", "-c", h.Script}
		host.PidMode = container.PidMode("container:" + n.container)
		// To enter takes three of them, to go through a folder of the node's user the fourth. The engine's own profiles
		// forbid to mount.
		host.CapAdd = []string{"SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE", "DAC_READ_SEARCH"}
		host.SecurityOpt = append(host.SecurityOpt, "seccomp=unconfined", "apparmor=unconfined")
	} else {
		host.VolumesFrom = []string{n.container}
	}
	if err := n.removeHelper(ctx); err != nil { // one that a dead process left behind
		return "", 0, err
	}
	defer func() { err = errors.Join(err, n.removeHelper(context.WithoutCancel(ctx))) }()
	c, err := n.engine.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: n.HelperID(), Config: config,
		HostConfig: host,
	})
	if err != nil {
		return "", 0, err
	}
	stream, err := n.engine.client.ContainerAttach(ctx, c.ID,
		client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return "", 0, err
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)() // reading knows of no context
	gone := n.engine.client.ContainerWait(ctx, c.ID,
		client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	if _, err := n.engine.client.ContainerStart(ctx, c.ID, client.ContainerStartOptions{}); err != nil {
		return "", 0, err
	}
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, stream.Reader); err != nil {
		return "", 0, cmp.Or(context.Cause(ctx), err)
	}
	select {
	case w := <-gone.Result:
		return out.String(), w.StatusCode, nil
	case err := <-gone.Error:
		return out.String(), 0, err
	}
}

func (n *Node) removeHelper(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := n.engine.client.ContainerRemove(ctx, n.HelperID(), client.ContainerRemoveOptions{Force: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

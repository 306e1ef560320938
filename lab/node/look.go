package node

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Confinement is what the engine says a node may do, for specs that prove what a lab promises.
type Confinement struct {
	Users           []string // whose processes it runs, as the engine's kernel counts users, each once
	Privileged      bool
	CapDrop, CapAdd []string
	SecurityOpt     []string
	ReadOnly        bool              // its root file system
	Scratch         map[string]string // folders in memory, with their options
	MostProcesses   int64             // 0 is no limit
	FromHost        []string          // what of the engine's machine it sees: folders and files mounted, name spaces shared
	Published       []netip.Addr      // the host's addresses on which its ports are published
}

// Confinement asks the engine.
func (n *Node) Confinement(ctx context.Context) (Confinement, error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return Confinement{}, err
	}
	h := i.Container.HostConfig
	c := Confinement{
		Privileged: h.Privileged, CapDrop: h.CapDrop, CapAdd: h.CapAdd, SecurityOpt: h.SecurityOpt, ReadOnly: h.ReadonlyRootfs, Scratch: h.Tmpfs,
	}
	if h.PidsLimit != nil {
		c.MostProcesses = *h.PidsLimit
	}
	for _, m := range i.Container.Mounts {
		if m.Type != mount.TypeVolume && m.Type != mount.TypeTmpfs {
			c.FromHost = append(c.FromHost, m.Source)
		}
	}
	for _, d := range h.Devices {
		c.FromHost = append(c.FromHost, d.PathOnHost)
	}
	for what, shared := range map[string]bool{
		"network": h.NetworkMode.IsHost(), "processes": h.PidMode.IsHost(), "shared memory": h.IpcMode.IsHost(), "host name": h.UTSMode.IsHost(),
	} {
		if shared {
			c.FromHost = append(c.FromHost, "the host's "+what)
		}
	}
	// What was asked for counts too: of a node in an internal network alone the engine publishes nothing, until it is in another as well.
	for _, ports := range []network.PortMap{i.Container.NetworkSettings.Ports, h.PortBindings} {
		for _, bindings := range ports {
			for _, b := range bindings {
				c.Published = append(c.Published, b.HostIP)
			}
		}
	}
	c.Users, err = n.users(ctx)
	return c, err
}

// users asks the engine's kernel, and not the image, who runs the node's processes.
func (n *Node) users(ctx context.Context) ([]string, error) {
	top, err := n.engine.client.ContainerTop(ctx, n.container, client.ContainerTopOptions{Arguments: []string{"-eo", "uid,pid"}})
	if err != nil {
		return nil, fmt.Errorf("ask the engine who runs %s: %s", n.Spec.Name, oneLine(err))
	}
	var users []string
	for _, process := range top.Processes {
		if user := process[0]; !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	return users, nil
}

// Gateway is the address of the engine's machine in a network.
func (e *Engine) Gateway(ctx context.Context, networkName string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	i, err := e.client.NetworkInspect(ctx, networkName, client.NetworkInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the engine about network %s: %s", networkName, oneLine(err))
	}
	for _, c := range i.Network.IPAM.Config {
		if c.Gateway.IsValid() {
			return c.Gateway.String(), nil
		}
	}
	return "", fmt.Errorf("network %s has no gateway", networkName)
}

package node

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/engine"
)

// Confinement is what the engine says a node may do, for specs that prove what a lab promises.
type Confinement struct {
	Users         []string // whose processes it runs, each once: root is 0, others are numbers or names
	Privileged    bool
	Capabilities  []string // what its processes may do, or may get to do, beyond an ordinary user's
	SecurityOpt   []string
	ReadOnly      bool              // its root file system
	Scratch       map[string]string // folders in memory, with their options
	MostProcesses int64             // 0 is no limit
	// what of the engine's machine it sees: folders and files mounted, name spaces shared
	FromHost  []string
	Published []netip.Addr // the host's addresses on which its ports are published
}

// Confinement asks the engine.
func (n *Node) Confinement(ctx context.Context) (Confinement, error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return Confinement{}, err
	}
	h := i.Container.HostConfig
	c := Confinement{
		Privileged: h.Privileged, Capabilities: capabilities(h), SecurityOpt: h.SecurityOpt, ReadOnly: h.ReadonlyRootfs,
		Scratch: h.Tmpfs,
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
		"network": h.NetworkMode.IsHost(), "processes": h.PidMode.IsHost(), "shared memory": h.IpcMode.IsHost(),
		"host name": h.UTSMode.IsHost(),
	} {
		if shared {
			c.FromHost = append(c.FromHost, "the host's "+what)
		}
	}
	// What was asked for counts too: of a node in an internal network alone the engine publishes nothing, until it is
	// in another as well.
	for _, ports := range []network.PortMap{i.Container.NetworkSettings.Ports, h.PortBindings} {
		for _, bindings := range ports {
			for _, b := range bindings {
				c.Published = append(c.Published, b.HostIP)
			}
		}
	}
	if n.engine.found.About.Product == engine.Podman {
		c.Users, c.Capabilities, err = n.processes(ctx)
	} else {
		c.Users, err = n.users(ctx)
	}
	return c, err
}

// capabilities are those that a container was made with.
func capabilities(h *container.HostConfig) []string {
	if slices.Contains(h.CapDrop, "ALL") {
		return h.CapAdd
	}
	return append([]string{"what the engine gives to every container"}, h.CapAdd...)
}

// users asks the engine's kernel, and not the image, who runs the node's processes.
func (n *Node) users(ctx context.Context) ([]string, error) {
	rows, err := n.top(ctx, "-eo", "uid,pid")
	return column(rows, 0), err
}

// processes asks Podman, which looks at the node's processes itself if it is asked in its own words. In docker's, it
// runs ps among them as root, and lists that too; and of the capabilities that were dropped it tells only those that it
// would have given.
func (n *Node) processes(ctx context.Context) (users, capabilities []string, err error) {
	rows, err := n.top(ctx, "user,capbnd")
	users, capabilities = column(rows, 0), column(rows, 1)
	for i, user := range users {
		if user == "root" {
			users[i] = "0"
		}
	}
	return users, slices.DeleteFunc(capabilities, func(c string) bool { return c == "none" }), err
}

// top lists the node's processes.
func (n *Node) top(ctx context.Context, arguments ...string) ([][]string, error) {
	top, err := n.engine.client.ContainerTop(ctx, n.container, client.ContainerTopOptions{Arguments: arguments})
	if err != nil {
		return nil, fmt.Errorf("ask the engine who runs %s: %s", n.Spec.Name, oneLine(err))
	}
	return top.Processes, nil
}

// column is what stands in a column, each once.
func column(rows [][]string, i int) (values []string) {
	for _, row := range rows {
		if i < len(row) && !slices.Contains(values, row[i]) {
			values = append(values, row[i])
		}
	}
	return values
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

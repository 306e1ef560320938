package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/regionfall/regionfall/lab/absent"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// Spec is a node as asked for.
type Spec struct {
	Name    string // of the node, such as "postgres.us-east-1"
	ID      string // of the container: the lab's name and the node's
	Region  string
	Service topology.Service
	Image   string
	Env     map[string]string
	Cmd     []string
	// Entrypoint is what runs in place of the image's; none is the image's.
	Entrypoint []string
	Networks   []string // the first is the one ports are published on
	Aliases    []string // host names in its networks
	Loopback   []string // host names that are the node itself, to itself alone
	Publish    []string // "8474/tcp"; a free port of loopback each
	Volumes    map[string]string
	Disks      []Disk
	Files      map[string][]byte // copied into its volumes before start
	Volatile   bool              // what it stores is gone when it is killed
	Labels     map[string]string
	Needs      Needs // beyond what every node may do
	Yields     bool  // gives way to other nodes while the processor is short
}

// yieldingShares are those of a node that yields; others have the engine's 1024.
const yieldingShares = 128

// Node is a container of a lab.
type Node struct {
	Spec
	engine    *Engine
	container string
}

// Start creates and starts a node. What was created is left behind on an error: everything carries the lab's labels,
// and the lab removes it.
func (e *Engine) Start(ctx context.Context, s Spec) (*Node, error) {
	user, err := e.userFor(ctx, s.Image, s.Needs)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	aliases := map[string][]string{}
	for _, n := range s.Networks {
		aliases[n] = s.Aliases
	}
	if err := e.createVolumes(ctx, s); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	var asked *container.HostConfig
	req := testcontainers.ContainerRequest{
		Image: s.Image, Name: s.ID, Env: s.Env, Entrypoint: s.Entrypoint, Cmd: s.Cmd, Labels: s.Labels,
		Networks:       s.Networks,
		NetworkAliases: aliases,
		ExposedPorts:   s.Publish,
		ConfigModifier: func(c *container.Config) { c.User = user },
		HostConfigModifier: func(h *container.HostConfig) {
			h.Mounts = mounts(s)
			confine(h, s.Needs)
			if s.Yields {
				h.CPUShares = yieldingShares
			}
			// The engine's DNS asks the node itself for a name that is not (or not yet) one of the lab's, and there
			// absent answers. It listens on a low port, without any capability.
			h.DNS = []netip.Addr{netip.MustParseAddr(absent.Server)}
			h.Sysctls = map[string]string{"net.ipv4.ip_unprivileged_port_start": "0"}
			h.PortBindings = e.bindings(s.Publish)
			for _, name := range s.Loopback {
				h.ExtraHosts = append(h.ExtraHosts, name+":127.0.0.1")
			}
			asked = h
		},
		LifecycleHooks: []testcontainers.ContainerLifecycleHooks{{
			// Of a node that publishes nothing, testcontainers publishes what its image exposes, on all addresses. That
			// an internal network publishes nothing is no reason to ask for it.
			PreCreates: []testcontainers.ContainerRequestHook{func(context.Context,
				testcontainers.ContainerRequest,
			) error {
				asked.PortBindings = e.bindings(s.Publish)
				return nil
			}},
			PostCreates: []testcontainers.ContainerHook{func(ctx context.Context, c testcontainers.Container) error {
				return e.put(ctx, c.GetContainerID(), s.Files)
			}},
		}},
	}
	var c testcontainers.Container
	err = inTurn(ctx, func() (err error) { c, err = e.provider.RunContainer(ctx, req); return err })
	if err != nil {
		n := &Node{Spec: s, engine: e, container: s.ID}
		return nil, n.explain(ctx, fmt.Errorf("start %s: %s", s.Name, oneLine(err)))
	}
	return &Node{Spec: s, engine: e, container: c.GetContainerID()}, nil
}

// bindings publish ports on a free port of the host each.
func (e *Engine) bindings(publish []string) network.PortMap {
	all := network.PortMap{}
	for _, p := range publish {
		if port, err := network.ParsePort(p); err == nil { // one that is not a port is testcontainers' complaint
			all[port] = []network.PortBinding{{HostIP: e.reach.publish, HostPort: "0"}}
		}
	}
	return all
}

// Name of the node.
func (n *Node) Name() string { return n.Spec.Name }

// Volatile says whether its store is gone when it is killed.
func (n *Node) Volatile() bool { return n.Spec.Volatile }

// A node that comes up is asked this often, and the engine about it every so many times: a dozen nodes come up at once
// on few processors, and what is spent on asking they have to wait for.
const (
	readyEvery  = wait.Every(50 * time.Millisecond)
	engineEvery = 10
)

// Await polls ready until it says nil. The error is a NotReady, with the end of the node's log if what was seen last
// is not Reported.
func (n *Node) Await(ctx context.Context, what string, within time.Duration, ready func(context.Context) error) error {
	asked := 0
	err := readyEvery.Until(ctx, within, what, func(ctx context.Context) error {
		err := ready(ctx)
		if asked++; err != nil && asked%engineEvery == 0 {
			if state, serr := n.State(ctx); serr == nil && state != topology.NodeRunning {
				return wait.Stop(fmt.Errorf("%w before %s", ErrStopped, what))
			}
		}
		return err
	})
	if err != nil {
		return &NotReady{Node: n.Name(), Service: n.Service, Err: err, Log: n.lastLines(ctx, err)}
	}
	return nil
}

// Reported is an error that says all that the node's log would.
type Reported string

func (t Reported) Error() string { return string(t) }

// explain adds the last lines of the node's log to an error.
func (n *Node) explain(ctx context.Context, err error) error {
	return withLog(err, n.lastLines(ctx, err))
}

// lastLines are the last lines of the node's log; empty where they can't be had, or would not say why it failed.
func (n *Node) lastLines(ctx context.Context, err error) string {
	if errors.As(err, new(Reported)) {
		return ""
	}
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return "" // it was stopped from outside
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	var b strings.Builder
	if err := n.Logs(ctx, &b, 12); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// Kill ends the node with SIGKILL. A node that is not running is left alone; killed says whether it was.
func (n *Node) Kill(ctx context.Context) (killed bool, err error) {
	err = inTurn(ctx, func() error {
		_, err := n.engine.client.ContainerKill(ctx, n.container, client.ContainerKillOptions{Signal: "KILL"})
		return err
	})
	if err != nil && !errdefs.IsConflict(err) {
		return false, fmt.Errorf("kill %s: %s", n.Spec.Name, oneLine(err))
	}
	return err == nil, nil
}

// Start starts a killed node again; its volumes are as they were.
func (n *Node) Start(ctx context.Context) error {
	err := inTurn(ctx, func() error {
		_, err := n.engine.client.ContainerStart(ctx, n.container, client.ContainerStartOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("start %s again: %s", n.Spec.Name, oneLine(err))
	}
	return nil
}

// freezeWithin is how long the kernel may refuse to freeze a node.
const freezeWithin = 30 * time.Second

// Freeze stops every process of the node where it is. The kernel's freezer gives up on a group whose processes are just
// being made or woken, and the engine passes that on as "unable to freeze": it is asked again until it holds or ctx
// ends.
func (n *Node) Freeze(ctx context.Context) error {
	return wait.Until(ctx, freezeWithin, n.Spec.Name+" to be frozen", func(ctx context.Context) error {
		_, err := n.engine.client.ContainerPause(ctx, n.container, client.ContainerPauseOptions{})
		if err == nil || strings.Contains(err.Error(), "already paused") {
			return nil
		}
		err = fmt.Errorf("freeze %s: %s", n.Spec.Name, oneLine(err))
		if !strings.Contains(err.Error(), "unable to freeze") {
			return wait.Stop(err)
		}
		return err
	})
}

// Thaw undoes Freeze.
func (n *Node) Thaw(ctx context.Context) error {
	_, err := n.engine.client.ContainerUnpause(ctx, n.container, client.ContainerUnpauseOptions{})
	if err != nil && !strings.Contains(err.Error(), "not paused") {
		return fmt.Errorf("thaw %s: %s", n.Spec.Name, oneLine(err))
	}
	return nil
}

func (n *Node) inspect(ctx context.Context) (client.ContainerInspectResult, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	i, err := n.engine.client.ContainerInspect(ctx, n.container, client.ContainerInspectOptions{})
	if err != nil {
		return i, fmt.Errorf("ask the engine about %s: %s", n.Spec.Name, oneLine(err))
	}
	return i, nil
}

// Address is where a published port is reached, as host:port. A node that was stopped and started may have another one.
func (n *Node) Address(ctx context.Context, port string) (string, error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return "", err
	}
	p, err := network.ParsePort(port)
	if err != nil {
		return "", fmt.Errorf("%s: port %s: %w", n.Spec.Name, port, err)
	}
	bindings := i.Container.NetworkSettings.Ports[p]
	if len(bindings) == 0 {
		return "", fmt.Errorf("%s does not publish %s", n.Spec.Name, port)
	}
	return n.engine.reach.address(bindings[0]), nil
}

// Addresses are the published ports at once: container port ("8474/tcp") to host:port.
func (n *Node) Addresses(ctx context.Context) (map[string]string, error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for port, bindings := range i.Container.NetworkSettings.Ports {
		if len(bindings) > 0 {
			all[port.String()] = n.engine.reach.address(bindings[0])
		}
	}
	return all, nil
}

// IP is the node's address in a network.
func (n *Node) IP(ctx context.Context, networkName string) (string, error) {
	i, err := n.inspect(ctx)
	if err != nil {
		return "", err
	}
	e, ok := i.Container.NetworkSettings.Networks[networkName]
	if !ok || !e.IPAddress.IsValid() {
		return "", fmt.Errorf("%s has no address in network %s", n.Spec.Name, networkName)
	}
	return e.IPAddress.String(), nil
}

package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/engine"
)

// reach is where the ports are that the engine publishes.
type reach struct {
	host    string     // where this process finds them
	publish netip.Addr // on which address of its machine the engine publishes them
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// address is where a port is reached. One that is published on an address of its own is reached there, whoever asked
// for that.
func (r reach) address(b network.PortBinding) string {
	host := r.host
	if ip := b.HostIP; ip.IsValid() && !ip.IsUnspecified() && !ip.IsLoopback() {
		host = ip.String()
	}
	return net.JoinHostPort(host, b.HostPort)
}

// Host is where published ports are reached: loopback, the host of a remote engine, or the engine's machine as a
// container sees it.
func (e *Engine) Host() string { return e.reach.host }

// Local says whether ports are published on loopback alone, since the engine runs where this process does.
func (e *Engine) Local() bool { return e.reach.publish.IsLoopback() }

// Exposed says whether ports are published on all addresses of the engine's machine.
func (e *Engine) Exposed() bool { return e.reach.publish.IsUnspecified() }

// process is one that wants to know where it is.
type process struct {
	mounts string   // the file in which what is mounted stands, as in proc(5)
	marks  []string // files that are in containers only; a machine that was made from an image has them too
}

var thisProcess = process{mounts: "/proc/self/mountinfo", marks: []string{"/.dockerenv", "/run/.containerenv"}}

// findReach finds out where the engine's published ports are reached, and which of its containers this process is in,
// if it is in one. Whoever names the address in engine.ReachEnv knows better.
func (p process) findReach(ctx context.Context, found *engine.Engine) (r reach, self string, err error) {
	me, err := p.ownContainer(ctx, found.Client)
	if err != nil {
		return r, "", err
	}
	if me != nil {
		self = me.ID
	}
	if host := os.Getenv(engine.ReachEnv); host != "" {
		return reachAt(host), self, nil
	}
	if u, err := url.Parse(found.Address); err == nil && u.Hostname() != "" {
		// a socket may be another machine's, mounted here; an address is what it is
		return reachOf(found.Address), self, nil
	}
	switch {
	case me != nil && me.HostConfig != nil && me.HostConfig.NetworkMode.IsHost():
		return reachAt(loopback.String()), self, nil
	case me != nil:
		r, err = gatewayOf(*me)
		return r, self, err
	case !p.inContainer():
		return reachAt(loopback.String()), "", nil
	}
	besides, err := runsBeside(ctx, found.Client)
	if err == nil && !besides {
		err = unreachable("this process is in a container that the engine does not know")
	}
	return reachAt(loopback.String()), "", err
}

func unreachable(why string) error {
	return &engine.Problem{
		Kind: engine.ErrUnreachable, Detail: why,
		Remedy: "name the address of the engine's machine, as it is reached from here, in " + engine.ReachEnv,
	}
}

// reachOf is where the ports are of an engine at an address: on loopback for one on a socket of this machine, on its
// own host for a remote one.
func reachOf(daemon string) reach {
	u, err := url.Parse(daemon)
	if err != nil || u.Hostname() == "" {
		return reachAt(loopback.String())
	}
	return reachAt(u.Hostname())
}

func reachAt(host string) reach {
	if host == "localhost" {
		host = loopback.String() // and not ::1, where nothing is published
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return reach{host: host, publish: loopback}
	}
	return reach{host: host, publish: netip.IPv4Unspecified()}
}

// gatewayOf is where a container reaches what the engine publishes: at the address of the engine's machine in the
// container's network. It is published there and nowhere else.
func gatewayOf(me container.InspectResponse) (reach, error) {
	if me.NetworkSettings != nil {
		for _, name := range slices.Sorted(maps.Keys(me.NetworkSettings.Networks)) {
			if at := me.NetworkSettings.Networks[name]; at != nil && at.Gateway.Is4() {
				return reach{host: at.Gateway.String(), publish: at.Gateway}, nil
			}
		}
	}
	return reach{}, unreachable("this process is in a container of the engine, in no network with a gateway")
}

// ownContainer is the engine's container that this process is in, or the one whose network that has; nil for none.
func (p process) ownContainer(ctx context.Context, cli *client.Client) (*container.InspectResponse, error) {
	file, err := os.Open(p.mounts)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // a system without containers
	}
	if err != nil {
		return nil, fmt.Errorf("read what is mounted here: %w", err)
	}
	defer func() { _ = file.Close() }()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for _, id := range containersIn(file) {
		i, err := cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("ask the engine about the container that this process is in: %s", oneLine(err))
		}
		me := &i.Container
		if mode := networkMode(me); mode.IsContainer() {
			host, err := cli.ContainerInspect(ctx, mode.ConnectedContainer(), client.ContainerInspectOptions{})
			if err != nil {
				return nil, fmt.Errorf("ask the engine about the container whose network this process has: %s",
					oneLine(err))
			}
			me.NetworkSettings = host.Container.NetworkSettings
		}
		return me, nil
	}
	return nil, nil //nolint:nilnil // none of the engine's
}

func networkMode(c *container.InspectResponse) container.NetworkMode {
	if c.HostConfig == nil {
		return ""
	}
	return c.HostConfig.NetworkMode
}

// An engine mounts these files into each container, from a folder that is named after it.
var (
	givenFiles = []string{"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}
	longID     = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
)

// containersIn are the containers that a process may be in whose mounts these are, as proc(5) has them.
func containersIn(mountinfo io.Reader) (ids []string) {
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || !slices.Contains(givenFiles, fields[4]) {
			continue
		}
		for _, id := range longID.FindAllString(fields[3], -1) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// inContainer says whether this process looks as if it were in a container.
func (p process) inContainer() bool {
	for _, mark := range p.marks {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}

// runsBeside says whether the engine runs in this process's own network or machine: its networks' gateways are
// addresses of this one, or both go by one name.
func runsBeside(ctx context.Context, cli *client.Client) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	i, err := cli.Info(ctx, client.InfoOptions{})
	if err != nil {
		return false, fmt.Errorf("ask the engine about its machine: %s", oneLine(err))
	}
	if name, err := os.Hostname(); err == nil && name == i.Info.Name {
		return true, nil
	}
	networks, err := cli.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return false, fmt.Errorf("ask the engine for its networks: %s", oneLine(err))
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return false, fmt.Errorf("ask for this machine's addresses: %w", err)
	}
	for _, n := range networks.Items {
		for _, c := range n.IPAM.Config {
			for _, a := range addresses {
				if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == c.Gateway {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

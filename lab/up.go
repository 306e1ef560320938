package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// readyWithin is how long one node may take until it answers. A cold page cache on a small machine needs a good part of
// it.
const readyWithin = 2 * time.Minute

// Up brings a lab up: every region at once, each node waiting only for what it needs. On an error nothing is left of
// it.
func Up(ctx context.Context, o Options) (_ *Lab, err error) {
	start := time.Now()
	if err := o.served(); err != nil {
		return nil, err
	}
	connected, commands, err := o.connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := sweep(ctx, connected); err != nil && o.Progress != nil {
		// What others left behind is no reason not to start.
		o.Progress("could not sweep what a killed run left behind: " + err.Error())
	}
	l := &Lab{Name: state.NewName(), topology: o.Topology, servers: o.Images.Servers, engine: connected}
	l.plans(o.App, o.Images.Together())
	l.plan.TapPorts = o.Kept
	l.plan.Commands = commands
	if l.owner, err = state.Own(l.Name, connected.Daemon()); err != nil {
		return nil, errors.Join(err, connected.Close())
	}
	defer func() {
		switch {
		case err == nil:
		case connected.Gone(ctx):
			l.closeMonitor()
			l.Leave()
			err = ErrEngineGone
		default:
			_, down := l.Down(ctx)
			err = errors.Join(err, down)
		}
	}()
	b := &builder{Lab: l, options: o}
	if b.labels, err = l.labels(o.Kept); err != nil {
		return nil, err
	}
	alive, _ := l.Alive(ctx) // before there is anything that could die, and until Down
	if err := b.up(alive); err != nil {
		if failure := l.failure(); failure != nil {
			err = failure // whatever else failed, failed for this
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, context.Cause(ctx) // so did all of this
		}
		return nil, fmt.Errorf("bring up the lab: %w", err)
	}
	l.ReadyIn = time.Since(start)
	return l, nil
}

func (l *Lab) labels(kept bool) (map[string]string, error) {
	host, err := state.HostID()
	if err != nil {
		return nil, err
	}
	labels := map[string]string{node.LabelLab: l.Name, node.LabelHost: host, node.LabelKept: strconv.FormatBool(kept)}
	if c := l.engine.Self(); c != "" {
		labels[node.LabelContainer] = c
	}
	return labels, nil
}

// builder is a lab coming up.
type builder struct {
	*Lab
	options Options
	labels  map[string]string
}

func (b *builder) say(format string, args ...any) {
	if b.options.Progress != nil {
		b.options.Progress(fmt.Sprintf(format, args...))
	}
}

// up makes the networks, and then the hub and every node at once. Nobody can reach anybody before the hub carries; but
// what is slow to be ready by itself does not have to wait for it.
func (b *builder) up(ctx context.Context) error {
	if err := b.createNetworks(ctx); err != nil {
		return err
	}
	places := b.plan.InOrder()
	nodes := make([]*node.Node, len(places))
	var hub *node.Node
	carries := make(chan struct{}) // closed when the hub does
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if hub, err = b.startHub(gctx); err != nil {
			return err
		}
		b.say("hub carries %d links", len(b.plan.Carried()))
		close(carries)
		return nil
	})
	slots := make(chan struct{}, node.AtOnce)
	// closed when the region's configuration is there, for which not every app waits by itself
	configured := map[string]chan struct{}{}
	for _, r := range b.topology.Regions {
		configured[r.Name] = make(chan struct{})
	}
	prepared := b.newPreparation(places)
	g.Go(func() error {
		if !awaitClosed(gctx, configured[b.topology.Home().Name]) {
			return nil
		}
		return prepared.run(gctx)
	})
	for i, p := range places {
		if plan.Of(p.Service).Start > plan.Unaided && !awaitClosed(gctx, carries) {
			break
		}
		waits := p.Service == topology.ServiceApp // for what may need the slots
		if !waits {
			slots <- struct{}{}
		}
		g.Go(func() error {
			if waits {
				if !awaitClosed(gctx, configured[p.Region]) || !awaitClosed(gctx, prepared.done) {
					return nil
				}
				slots <- struct{}{}
			}
			n, err := b.startAt(gctx, p)
			<-slots
			if n == nil || err != nil || !awaitClosed(gctx, carries) {
				return err
			}
			nodes[i] = n
			if p.Service == topology.ServiceReplicator {
				close(configured[p.Region])
			}
			if err := b.awaitReady(gctx, n); err != nil {
				return err
			}
			b.say("%s is ready", n.Name())
			prepared.ready(p)
			return nil
		})
	}
	err := g.Wait()
	if err == nil {
		err = context.Cause(ctx) // whoever waited for the hub gave up without a word
	}
	b.nodes = slices.DeleteFunc(append(nodes, hub), func(n *node.Node) bool { return n == nil })
	if err != nil {
		return err
	}
	return b.findResolver(ctx)
}

// awaitClosed waits until a channel is closed; false is that ctx ended first, and who ended it has the reason.
func awaitClosed(ctx context.Context, c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return false
	}
}

// startAt starts the node of a place; none where another node serves in its stead.
func (b *builder) startAt(ctx context.Context, p topology.Place) (*node.Node, error) {
	if !b.plan.Hosts(p) {
		return nil, nil //nolint:nilnil // another node serves in its stead
	}
	planned, err := b.plan.Node(p)
	if err != nil {
		return nil, err
	}
	s, err := b.spec(planned)
	if err != nil {
		return nil, err
	}
	return b.start(ctx, s)
}

// Networks is how many networks a lab of so many regions has: one for each, and the outer one.
func Networks(regions int) int { return regions + 1 }

func (b *builder) createNetworks(ctx context.Context) error {
	networks := []node.Network{{Name: b.named(topology.Global), Labels: b.labels}}
	for _, r := range b.topology.Regions {
		networks = append(networks, node.Network{Name: b.named(r.Name), Internal: true, Labels: b.labels})
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, n := range networks {
		g.Go(func() error {
			return b.owner.Creating(gctx, n.Name, func(ctx context.Context) error {
				return b.engine.CreateNetwork(ctx, n)
			})
		})
	}
	return g.Wait()
}

func (b *builder) start(ctx context.Context, s node.Spec) (n *node.Node, err error) {
	err = b.owner.Creating(ctx, s.ID, func(ctx context.Context) error { n, err = b.engine.Start(ctx, s); return err })
	return n, err
}

func (b *builder) startHub(ctx context.Context) (*node.Node, error) {
	data, err := json.Marshal(b.topology)
	if err != nil {
		return nil, fmt.Errorf("write the topology down: %w", err)
	}
	app, err := json.Marshal(b.plan.App)
	if err != nil {
		return nil, fmt.Errorf("write the app down: %w", err)
	}
	servers, err := json.Marshal(b.servers)
	if err != nil {
		return nil, fmt.Errorf("write down what serves S3 and DynamoDB: %w", err)
	}
	hub, err := b.plan.Hub()
	if err != nil {
		return nil, err
	}
	spec, err := b.spec(hub)
	if err != nil {
		return nil, err
	}
	spec.Labels[node.LabelTopology], spec.Labels[node.LabelApp], spec.Labels[node.LabelServers] = string(data),
		string(app), string(servers)
	n, err := b.start(ctx, spec)
	if err != nil {
		return nil, err
	}
	if err := b.connectHub(ctx, n); err != nil {
		return nil, err
	}
	places := []string{topology.Global}
	for _, r := range b.topology.Regions {
		places = append(places, r.Name)
	}
	addresses := map[string]string{}
	for _, place := range places {
		if addresses[place], err = n.IP(ctx, b.named(place)); err != nil {
			return nil, err
		}
	}
	listen := func(from string) string {
		if ip, isRegion := addresses[from]; isRegion {
			return ip
		}
		return addresses[topology.Global] // clients and taps come from outside
	}
	return n, b.hub.Open(ctx, b.plan.Carried(), listen, b.baseline)
}

// baseline is what a link between two regions has of the distance, one way, and of the line.
func (b *builder) baseline(s topology.Path) link.Baseline {
	_, from := b.topology.Region(s.From)
	_, to := b.topology.Region(s.To)
	if !from || !to {
		return link.Baseline{}
	}
	return link.Baseline{Delay: b.topology.LatencyBetween(s.From, s.To), Rate: b.topology.Bandwidth}
}

// connectHub finds the hub's ports and makes the handles of all its paths.
func (l *Lab) connectHub(ctx context.Context, n *node.Node) (err error) {
	if l.published, err = n.Addresses(ctx); err != nil {
		return err
	}
	if l.hub, err = link.Connect(ctx, l.published[fmt.Sprintf("%d/tcp", topology.PortToxiproxy)]); err != nil {
		return err
	}
	l.links = nil
	for _, s := range l.plan.Paths {
		l.links = append(l.links, l.hub.Link(s, func(ctx context.Context, q probe.Question) (probe.Answer, error) {
			return l.askOver(ctx, s, q)
		}))
	}
	return nil
}

// findResolver finds where the name service is published; DNS over UDP cannot pass the hub.
func (l *Lab) findResolver(ctx context.Context) error {
	for _, n := range l.nodes {
		if n.Service == topology.ServiceNameservice {
			var err error
			l.resolver, err = n.Address(ctx, fmt.Sprintf("%d/udp", topology.PortDNS))
			return err
		}
	}
	return errors.New("the lab has no name service")
}

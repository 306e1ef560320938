package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Nodes selects nodes: one by its name (postgres.us-east-1, app-1.us-east-1), all of a service, in one region or in
// all, or of a service the one that is the primary now.
type Nodes struct {
	Node    string `yaml:"node" about:"The name of a single node, such as postgres.us-east-1."`
	Service string `yaml:"service" otherwise:"all of them" about:"The service of the nodes, such as postgres."`
	Region  string `yaml:"region" about:"The region of the nodes."`
	Role    string `yaml:"role" about:"The role of the node, for service postgres or redis: primary."`
}

// Target names the nodes.
func (w Nodes) Target() string {
	switch {
	case w.Node != "":
		return w.Node
	case w.Role != "":
		return "the " + w.Role + " of " + w.Service
	case w.Service == "":
		return "all nodes in " + w.Region
	case w.Region != "":
		return w.Service + " in " + w.Region
	default:
		return "all nodes of " + w.Service
	}
}

// breakable are the services whose nodes can be broken.
var breakable = servicesWith(func(s topology.Traits) bool { return s.Breakable })

// withPrimary are the services of which one node is the primary.
var withPrimary = servicesWith(func(s topology.Traits) bool { return s.Primary })

// servicesWith are the names of those of which something is so.
func servicesWith(is func(topology.Traits) bool) (names []string) {
	for _, s := range topology.Services(is) {
		names = append(names, string(s))
	}
	return names
}

// validate asks for a selection that means something. region says whether a region alone does.
func (w Nodes) validate(t topology.Topology, region bool) error {
	var errs []error
	complain := func(parameter, format string, args ...any) { errs = append(errs, invalid(parameter, format, args...)) }
	switch {
	case w.Node != "" && (w.Service != "" || w.Region != "" || w.Role != ""):
		complain("node", "is one node by its name: service, region and role can't go with it")
	case w.Node == "" && w.Service == "" && (w.Region == "" || !region):
		complain("node", "is missing: give a node's name, or a service")
	case w.Role != "" && !slices.Contains(withPrimary, w.Service):
		complain("role", "primary is one of service %s", strings.Join(withPrimary, " or "))
	case w.Role != "" && w.Region != "":
		complain("role", "primary is wherever it is: region can't go with it")
	}
	if w.Node != "" {
		errs = append(errs, nodeIn(t, w.Node))
	}
	if w.Service != "" && !slices.Contains(breakable, w.Service) {
		errs = append(errs, unknown("service", breakable, "%q has no nodes; those that have are %s", w.Service,
			strings.Join(breakable, ", ")))
	}
	if w.Role != "" && w.Role != "primary" {
		complain("role", "%q can't be chosen: use primary", w.Role)
	}
	if w.Region != "" {
		errs = append(errs, regionIn(t, "region", w.Region))
	}
	return errors.Join(errs...)
}

// nodeIn is a complaint about what can't be a node of the topology: SERVICE.REGION, and for app nodes their number too.
// A part of the app goes by its own name.
func nodeIn(t topology.Topology, name string) error {
	var parts []string
	for _, r := range t.Regions {
		for _, at := range t.AppPlaces(r) {
			if at.Part != "" {
				parts = append(parts, at.Name())
			}
		}
	}
	service, region, _ := strings.Cut(name, ".")
	service = strings.TrimRight(service, "-0123456789")
	_, known := t.Region(region)
	if !slices.Contains(parts, name) && (!slices.Contains(breakable, service) || !known && region != topology.Global) {
		return unknown("node", parts,
			"%q can't be one of the topology: a name is like postgres.us-east-1 or app-1.us-east-1", name)
	}
	return nil
}

// picks says whether a node is one of them, or may be the primary among them; never the responder, which is no part
// of what is tested and falls silent only with its whole region.
func (w Nodes) picks(p Place) bool {
	if p.Service == topology.ServiceResponder {
		return false
	}
	return w.Node == p.Name || w.Node == "" && (w.Service == "" || p.Service == topology.Service(w.Service)) &&
		(w.Region == "" || p.Region == w.Region)
}

// mustPick says whether a node is one of them, whoever is the primary.
func (w Nodes) mustPick(p Place) bool { return w.Role == "" && w.picks(p) }

// nodes selects them. The primary is looked for only when the fault is injected: by then it may have moved.
func (w Nodes) nodes(l Lab) ([]Node, error) {
	nodes, err := l.Nodes(w.picks)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.Target(), err)
	}
	return nodes, nil
}

// nodeHold is a set of nodes held alike.
type nodeHold struct {
	selector Nodes
	state    topology.NodeState
	nodes    []Node

	line string // names the open connections to them

	free []Node // set by Heal: those that nobody else holds
}

func (w Nodes) hold(l Lab, s topology.NodeState) (*nodeHold, error) {
	nodes, err := w.nodes(l)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if s == topology.NodeDown && n.Place().Volatile {
			return nil, fmt.Errorf("%s keeps what it stores in memory and would lose it: use pause", n.Place().Name)
		}
	}
	return &nodeHold{selector: w, state: s, nodes: nodes, line: lineName()}, nil
}

// find narrows the nodes down to the primary.
func (h *nodeHold) find(ctx context.Context) error {
	if h.selector.Role == "" || len(h.nodes) == 1 {
		return nil
	}
	var seen []string
	for _, n := range h.nodes {
		primary, err := isPrimary(ctx, n)
		if err != nil {
			seen = append(seen, n.Place().Name+": "+err.Error())
		} else if primary {
			h.nodes = []Node{n}
			return nil
		}
	}
	return fmt.Errorf("%s: there is none (%s)", h.selector.Target(), strings.Join(seen, "; "))
}

func isPrimary(ctx context.Context, n Node) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	db, answers := n.(Database)
	is, asked := primaryIs[n.Place().Service.Traits().Speaks]
	if !answers || !asked {
		return false, errors.New("it has no role")
	}
	answer, err := db.Query(ctx, is.query)
	return answer == is.answer, err
}

// primaryIs is what a node is asked for its role, and what the primary answers.
var primaryIs = map[topology.Protocol]struct{ query, answer string }{
	topology.ProtocolSQL:   {"select pg_is_in_recovery()", "false"},
	topology.ProtocolRedis: {"ROLE", "master"}, // Redis' own word
}

// Inject kills or freezes them at once.
func (h *nodeHold) Inject(ctx context.Context) error {
	var g errgroup.Group
	for _, n := range h.nodes {
		g.Go(func() error { return n.Hold(ctx, h.state) })
	}
	return g.Wait()
}

// Vouched is that the engine has ended or frozen each.
func (*nodeHold) Vouched() bool { return true }

// Lapsed asks the engine whether any of them runs: none does that is held, whatever else is done to it.
func (h *nodeHold) Lapsed(ctx context.Context) (bool, error) { return anyRuns(ctx, h.nodes) }

// Heal lets them run again.
func (h *nodeHold) Heal(ctx context.Context) (err error) {
	h.free, err = releaseAll(ctx, h.nodes)
	return err
}

// Baseline opens the connections on which a node is asked that is to die.
func (h *nodeHold) Baseline(ctx context.Context) (bool, string, error) { return h.InForce(ctx) }

// InForce asks each service, and the engine about each node.
func (h *nodeHold) InForce(ctx context.Context) (bool, string, error) {
	if err := h.find(ctx); err != nil {
		return false, "", err
	}
	// A dead node is asked on a connection that was open: a new one would hang in the hub, which knocks at an address
	// that nobody has any more.
	return h.ask(ctx, h.nodes, h.state == topology.NodeDown)
}

// Gone asks about the nodes that nobody else holds.
func (h *nodeHold) Gone(ctx context.Context) (bool, string, error) {
	if len(h.free) == 0 {
		return true, "let go, and still held by other faults", nil
	}
	isHeld, observed, err := h.ask(ctx, h.free, false)
	return err == nil && !isHeld, observed, err
}

// ask asks about nodes, on open connections or on new ones: whether all of them are broken.
func (h *nodeHold) ask(ctx context.Context, ask []Node, onOpen bool) (bool, string, error) {
	broken, observations, errs := make([]bool, len(ask)), make([]string, len(ask)), make([]error, len(ask))
	var g errgroup.Group
	for i, n := range ask {
		g.Go(func() error {
			broken[i], observations[i], errs[i] = h.look(ctx, n, onOpen)
			return nil
		})
	}
	_ = g.Wait()
	if err := errors.Join(errs...); err != nil {
		return false, "", err
	}
	down := 0
	for _, b := range broken {
		if b {
			down++
		}
	}
	switch down {
	case 0:
		return false, fmt.Sprintf("%d nodes run", len(ask)), nil
	case len(ask):
		return true, fmt.Sprintf("%d nodes: %s", len(ask), observations[0]), nil
	default:
		return false, "", fmt.Errorf("%d of %d nodes are broken", down, len(ask))
	}
}

// look asks about one node. A frozen node's kernel accepts connections, and nobody answers on them.
func (h *nodeHold) look(ctx context.Context, n Node, onOpen bool) (broken bool, observed string, err error) {
	state, err := n.State(ctx)
	if err != nil {
		return false, "", err
	}
	fresh := probe.Question{Way: probe.RoundTrip, Within: silentFor}
	q := fresh
	if onOpen {
		q = probe.Question{Way: probe.OnOpen, Line: h.line + n.Place().Name, Within: silentFor}
	}
	a, err := n.Ask(ctx, q)
	if err == nil && a.Symptom != probe.Fine && state == topology.NodeRunning && q != fresh {
		a, err = n.Ask(ctx, fresh) // a node that is ill in another way may open no session, and answer all the same
	}
	switch {
	case err != nil:
		return false, "", err
	case state == topology.NodeRunning && a.Symptom == probe.Fine:
		return false, "", nil
	case state == h.state && (state == topology.NodeDown && a.Symptom != probe.Fine || a.Symptom == probe.Silence):
		return true, fmt.Sprintf("the engine says %s, and a client: %s", state, a.Symptom), nil
	default:
		return false, "", fmt.Errorf("%s is %s, and a client sees %q (%s)", n.Place().Name, state, a.Symptom, a.Said)
	}
}

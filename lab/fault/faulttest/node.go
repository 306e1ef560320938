package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Node is a node of the lab. One fault at a time may hold it.
type Node struct {
	lab    *Lab
	place  fault.Place
	server *server
	role   role

	mu    sync.Mutex
	state topology.NodeState
	life  int
}

// role is what a node does.
type role interface {
	// forget is that its process has ended.
	forget()
	// broken says what a fault has left in it, or is empty.
	broken() string
}

// idle is the role of a node that only serves.
type idle struct{}

func (idle) forget()        {}
func (idle) broken() string { return "" }

var volatile = []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB}

func newNode(t testing.TB, l *Lab, p topology.Place) *Node {
	t.Helper()
	n := &Node{lab: l, state: topology.NodeRunning, role: idle{}, place: fault.Place{
		Name: p.Name(), Region: p.Region, Service: p.Service, Volatile: slices.Contains(volatile, p.Service),
	}}
	serve := only[p.Service.Traits().Speaks]
	switch p.Service {
	case topology.ServiceRedis:
		n.role = &cache{home: p.Region == l.topology.Home().Name}
	case topology.ServicePostgres:
		d := newDatabase(n)
		n.role, serve = d, each(d.serve)
	case topology.ServiceS3, topology.ServiceDynamoDB:
		n.role = newStore(l.defect)
	case topology.ServiceApp:
		a := newApp(n)
		n.role, serve = a, serveHTTP(a.routes())
	case topology.ServiceReplicator:
		r := newReplicator(n)
		n.role, serve = r, serveHTTP(r.routes())
	case topology.ServiceAutomation:
		a := &automation{orders: newOrders[api.StepFault](l.defect), node: n}
		n.role, serve = a, serveHTTP(a.routes())
	case topology.ServiceNameservice:
		s := &nameservice{node: n}
		n.role, serve = s, serveHTTP(s.routes())
	}
	if serve == nil {
		t.Fatalf("nothing serves %s, which speaks %q", p.Name(), p.Service.Traits().Speaks)
	}
	n.server = newServer(t, serve)
	return n
}

func serveHTTP(h http.Handler) func(net.Listener) {
	return func(on net.Listener) { _ = http.Serve(on, h) } //nolint:gosec // the harness asks it, and nobody else
}

// behave starts what the node does by itself, until the test ends.
func (n *Node) behave(t testing.TB) {
	t.Helper()
	active, ok := n.role.(interface{ run(ctx context.Context) })
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var working sync.WaitGroup
	working.Go(func() { active.run(ctx) })
	t.Cleanup(func() { cancel(); working.Wait() })
}

// Place is where the node is.
func (n *Node) Place() fault.Place { return n.place }

func (n *Node) running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state == topology.NodeRunning
}

func (n *Node) broken() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state != topology.NodeRunning {
		return string(n.state)
	}
	return n.role.broken()
}

// Hold kills or freezes the node.
func (n *Node) Hold(_ context.Context, s topology.NodeState) error {
	if n.lab.defect == IgnoresInjection {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state = s
	if s == topology.NodeFrozen {
		n.server.freeze(true)
		return nil
	}
	n.server.kill()
	n.role.forget()
	return nil
}

// Release has the node run.
func (n *Node) Release(context.Context) (bool, error) {
	if n.lab.defect == IgnoresHealing {
		return true, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state == topology.NodeDown {
		n.life++
	}
	n.state = topology.NodeRunning
	n.server.freeze(false)
	return true, n.server.start()
}

// State is what an engine would say.
func (n *Node) State(context.Context) (topology.NodeState, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state, nil
}

// Life is a new one whenever the node was down.
func (n *Node) Life(context.Context) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return fmt.Sprint(n.life), nil
}

// Ask asks the node at its own address.
func (n *Node) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	q.Service, q.Address = n.place.Service, n.server.address
	return n.lab.lines.Ask(ctx, q)
}

// Call calls the node's HTTP.
func (n *Node) Call(ctx context.Context, method, path string, in, out any) error {
	return api.Linked("http://"+n.server.address).Call(ctx, method, path, in, out)
}

var errNone = errors.New("the node has none of that")

// Query asks the node's database.
func (n *Node) Query(_ context.Context, sql string) (string, error) {
	d, ok := n.role.(interface {
		query(sql string) (string, error)
	})
	if !ok {
		return "", errNone
	}
	if !n.running() {
		return "", errors.New("the database does not answer")
	}
	return d.query(sql)
}

// Store is what the node stores.
func (n *Node) Store(s topology.Service) (fault.Store, error) {
	own, ok := n.role.(*store)
	if !ok || s != n.place.Service {
		return nil, errNone
	}
	return own, nil
}

// Run runs a command in the node, and does nothing.
func (*Node) Run(context.Context, ...string) (string, error) { return "", nil }

// Tend runs a script where the node's disk is.
func (n *Node) Tend(_ context.Context, script string) error {
	d, ok := n.role.(*database)
	if !ok {
		return errNone
	}
	return d.disk.run(script, n.lab.defect)
}

// Enter runs a script among the mounts of the node.
func (n *Node) Enter(ctx context.Context, script string) error { return n.Tend(ctx, script) }

package fault

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

const ms = time.Millisecond

// fakeLab is a lab of fakes.
type fakeLab struct {
	topology topology.Topology
	links    []*fakeLink
	nodes    []Node
}

func (l fakeLab) Topology() topology.Topology { return l.topology }

func (l fakeLab) Links(keep func(Path) bool) ([]Link, error) {
	var links []Link
	for _, k := range l.links {
		if keep(k.path) {
			links = append(links, k)
		}
	}
	if len(links) == 0 {
		return nil, errors.New("no link is selected")
	}
	return links, nil
}

func (l fakeLab) Nodes(keep func(Place) bool) ([]Node, error) {
	nodes := slices.DeleteFunc(slices.Clone(l.nodes), func(n Node) bool { return !keep(n.Place()) })
	if len(nodes) == 0 {
		return nil, errors.New("no node is selected")
	}
	return nodes, nil
}

// fakeLink carries a question in a millisecond, as long as it is not held. It answers some questions wrong: that it
// does not carry though it does, or the other way round.
type fakeLink struct {
	path  Path
	holds time.Duration // what it takes to hold it; it is held at the end of that
	slow  time.Duration // of a question, besides
	wrong []int         // the how-manieth questions are answered wrong

	mu     sync.Mutex
	state  *LinkState
	others bool // somebody else has cut it
	asked  int
}

func (l *fakeLink) Path() Path { return l.path }

func (l *fakeLink) Hold(_ context.Context, state LinkState) error {
	time.Sleep(l.holds)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = &state
	return nil
}

func (l *fakeLink) Release(context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = nil
	return !l.others, nil
}

func (*fakeLink) Behind(context.Context) error { return nil }

func (l *fakeLink) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	l.mu.Lock()
	l.asked++
	state := l.state
	if l.others {
		state = &LinkState{Cut: true}
	}
	if slices.Contains(l.wrong, l.asked) {
		if state == nil {
			state = &LinkState{Toxics: []toxic.Toxic{{Type: "timeout"}}}
		} else {
			state = nil
		}
	}
	l.mu.Unlock()
	takes := ms + l.slow
	a := probe.Answer{Bytes: q.Bytes}
	if state != nil {
		for _, t := range state.Toxics {
			switch t.Type {
			case "latency":
				takes += time.Duration(t.Attributes["latency"]) * ms
			case "timeout":
				takes, a.Symptom = cmp.Or(q.Within, time.Second), probe.Silence
			case "bandwidth":
				takes += time.Duration(q.Bytes) * ms / time.Duration(t.Attributes["rate"])
			}
		}
		switch {
		case state.Cut:
			a.Symptom = probe.Refused
		case state.Deaf && q.Way != probe.OnOpen:
			takes, a.Symptom = cmp.Or(q.Within, time.Second), probe.NoConnection
		}
	}
	select {
	case <-ctx.Done():
		a.Symptom, a.Said = probe.Silence, ctx.Err().Error()
	case <-time.After(takes):
	}
	a.Took = takes
	return a, nil
}

// fakeNode does what it is told to be.
type fakeNode struct {
	place Place
	holds time.Duration
	call  func(method, path string, in, out any) error
	sql   func(statement string) (string, error)
	tend  func(script string) error

	mu    sync.Mutex
	state topology.NodeState
	life  int
	other bool // somebody else has ended it too
}

func newNode(s topology.Service, region string) *fakeNode {
	return &fakeNode{place: Place{Name: s.Host(region), Region: region, Service: s}, state: topology.NodeRunning}
}

func (n *fakeNode) Place() Place { return n.place }

func (n *fakeNode) Hold(_ context.Context, s topology.NodeState) error {
	time.Sleep(n.holds)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state = s
	return nil
}

func (n *fakeNode) Release(context.Context) (bool, error) {
	n.mu.Lock()
	other := n.other
	n.mu.Unlock()
	if !other {
		n.restart()
	}
	return !other, nil
}

// restart has the node run, in another life if it was down.
func (n *fakeNode) restart() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state == topology.NodeDown {
		n.life++
	}
	n.state = topology.NodeRunning
}

func (n *fakeNode) State(context.Context) (topology.NodeState, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state, nil
}

func (n *fakeNode) Life(context.Context) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return fmt.Sprint(n.life), nil
}

func (n *fakeNode) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	a, takes := probe.Answer{}, ms
	switch s, _ := n.State(ctx); s {
	case topology.NodeDown:
		a.Symptom = probe.Closed
	case topology.NodeFrozen:
		a.Symptom, takes = probe.Silence, cmp.Or(q.Within, time.Second)
	}
	select {
	case <-ctx.Done():
		a.Symptom = probe.Silence
	case <-time.After(takes):
	}
	return a, nil
}

var errDown = errors.New("nobody answers")

func (n *fakeNode) Call(ctx context.Context, method, path string, in, out any) error {
	if s, _ := n.State(ctx); s != topology.NodeRunning || n.call == nil {
		return errDown
	}
	return n.call(method, path, in, out)
}

func (n *fakeNode) Query(ctx context.Context, sql string) (string, error) {
	if s, _ := n.State(ctx); s != topology.NodeRunning || n.sql == nil {
		return "", errDown
	}
	return n.sql(sql)
}

func (n *fakeNode) Tend(_ context.Context, script string) error {
	if n.tend == nil {
		return nil
	}
	return n.tend(script)
}

func (n *fakeNode) Enter(ctx context.Context, script string) error { return n.Tend(ctx, script) }

func (*fakeNode) Run(context.Context, ...string) (string, error) { return "", nil }

// otherLinks is a lab whose one link is not a plain fake.
type otherLinks struct {
	fakeLab
	Link
}

func (l otherLinks) Links(keep func(Path) bool) ([]Link, error) {
	if !keep(l.Path()) {
		return nil, errors.New("no link is selected")
	}
	return []Link{l.Link}, nil
}

// brokenLines is a link on which an open connection that has failed once stays broken.
type brokenLines struct {
	*fakeLink
	broken map[string]bool
}

func (l *brokenLines) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	if q.Way != probe.OnOpen {
		return l.fakeLink.Ask(ctx, q)
	}
	if l.broken[q.Line] {
		return probe.Answer{Symptom: probe.Silence}, nil
	}
	a, err := l.fakeLink.Ask(ctx, q)
	l.broken[q.Line] = a.Symptom != probe.Fine
	return a, err
}

// slowFirst is a link on which the first few questions take long.
type slowFirst struct {
	*fakeLink
	first int
}

func (l *slowFirst) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	if l.first > 0 {
		l.first--
		time.Sleep(70 * ms)
		return probe.Answer{Took: 70 * ms}, nil
	}
	return l.fakeLink.Ask(ctx, q)
}

// busyFor is a machine that has much to do during some round trips, from one on.
type busyFor struct {
	*busy
	from int64
}

func (b *busyFor) Links(func(Path) bool) ([]Link, error) { return []Link{b}, nil }

func (b *busyFor) Ask(context.Context, probe.Question) (probe.Answer, error) {
	n, took := b.asked.Add(1), 2*ms
	if n > b.from && n <= b.from+jitterTrips && n%4 != 0 {
		took += 15 * ms
	}
	time.Sleep(took)
	return probe.Answer{Took: took}, nil
}

// decode gives an app node's revision.
func decode(out any, revision int) error {
	return json.Unmarshal(fmt.Appendf(nil, `{"revision": %d}`, revision), out)
}

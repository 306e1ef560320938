package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// only is the one node of a service in a region.
func only(l Lab, s topology.Service, region string) (Node, error) {
	nodes, err := l.Nodes(func(p Place) bool { return p.Service == s && p.Region == region })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Host(region), err)
	}
	return nodes[0], nil
}

// agentOf is what runs on a node, to be talked to.
func agentOf(n Node) api.Caller {
	if a, ok := n.(Agent); ok {
		return a
	}
	return mute{n}
}

// mute is a node that can't be called.
type mute struct{ Node }

func (m mute) Call(context.Context, string, string, any, any) error {
	return fmt.Errorf("%s speaks no HTTP", m.Place().Name)
}

// query asks a node's database.
func query(ctx context.Context, n Node, sql string) (string, error) {
	db, ok := n.(Database)
	if !ok {
		return "", fmt.Errorf("%s is no database", n.Place().Name)
	}
	return db.Query(ctx, sql)
}

// running says whether a node runs. What a fault told the process of one that does not, is gone with it.
func running(ctx context.Context, n Node) (bool, error) {
	s, err := n.State(ctx)
	return s == Running, err
}

// told are the nodes that a fault has told something, each with the life it was in. Whoever is started again has forgotten it: that another fault, a
// failover or the loss of its region had it started again, is no lapse of the fault's own.
type told []life

type life struct {
	node Node
	name string
}

// tellTo notes the lives of nodes that were just told. One that can't say is left out; where none can, nobody is taken to live on.
func tellTo(ctx context.Context, nodes ...Node) told {
	var t told
	for _, n := range nodes {
		if name, err := lifeOf(ctx, n); err == nil {
			t = append(t, life{n, name})
		}
	}
	return t
}

// liveOn says whether all of them are in the same life still.
func (t told) liveOn(ctx context.Context) (bool, error) {
	for _, was := range t {
		if same, err := was.goesOn(ctx); !same {
			return false, err
		}
	}
	return len(t) > 0, nil
}

// goesOn says whether the node has not been started again.
func (l life) goesOn(ctx context.Context) (bool, error) {
	is, err := lifeOf(ctx, l.node)
	return err == nil && is == l.name, err
}

func lifeOf(ctx context.Context, n Node) (string, error) {
	if l, ok := n.(Life); ok {
		return l.Life(ctx)
	}
	return "", fmt.Errorf("nobody tells the lives of %s apart", n.Place().Name)
}

func anyRuns(ctx context.Context, nodes []Node) (bool, error) {
	for _, n := range nodes {
		if up, err := running(ctx, n); up || err != nil {
			return up, err
		}
	}
	return false, nil
}

// dyingWithin is how long a process may take to end (an automation that is killed waits two seconds for its mark to be fetched), and the engine to
// notice.
const dyingWithin = 4 * time.Second

// unlessDown tells a node something, unless it is down: to find that out by asking it takes as long as nobody answers.
func unlessDown(ctx context.Context, n Node, tell func(ctx context.Context) error) error {
	if s, err := n.State(ctx); err != nil || s == Down {
		return err
	}
	err := tell(ctx)
	if err == nil {
		return nil
	}
	// It may be dying: a process stops answering a moment before the engine says that it is down.
	gone := wait.Every(4*askEvery).Until(ctx, dyingWithin, n.Place().Name+" to be down", func(ctx context.Context) error {
		if s, serr := n.State(ctx); serr != nil || s != Down {
			return err
		}
		return nil
	})
	if gone != nil {
		return err
	}
	return nil
}

// compare says what a measured amount means for one that was asked: in force within the tolerance of it, not in force when it is not even
// half way there from what it is without the fault, and else an error, as nobody can tell. A rate falls to what was asked, a lag rises.
func compare(got, asked float64, rate, healed bool, saw string) (bool, string, error) {
	off := got < asked/2
	if rate {
		off = got > asked*2
	}
	switch {
	case got >= asked*(1-tolerance) && got <= asked*(1+tolerance):
		return true, saw, nil
	case off, healed && !rate && got < asked, healed && rate && got > asked:
		return false, saw, nil
	default:
		return false, "", errors.New(saw)
	}
}

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

// agentOf calls what runs on a node.
func agentOf(n Node) api.Caller {
	if a, ok := n.(Agent); ok {
		return a
	}
	return silent{n}
}

// silent is a node that can't be called.
type silent struct{ Node }

func (m silent) Call(context.Context, string, string, any, any) error {
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

// running says whether a node runs. What a fault has ordered of the process of one that does not is gone with it.
func running(ctx context.Context, n Node) (bool, error) {
	s, err := n.State(ctx)
	return s == topology.NodeRunning, err
}

// lives are those of the nodes to which a fault has given an order. A node that is started again has forgotten it:
// that another fault, a failover or the loss of its region had it started again, is no lapse of the fault's own.
type lives []life

type life struct {
	node Node
	name string
}

// livesOf notes the lives of nodes. One that can't say is left out; where none can, no life is taken to go on.
func livesOf(ctx context.Context, nodes ...Node) lives {
	var all lives
	for _, n := range nodes {
		if name, err := lifeOf(ctx, n); err == nil {
			all = append(all, life{n, name})
		}
	}
	return all
}

// allContinue says whether all of the nodes are in the same life still.
func (l lives) allContinue(ctx context.Context) (bool, error) {
	for _, was := range l {
		if same, err := was.continues(ctx); !same {
			return false, err
		}
	}
	return len(l) > 0, nil
}

// continues says whether the node has not been started again.
func (l life) continues(ctx context.Context) (bool, error) {
	is, err := lifeOf(ctx, l.node)
	return err == nil && is == l.name, err
}

func lifeOf(ctx context.Context, n Node) (string, error) {
	if l, ok := n.(Life); ok {
		return l.Life(ctx)
	}
	return "", fmt.Errorf("the lives of %s can't be told apart", n.Place().Name)
}

func anyRuns(ctx context.Context, nodes []Node) (bool, error) {
	for _, n := range nodes {
		if up, err := running(ctx, n); up || err != nil {
			return up, err
		}
	}
	return false, nil
}

// dyingWithin is how long a process may take to end (an automation that is killed waits two seconds for its mark to
// be fetched), and the engine to notice.
const dyingWithin = 4 * time.Second

// unlessDown gives a node an order, unless it is down: to find that out by asking it takes as long as nobody answers.
func unlessDown(ctx context.Context, n Node, order func(ctx context.Context) error) error {
	if s, err := n.State(ctx); err != nil || s == topology.NodeDown {
		return err
	}
	err := order(ctx)
	if err == nil {
		return nil
	}
	// It may be dying: a process stops answering a moment before the engine says that it is down.
	gone := wait.Every(4*askEvery).Until(ctx, dyingWithin, n.Place().Name+" to be down",
		func(ctx context.Context) error {
			if s, serr := n.State(ctx); serr != nil || s != topology.NodeDown {
				return err
			}
			return nil
		})
	if gone != nil {
		return err
	}
	return nil
}

// inForce says what a measured amount means for one that was asked: in force within the tolerance of it, not in force
// when it is not even half way there from what it is without the fault, and else an error, as nobody can tell. A rate
// falls to what was asked, a lag rises.
func inForce(got, asked float64, rate bool, observed string) (bool, string, error) {
	off := got < asked/2
	if rate {
		off = got > asked*2
	}
	switch {
	case near(got, asked):
		return true, observed, nil
	case off:
		return false, observed, nil
	default:
		return false, "", errors.New(observed)
	}
}

// gone says the same once the fault has let go: whatever is on the other side of what was asked shows that it is gone.
func gone(got, asked float64, rate bool, observed string) (bool, string, error) {
	off := got < asked
	if rate {
		off = got > asked
	}
	switch {
	case near(got, asked):
		return false, observed, nil
	case off:
		return true, observed, nil
	default:
		return false, "", errors.New(observed)
	}
}

// near says whether an amount is within the tolerance of what was asked.
func near(got, asked float64) bool { return got >= asked*(1-tolerance) && got <= asked*(1+tolerance) }

package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Restart ends nodes with SIGKILL and starts them again after a while, as an orchestrator does.
type Restart struct {
	Nodes `yaml:",inline"`
	Down  time.Duration `yaml:"down" about:"The time for which the nodes stay down."` // physical
}

// Kind is restart.
func (*Restart) Kind() string { return "restart" }

// Takes is until the nodes are started again.
func (f *Restart) Takes(topology.Topology) Time { return Time{Seen: max(f.Down, minDown)} }

// The bounds of how long a restarted node is down. The least is what it takes to see it.
const (
	minDown = 200 * time.Millisecond
	maxDown = time.Minute
)

// Validate asks for nodes.
func (f *Restart) Validate(t topology.Topology) error {
	err := f.validate(t, false)
	if f.Down != 0 && (f.Down < minDown || f.Down > maxDown) {
		err = errors.Join(err, invalid("down", "is %s; it must be between %s and %s", f.Down, minDown, maxDown))
	}
	return err
}

// For makes the fault ready.
func (f *Restart) For(l Lab) (Fault, error) {
	h, err := f.hold(l, topology.NodeDown)
	if err != nil {
		return nil, err
	}
	return &restart{nodeHold: h, down: max(f.Down, minDown)}, nil
}

type restart struct {
	*nodeHold
	down   time.Duration
	killed map[string]string // the life, by node, in which each was killed
}

// Inject notes which lives it ends.
func (r *restart) Inject(ctx context.Context) error {
	r.killed = map[string]string{}
	for _, n := range r.nodes {
		is, err := lifeOf(ctx, n)
		if err != nil {
			return err
		}
		r.killed[n.Place().Name] = is
	}
	return r.nodeHold.Inject(ctx)
}

// Lapsed is never: it is over when it has been verified.
func (*restart) Lapsed(context.Context) (bool, error) { return false, nil }

// Verify starts the nodes again when their time is up, once the guard has seen them down, and asks the engine whether
// each is in another life. What is in force from then on is that they were restarted; nothing is left to heal. A node
// that has left the life in which it was killed before that did not stay down: it died by itself, and somebody else
// started it.
func (r *restart) Verify(ctx context.Context) (string, error) {
	began := time.Now()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-time.After(r.down):
	}
	for _, n := range r.nodes {
		switch same, err := r.inTheLifeThatWasKilled(ctx, n); {
		case err != nil:
			return "", err
		case !same:
			return "", fmt.Errorf("%s was started by somebody else before its %s were over", n.Place().Name, r.down)
		}
	}
	if err := r.Heal(ctx); err != nil {
		return "", err
	}
	if len(r.free) < len(r.nodes) {
		return "", fmt.Errorf("of %d nodes %d were started again: the others are held by another fault", len(r.nodes),
			len(r.free))
	}
	for _, n := range r.free {
		state, err := n.State(ctx)
		if err != nil {
			return "", err
		}
		if state != topology.NodeRunning {
			return "", fmt.Errorf("%s was started again and is %s", n.Place().Name, state)
		}
		switch same, err := r.inTheLifeThatWasKilled(ctx, n); {
		case err != nil:
			return "", err
		case same:
			return "", fmt.Errorf("%s runs, and the engine has not started it again", n.Place().Name)
		}
	}
	return fmt.Sprintf("started again after %s", time.Since(began).Round(time.Millisecond)), nil
}

func (r *restart) inTheLifeThatWasKilled(ctx context.Context, n Node) (bool, error) {
	return life{node: n, name: r.killed[n.Place().Name]}.continues(ctx)
}

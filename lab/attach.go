package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// Running is a lab found on the engine.
type Running struct {
	Name string
	Kept bool
	Mine bool // made from this machine, or from a container that has ended
}

// List finds the labs on the engine.
func List(ctx context.Context, e *Engine) ([]Running, error) {
	claims, err := newClaims(e.nodes)
	if err != nil {
		return nil, err
	}
	found, err := e.nodes.Find(ctx, "")
	if err != nil {
		return nil, err
	}
	var labs []Running
	for _, name := range names(found) {
		labels := found[indexOf(found, name)].Labels
		mine, err := claims.mine(ctx, labels)
		if err != nil {
			return nil, err
		}
		labs = append(labs, Running{Name: name, Kept: labels[node.LabelKept] == "true", Mine: mine})
	}
	return labs, nil
}

// Attach takes hold of a running lab that another process brought up.
func Attach(ctx context.Context, e *Engine, name string) (*Lab, error) {
	return attach(ctx, e.nodes, name)
}

func attach(ctx context.Context, e *node.Engine, name string) (*Lab, error) {
	found, err := e.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	l := &Lab{Name: name, engine: e}
	if l.owner, err = state.OwnerOf(name); err != nil {
		return nil, err
	}
	var hub *node.Node
	for _, f := range found {
		if f.Kind != "container" || f.Labels[node.LabelNode] == "" { // a node's helper is no node
			continue
		}
		n := e.Node(f)
		l.nodes = append(l.nodes, n)
		if n.Service == topology.ServiceHub {
			hub = n
			if err := json.Unmarshal([]byte(f.Labels[node.LabelTopology]), &l.topology); err != nil {
				return nil, fmt.Errorf("read the topology of lab %s: %w", name, err)
			}
			app, err := appOf(f.Labels[node.LabelApp])
			if err != nil {
				return nil, fmt.Errorf("lab %s: %w", name, err)
			}
			if l.servers, err = serversOf(f.Labels[node.LabelServers]); err != nil {
				return nil, fmt.Errorf("lab %s: %w", name, err)
			}
			l.plans(app, image.Set{Servers: l.servers}.Together())
			l.plan.TapPorts = f.Labels[node.LabelKept] == "true"
		}
	}
	if hub == nil {
		return nil, l.withoutHub(ctx, found)
	}
	if err := l.connectHub(ctx, hub); err != nil {
		return nil, err
	}
	return l, l.findResolver(ctx)
}

// withoutHub says what is the matter with a lab that has no hub: it is half created or half removed, and broken only
// where nobody is at it any more.
func (l *Lab) withoutHub(ctx context.Context, found []node.Resource) error {
	var mine, held bool
	c, err := newClaims(l.engine)
	if err == nil && len(found) > 0 {
		mine, err = c.mine(ctx, found[0].Labels)
	}
	if err == nil {
		held, err = l.owner.Held()
	}
	if err != nil {
		return err
	}
	return unready(l.Name, mine || len(found) == 0, held, l.owner.Holder(), time.Now())
}

func unready(name string, mine, held bool, by state.Holder, now time.Time) error {
	switch {
	case held && by.Process > 0:
		return fmt.Errorf("lab %s is coming up, or being removed, by process %d, which has had it for %s: it is "+
			"broken only if it has no hub once that process has ended", name, by.Process,
			now.Sub(by.Since).Round(time.Second))
	case held:
		return fmt.Errorf("lab %s is coming up, or being removed: the process that has it lives", name)
	case !mine:
		return fmt.Errorf("lab %s has no hub, and belongs to another machine: whether it is coming up or broken is "+
			"known there", name)
	}
	return fmt.Errorf("lab %s has no hub: it is broken; remove it with: regionfall down --lab %s", name, name)
}

// Remove removes a lab by name and counts what is left.
func Remove(ctx context.Context, e *Engine, name string) (leftovers int, err error) {
	o, err := state.OwnerOf(name)
	if err != nil {
		return 0, err
	}
	left, err := remove(ctx, e.nodes, name, o.Underway(), removeWithin)
	if err != nil {
		return left, fmt.Errorf("remove lab %s: %w", name, err)
	}
	if left > 0 {
		return left, nil // the notes stay for who removes the rest
	}
	led, err := state.LedgerOf(name)
	if err == nil {
		err = led.Remove()
	}
	if gone := os.Remove(o.Path()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return left, fmt.Errorf("remove lab %s: %w", name, err)
	}
	return left, nil
}

package lab

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// Remains is what the engine holds of a lab, and whose it is.
type Remains struct {
	Running
	Dead                          bool // its owner is gone, and it was not kept: the next sweep removes it
	Hub                           bool // without a hub it is half created, or half removed
	Containers, Networks, Volumes int
}

// Survey counts what there is of every lab on the engine, and changes nothing.
func Survey(ctx context.Context, e *Engine) ([]Remains, error) {
	labs, err := List(ctx, e)
	if err != nil {
		return nil, err
	}
	found, err := e.nodes.Find(ctx, "")
	if err != nil {
		return nil, err
	}
	var all []Remains
	for _, l := range labs {
		r := Remains{Running: l}
		for _, f := range found {
			if f.Labels[node.LabelLab] != l.Name {
				continue
			}
			switch f.Kind {
			case "container":
				r.Containers++
				r.Hub = r.Hub || f.Labels[node.LabelService] == string(topology.ServiceHub)
			case "network":
				r.Networks++
			case "volume":
				r.Volumes++
			}
		}
		if l.Mine {
			if r.Kept, r.Dead, err = fate(l); err != nil {
				return nil, err
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// fate says whether a lab of this machine was kept or, if not, is dead. One that was to be kept is kept only once it is
// up.
func fate(l Running) (kept, dead bool, err error) {
	o, err := state.OwnerOf(l.Name)
	if err != nil {
		return false, false, err
	}
	if l.Kept && o.Kept() {
		return true, false, nil
	}
	held, err := o.Held()
	if err != nil {
		return false, false, fmt.Errorf("lab %s: %w", l.Name, err)
	}
	return false, !held, nil
}

package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/wait"
)

// Sweep removes every lab of this machine whose owner is dead, and heals in kept labs the faults whose process is. It
// says what it did, such as "lab k3f9x2ab" and "partition on us-east-1 and us-west-2 in lab k3f9x2ab". Labs of others
// are left alone. One lab that cannot be swept does not keep the others.
func Sweep(ctx context.Context, e *Engine) (swept []string, err error) { return sweep(ctx, e.nodes) }

func sweep(ctx context.Context, e *node.Engine) (swept []string, err error) {
	claims, err := newClaims(e)
	if err != nil {
		return nil, err
	}
	found, err := e.Find(ctx, "")
	if err != nil {
		return nil, err
	}
	var errs []error
	there := names(found)
	for _, name := range there {
		labels := found[indexOf(found, name)].Labels
		mine, err := claims.mine(ctx, labels)
		if err != nil {
			errs = append(errs, err)
		}
		if !mine {
			continue
		}
		did, err := sweepOne(ctx, e, name, labels[node.LabelKept] == "true")
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep lab %s: %w", name, err))
		}
		swept = append(swept, did...)
	}
	errs = append(errs, sweepFiles(ctx, e, there))
	return swept, errors.Join(errs...)
}

// sweepFiles removes the files of labs that are no more, or never came to be: their owner died before the engine had
// anything of them.
func sweepFiles(ctx context.Context, e *node.Engine, there []string) error {
	dir, err := state.Dir()
	if err != nil {
		return err
	}
	locks, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range locks {
		name := strings.TrimSuffix(filepath.Base(path), ".lock")
		o := &state.Owner{Flock: flock.New(path)}
		if slices.Contains(there, name) || o.Daemon() != e.Daemon() {
			continue // swept as a lab, or of another engine
		}
		_, err := sweepOne(ctx, e, name, false)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func sweepOne(ctx context.Context, e *node.Engine, name string, mayBeKept bool) (did []string, err error) {
	o, err := state.OwnerOf(name)
	if err != nil {
		return nil, err
	}
	if mayBeKept && o.Kept() {
		healed, err := healOrphans(ctx, e, name)
		for _, h := range healed {
			did = append(did, h+" in lab "+name)
		}
		return did, err
	}
	dead, err := o.TryLock()
	if err != nil || !dead {
		return nil, err
	}
	within, stuck := removeWithin, o.GivenUp()
	if stuck {
		within = 0 // it was waited for once, and by now is the engine's affair; what can be removed this time is
	}
	left, err := remove(ctx, e, name, o.Underway(), within)
	switch {
	case err == nil && left > 0 && stuck:
		return nil, o.Unlock()
	case err == nil && left > 0:
		err = errors.Join(fmt.Errorf("the engine failed to remove %d resources", left), o.GiveUp())
	}
	if err != nil {
		return nil, errors.Join(err, o.Unlock()) // the notes stay: the next sweep needs them
	}
	return []string{"lab " + name}, o.Release()
}

// lateWithin is how long a creation may still be under way in the engine after its owner died.
const lateWithin = 5 * time.Second

// removeWithin is how long a lab may take to be gone.
const removeWithin = 20 * time.Second

// removeEvery is how often the engine is asked what is left.
const removeEvery = wait.Every(50 * time.Millisecond)

// startWithin is how long the engine may go on starting a container whose owner died meanwhile.
const startWithin = 3 * time.Second

// removeLimit is how long the engine may take over the removal of a lab altogether, however slow its answers are.
const removeLimit = 2 * time.Minute

// remove removes everything of one lab and counts what is left when it has tried for so long as within says. What was
// being created when its owner died is waited for: it appears late, or (its request never having reached the engine)
// not at all. So is what was being started: an engine that has to start and to remove at once may lose count of what is
// on a network, and then never lets go of it (seen on 20.10, "has active endpoints").
func remove(ctx context.Context, e *node.Engine, name string, underway map[string]bool,
	within time.Duration,
) (left int, err error) {
	began := time.Now()
	begun := maps.Clone(underway)
	err = removeEvery.Until(ctx, removeLimit, "lab "+name+" to be removed", func(ctx context.Context) error {
		found, err := e.Find(ctx, name)
		if err != nil {
			return wait.Stop(err)
		}
		left = len(found)
		for _, f := range found {
			if f.Kind != "volume" { // a node's volumes are named like it, and come before it
				delete(underway, f.Name)
			}
		}
		passed := time.Since(began)
		switch {
		case starts(found, begun) && passed < startWithin:
			return errors.New("the engine is starting a container of it")
		case left > 0:
			if err := e.Remove(ctx, found); err != nil {
				return wait.Stop(err)
			}
			if time.Since(began) > within {
				found, err = e.Find(ctx, name)
				if err != nil {
					return wait.Stop(err)
				}
				left = len(found)
				return nil
			}
			return fmt.Errorf("%d of its resources are left", left)
		case len(underway) > 0 && passed < lateWithin:
			return errors.New("the engine may be creating more of it")
		}
		return nil
	})
	return left, err
}

// starts says whether the engine may still be starting one of what was found, of what was begun and not ended.
func starts(found []node.Resource, begun map[string]bool) bool {
	return slices.ContainsFunc(found, func(f node.Resource) bool {
		return f.Kind == "container" && f.Status == "created" &&
			begun[f.Name]
	})
}

// names of the labs among what was found, in the order of their first appearance.
func names(found []node.Resource) []string {
	var all []string
	seen := map[string]bool{}
	for _, f := range found {
		if n := f.Labels[node.LabelLab]; n != "" && !seen[n] {
			seen[n] = true
			all = append(all, n)
		}
	}
	return all
}

func indexOf(found []node.Resource, lab string) int {
	for i, f := range found {
		if f.Labels[node.LabelLab] == lab {
			return i
		}
	}
	return -1
}

// StateEnv names a folder for what is known of labs on this machine, instead of one in the user's cache.
const StateEnv = state.Env

// Note is a fault that is injected in a lab, as every process of this machine knows of it.
type Note = state.Note

package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// disks are the small disks of PostgreSQL nodes, broken so that a write fails.
type disks struct {
	nodeHold
	sign     string // in the error of a write, when the fault is in force
	volatile bool   // it ends with the life of the node
	probe    string // a script that fails with the disk, for a node that is down; empty if the disk can't tell
	damage   func(ctx context.Context, n Node, d Disk) error
	repair   func(ctx context.Context, n Node, d Disk) error // also of a node that is down, and twice
	// mu keeps the probe from writing while a disk is being damaged. What it had written until then would be returned
	// to a disk that has just been filled, or could not be removed from one that has just become read-only.
	mu    sync.Mutex
	lives lives
}

func (w Nodes) validateDisk(t topology.Topology) error {
	err := w.validate(t, false)
	const refused = "%q has no disk of its own that could be damaged: use a node of service postgres"
	switch {
	case w.Node != "" && !strings.HasPrefix(w.Node, "postgres."):
		return errors.Join(err, invalid("node", refused, w.Node))
	case w.Service != "" && w.Service != "postgres":
		return errors.Join(err, invalid("service", refused, w.Service))
	}
	return err
}

func (w Nodes) disks(l Lab, f *disks) (Fault, error) {
	nodes, err := w.nodes(l)
	if err != nil {
		return nil, err
	}
	f.nodeHold = nodeHold{selector: w, nodes: nodes}
	return f, nil
}

// Slow is what a busy machine takes for a helper, and to write half a gigabyte.
func (*disks) Slow() time.Duration { return 10 * time.Second }

func (f *disks) each(do func(n Node, d Disk) error) error {
	var g errgroup.Group
	for _, n := range f.nodes {
		g.Go(func() error {
			d, ok := n.(Disk)
			if !ok {
				return fmt.Errorf("damage the disk of %s: it has none of its own; use a node of service postgres",
					n.Place().Name)
			}
			return do(n, d)
		})
	}
	return g.Wait()
}

// Inject damages every disk.
func (f *disks) Inject(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.each(func(n Node, d Disk) error { return f.damage(ctx, n, d) })
	f.lives = livesOf(ctx, f.nodes...)
	return err
}

// Lapsed writes. What has gone with the life of a node has not gone by itself.
func (f *disks) Lapsed(ctx context.Context) (bool, error) {
	in, _, err := f.InForce(ctx)
	if in || err != nil || !f.volatile {
		return !in, err
	}
	return f.lives.allContinue(ctx)
}

// Heal repairs every disk, and then starts what its disk has brought down.
func (f *disks) Heal(ctx context.Context) error {
	if err := f.each(func(n Node, d Disk) error { return f.repair(ctx, n, d) }); err != nil {
		return err
	}
	return f.nodeHold.Heal(ctx)
}

// Baseline writes.
func (f *disks) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

// InForce writes.
func (f *disks) InForce(ctx context.Context) (bool, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.find(ctx); err != nil {
		return false, "", err
	}
	return f.fail(ctx, f.nodes)
}

// Gone writes on the nodes that nobody else holds.
func (f *disks) Gone(ctx context.Context) (bool, string, error) {
	if len(f.free) == 0 {
		return true, "the disk takes writes again, and the nodes are still held by other faults", nil
	}
	isHeld, observed, err := f.fail(ctx, f.free)
	return err == nil && !isHeld, observed, err
}

// fail says whether writes fail on all of some nodes, in the way that the fault has them fail.
func (f *disks) fail(ctx context.Context, ask []Node) (bool, string, error) {
	failed, observed := 0, ""
	for _, n := range ask {
		fails, how, err := f.writeFails(ctx, n)
		if err != nil {
			return false, "", err
		}
		if fails {
			failed++
			observed = how
		}
	}
	switch failed {
	case 0:
		return false, fmt.Sprintf("%d nodes write", len(ask)), nil
	case len(ask):
		return true, "a write fails: " + observed, nil
	default:
		return false, "", fmt.Errorf("%s on %d of %d nodes, and the others write", observed, failed, len(ask))
	}
}

// writeFails says whether a write of a node fails as the fault has it fail, and how. A replica ends by itself once it
// replays what its disk does not take: then its disk is asked.
func (f *disks) writeFails(ctx context.Context, n Node) (fails bool, how string, err error) {
	err = write(ctx, n)
	switch {
	case err == nil:
		return false, "", nil
	case strings.Contains(err.Error(), f.sign):
		return true, err.Error(), nil
	case f.probe == "":
		return false, "", err
	}
	state, stateErr := n.State(ctx)
	d, ok := n.(Disk)
	if stateErr != nil || state != topology.NodeDown || !ok {
		return false, "", err
	}
	if refused := d.Tend(ctx, f.probe); refused != nil && strings.Contains(refused.Error(), noSpace) {
		return true, fmt.Sprintf("%s is down, and its disk is full: %s", n.Place().Name, refused), nil
	}
	return false, "", err
}

// noSpace is what a full disk has every program say.
const noSpace = "No space left on device"

// What a write is: rows of a table, of which nothing stays, also by a primary that has been fenced; or where none may
// be made, what a sort puts on the disk.
const (
	writeRows = `begin read write; create temporary table regionfall_probe on commit drop as
		select repeat('x', 1000) from generate_series(1, 64); rollback`
	writeSort = `set work_mem = '64kB'; select count(*) from (
		select g from generate_series(1, 50000) g order by g desc) sorted`
)

func write(ctx context.Context, n Node) error {
	db, ok := n.(Database)
	if !ok {
		return fmt.Errorf("write on %s: it is no database; use a node of service postgres", n.Place().Name)
	}
	statement := writeSort
	primary, err := isPrimary(ctx, n)
	if err != nil {
		return err
	}
	if primary {
		statement = writeRows
	}
	_, err = db.Query(ctx, statement)
	return err
}

func run(ctx context.Context, n Node, script string) error {
	sh, ok := n.(Shell)
	if !ok {
		return fmt.Errorf("run a script in %s: it has no shell; use a node of service postgres", n.Place().Name)
	}
	_, err := sh.Run(ctx, "sh", "-c", script)
	return err
}

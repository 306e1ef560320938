package fault

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/regionfall/regionfall/lab/topology"
)

// PurgeObjects has somebody delete objects of a region with all their versions, so that nothing can be brought back
// there. Of buckets with Object Lock the versions stay. A heal ends it, and brings nothing back.
type PurgeObjects struct {
	Objects `yaml:",inline"`
}

// Scaled is the fault at a timescale.
func (f *PurgeObjects) Scaled(timescale float64) Spec {
	return &PurgeObjects{f.scaled(timescale)}
}

// Kind is purge_objects.
func (*PurgeObjects) Kind() string { return "purge_objects" }

// Validate asks for versions, too.
func (f *PurgeObjects) Validate(t topology.Topology) error {
	err := f.Objects.Validate(t)
	if !t.Objects.Versions {
		err = errors.Join(err, errors.New("buckets keep no versions: set topology.replication.versions to on, or "+
			"use delete_objects"))
	}
	return err
}

// For makes the fault ready.
func (f *PurgeObjects) For(l Lab) (Fault, error) {
	c, err := f.hold(l, "purged")
	if err != nil {
		return nil, err
	}
	store, ok := c.store.(purger)
	if !ok {
		return nil, fmt.Errorf("the store of %s purges nothing", f.Region)
	}
	return &purged{deleted: deleted{c}, store: store, locked: l.Topology().Objects.Locked}, nil
}

// purger is a Store that keeps versions.
type purger interface {
	lister
	// Purge deletes the versions of an object that was deleted. It gives how many the store refused to delete.
	Purge(ctx context.Context, key string) (refused int, err error)
	// Versions is how many there are of an object.
	Versions(ctx context.Context, key string) (int, error)
}

type purged struct {
	deleted
	store   purger
	locked  bool         // by Object Lock
	refused atomic.Int64 // objects of which a version stays
}

// Inject deletes what is there now, and then each version of it.
func (p *purged) Inject(ctx context.Context) error {
	p.refused.Store(0)
	return p.each(ctx, func(ctx context.Context, key string) error {
		if err := p.store.Delete(ctx, key); err != nil {
			return err
		}
		refused, err := p.store.Purge(ctx, key)
		if refused > 0 && key != p.witness {
			p.refused.Add(1)
		}
		return err
	})
}

// InForce looks for the witness, and for its versions.
func (p *purged) InForce(ctx context.Context) (bool, string, error) {
	is, detail, err := p.deleted.InForce(ctx)
	if !is || err != nil {
		return is, detail, err
	}
	left, err := p.store.Versions(ctx, p.witness)
	switch {
	case err != nil:
		return false, "", err
	case left == 0:
		return true, detail + ", with all their versions", nil
	case p.locked:
		return true, fmt.Sprintf("%s; Object Lock keeps versions of %d", detail, p.refused.Load()), nil
	}
	return false, fmt.Sprintf("the witness is gone, and %d of its versions stay", left), nil
}

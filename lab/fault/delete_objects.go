package fault

import (
	"context"
	"fmt"
)

// DeleteObjects has a faulty cleaner delete objects of a region. Where buckets keep versions, replication deletes them
// in the other regions too; a heal ends the cleaner, and brings nothing back.
type DeleteObjects struct {
	Objects `yaml:",inline"`
}

// Scaled is the fault at a timescale.
func (f *DeleteObjects) Scaled(timescale float64) Spec {
	return &DeleteObjects{f.scaled(timescale)}
}

// Kind is delete_objects.
func (*DeleteObjects) Kind() string { return "delete_objects" }

// For makes the fault ready.
func (f *DeleteObjects) For(l Lab) (Fault, error) {
	c, err := f.hold(l, "deleted")
	if err != nil {
		return nil, err
	}
	return &deleted{c}, nil
}

type deleted struct{ *changing }

// Baseline writes the witness, which the cleaner deletes as well.
func (d *deleted) Baseline(ctx context.Context) (bool, string, error) {
	if err := d.store.Put(ctx, d.witness, witnessBefore); err != nil {
		return false, "", err
	}
	return d.InForce(ctx)
}

// Inject deletes what is there now.
func (d *deleted) Inject(ctx context.Context) error { return d.each(ctx, d.store.Delete) }

// InForce looks for the witness.
func (d *deleted) InForce(ctx context.Context) (bool, string, error) {
	has, err := d.store.Has(ctx, d.witness)
	if has {
		return false, "the witness is there", err
	}
	return err == nil, fmt.Sprintf("the witness is gone; %s deleted", d.count()), err
}

// Heal ends the cleaner. What is written from now on stays: so does a witness.
func (d *deleted) Heal(ctx context.Context) error { return d.store.Put(ctx, d.witness, witnessBefore) }

// Gone sees that what is written stays.
func (d *deleted) Gone(ctx context.Context) (bool, string, error) {
	has, err := d.store.Has(ctx, d.witness)
	if !has {
		return false, "what is written is deleted still", err
	}
	return err == nil, "the cleaner has ended; nothing was brought back", err
}

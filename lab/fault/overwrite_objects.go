package fault

import (
	"context"
	"fmt"
	"time"
)

// OverwriteObjects has a faulty writer overwrite objects of a region with what is none of theirs. What replication and
// readers make of that is up to them: a heal ends the writer, and brings nothing back.
type OverwriteObjects struct {
	Objects `yaml:",inline"`
}

// Scaled is the fault at a timescale.
func (f *OverwriteObjects) Scaled(timescale float64) Spec {
	return &OverwriteObjects{f.scaled(timescale)}
}

// What the witness has: an object of the fault's own, which the writer overwrites as well.
const (
	witnessBefore = 1 // bytes
	witnessAfter  = 64
)

// Kind is overwrite_objects.
func (*OverwriteObjects) Kind() string { return "overwrite_objects" }

// For makes the fault ready.
func (f *OverwriteObjects) For(l Lab) (Fault, error) {
	c, err := f.hold(l, "overwritten")
	if err != nil {
		return nil, err
	}
	return &overwritten{c}, nil
}

type overwritten struct{ *changing }

// Baseline writes the witness.
func (o *overwritten) Baseline(ctx context.Context) (bool, string, error) {
	if err := o.store.Put(ctx, o.witness, witnessBefore); err != nil {
		return false, "", err
	}
	return o.InForce(ctx)
}

// Inject overwrites what is there now.
func (o *overwritten) Inject(ctx context.Context) error {
	return o.each(ctx, func(ctx context.Context, key string) error { return o.store.Put(ctx, key, witnessAfter) })
}

// InForce asks a listing how large the witness is.
func (o *overwritten) InForce(ctx context.Context) (bool, string, error) {
	size, err := o.store.Size(ctx, o.witness, time.Time{})
	return err == nil && size == witnessAfter,
		fmt.Sprintf("a listing says that the witness has %d bytes; %s overwritten", size, o.count()), err
}

// Heal ends the writer, and takes the witness away.
func (o *overwritten) Heal(ctx context.Context) error { return o.store.Delete(ctx, o.witness) }

// Gone looks for the witness.
func (o *overwritten) Gone(ctx context.Context) (bool, string, error) {
	has, err := o.store.Has(ctx, o.witness)
	return !has, "the writer has ended; nothing was brought back", err
}

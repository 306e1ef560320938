package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// OverwriteObjects has a faulty writer overwrite objects of a region with what is none of theirs. What replication and
// readers make of that is up to them: a heal ends the writer, and brings nothing back.
type OverwriteObjects struct {
	Region string `yaml:"region" about:"The region whose objects are overwritten."`
	Prefix string `yaml:"prefix" about:"The prefix of their keys."`
	Every  int    `yaml:"every" otherwise:"1" about:"That each object so far from the last is overwritten, in the order of keys: 2 is every second."`
	// What nothing has copied yet has no good version elsewhere.
	OlderThan time.Duration `yaml:"older_than" otherwise:"any age" scale:"scaled" about:"The age from which objects are overwritten; younger ones are left alone. Listings date objects to the second of the lab."`
}

// Scaled is the fault at a timescale.
func (f *OverwriteObjects) Scaled(timescale float64) Spec {
	at := *f
	at.OlderThan = scaled(f.OlderThan, timescale)
	return &at
}

// What the witness has: an object of the fault's own, which the writer overwrites as well.
const (
	witnessBefore = 1 // bytes
	witnessAfter  = 64
	writersAtOnce = 2 // a writer, not a load test
)

// Kind is overwrite_objects.
func (*OverwriteObjects) Kind() string { return "overwrite_objects" }

// Target names what is overwritten.
func (f *OverwriteObjects) Target() string { return f.Prefix + "… in " + f.Region }

// Validate asks for a region and a prefix.
func (f *OverwriteObjects) Validate(t topology.Topology) error {
	err := regionIn(t, "region", f.Region)
	if !prefixForm.MatchString(f.Prefix) {
		err = errors.Join(err, invalid("prefix",
			"%q is none of an object's key: use letters, digits, _, - and /, such as hot/", f.Prefix))
	}
	if f.OlderThan < 0 {
		err = errors.Join(err, invalid("older_than", "%s is no age", f.OlderThan))
	}
	if f.Every < 0 {
		err = errors.Join(err, invalid("every", "%d must be 1 or more", f.Every))
	}
	return err
}

// lister is a Store that lists what it holds.
type lister interface {
	Store
	// Keys are those that begin so and were written before a time; the zero time stands for now.
	Keys(ctx context.Context, prefix string, before time.Time) ([]string, error)
}

// For makes the fault ready.
func (f *OverwriteObjects) For(l Lab) (Fault, error) {
	n, err := storeNode(l, topology.ServiceS3, f.Region)
	if err != nil {
		return nil, err
	}
	stores, ok := n.(Stores)
	if !ok {
		return nil, fmt.Errorf("%s stores nothing", n.Place().Name)
	}
	s, err := stores.Store(topology.ServiceS3)
	if err != nil {
		return nil, err
	}
	lists, ok := s.(lister)
	if !ok {
		return nil, fmt.Errorf("%s lists nothing", n.Place().Name)
	}
	return &overwritten{spec: *f, store: lists, witness: f.Prefix + topology.LocalWord + "overwritten"}, nil
}

type overwritten struct {
	spec    OverwriteObjects
	store   lister
	witness string // its key

	mu   sync.Mutex
	done int // objects that were overwritten
	all  int
}

// Baseline writes the witness.
func (o *overwritten) Baseline(ctx context.Context) (bool, string, error) {
	if err := o.store.Put(ctx, o.witness, witnessBefore); err != nil {
		return false, "", err
	}
	return o.InForce(ctx)
}

// Inject overwrites what is there now. Selecting nothing is an error.
func (o *overwritten) Inject(ctx context.Context) error {
	var before time.Time
	if o.spec.OlderThan > 0 {
		before = time.Now().Add(-o.spec.OlderThan)
	}
	keys, err := o.store.Keys(ctx, o.spec.Prefix, before)
	if err != nil {
		return err
	}
	own := keys[:0]
	for _, key := range keys {
		if !topology.IsOfFault(key) {
			own = append(own, key)
		}
	}
	if len(own) == 0 {
		return fmt.Errorf("no object in %s has a key that begins with %s, and the age", o.spec.Region, o.spec.Prefix)
	}
	var group errgroup.Group
	group.SetLimit(writersAtOnce)
	n := 0
	for i := 0; i < len(own); i += max(1, o.spec.Every) {
		n++
		group.Go(func() error { return o.store.Put(ctx, own[i], witnessAfter) })
	}
	err = group.Wait()
	o.mu.Lock()
	o.done, o.all = n, len(own)
	o.mu.Unlock()
	return errors.Join(err, o.store.Put(ctx, o.witness, witnessAfter))
}

// InForce asks a listing how large the witness is.
func (o *overwritten) InForce(ctx context.Context) (bool, string, error) {
	size, err := o.store.Size(ctx, o.witness, time.Time{})
	if err != nil {
		return false, "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return size == witnessAfter,
		fmt.Sprintf("a listing says that the witness has %d bytes; %d of %d objects overwritten",
			size, o.done, o.all), nil
}

// Heal ends the writer, and takes the witness away.
func (o *overwritten) Heal(ctx context.Context) error { return o.store.Delete(ctx, o.witness) }

// Gone looks for the witness.
func (o *overwritten) Gone(ctx context.Context) (bool, string, error) {
	has, err := o.store.Has(ctx, o.witness)
	return !has, "the writer has ended; nothing was brought back", err
}

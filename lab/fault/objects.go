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

// Objects selects objects of a region by their keys and their age.
type Objects struct {
	Region string `yaml:"region" about:"The region of the objects."`
	Prefix string `yaml:"prefix" about:"The prefix of their keys."`
	Every  int    `yaml:"every" otherwise:"1" about:"That each object so far from the last is meant, in the order of keys: 2 is every second."`
	// What nothing has copied yet has no good version elsewhere.
	OlderThan time.Duration `yaml:"older_than" otherwise:"any age" scale:"scaled" about:"The age from which objects are meant; younger ones are left alone. Listings date objects to the second of the lab."`
}

// writersAtOnce is how many objects are changed at once: by a faulty program, and not a load test.
const writersAtOnce = 2

// Target names the objects.
func (o Objects) Target() string { return o.Prefix + "… in " + o.Region }

// Validate asks for a region and a prefix.
func (o Objects) Validate(t topology.Topology) error {
	err := regionIn(t, "region", o.Region)
	if !prefixForm.MatchString(o.Prefix) {
		err = errors.Join(err, invalid("prefix",
			"%q is none of an object's key: use letters, digits, _, - and /, such as hot/", o.Prefix))
	}
	if o.OlderThan < 0 {
		err = errors.Join(err, invalid("older_than", "%s is no age", o.OlderThan))
	}
	if o.Every < 0 {
		err = errors.Join(err, invalid("every", "%d must be 1 or more", o.Every))
	}
	return err
}

func (o Objects) scaled(timescale float64) Objects {
	o.OlderThan = scaled(o.OlderThan, timescale)
	return o
}

// lister is a Store that lists what it holds.
type lister interface {
	Store
	// Keys are those that begin so and were written before a time; the zero time stands for now.
	Keys(ctx context.Context, prefix string, before time.Time) ([]string, error)
}

// hold makes the changing of the objects ready. The fault's own object, beside them, has a name by what becomes of it.
func (o Objects) hold(l Lab, word string) (*changing, error) {
	n, err := storeNode(l, topology.ServiceS3, o.Region)
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
	return &changing{objects: o, store: lists, witness: o.Prefix + topology.LocalWord + word}, nil
}

// changing is what a faulty program does to objects.
type changing struct {
	objects Objects
	store   lister
	witness string // the key of an object of the fault's own, to which the same is done last

	mu        sync.Mutex
	done, all int // objects that were changed, of those that are old enough
}

// each does to the objects that are there now, and then to the witness, what the fault does. Selecting nothing is an
// error.
func (c *changing) each(ctx context.Context, do func(ctx context.Context, key string) error) error {
	var before time.Time
	if c.objects.OlderThan > 0 {
		before = time.Now().Add(-c.objects.OlderThan)
	}
	keys, err := c.store.Keys(ctx, c.objects.Prefix, before)
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
		return fmt.Errorf("no object in %s has a key that begins with %s, and the age", c.objects.Region,
			c.objects.Prefix)
	}
	var group errgroup.Group
	group.SetLimit(writersAtOnce)
	n := 0
	for i := 0; i < len(own); i += max(1, c.objects.Every) {
		n++
		group.Go(func() error { return do(ctx, own[i]) })
	}
	err = group.Wait()
	c.mu.Lock()
	c.done, c.all = n, len(own)
	c.mu.Unlock()
	return errors.Join(err, do(ctx, c.witness))
}

// count says how many were changed.
func (c *changing) count() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d of %d objects", c.done, c.all)
}

package fault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/regionfall/regionfall/lab/topology"
)

// CorruptObject turns one bit over in the middle of an object, and tells nobody.
type CorruptObject struct {
	Object string `yaml:"object" max:"500" about:"The key of the object in the lab's bucket."`
	Region string `yaml:"region" otherwise:"home" about:"The region whose bucket it is in."`
}

// Kind is corrupt_object.
func (*CorruptObject) Kind() string { return "corrupt_object" }

// Target is the object.
func (f *CorruptObject) Target() string {
	if f.Region == "" {
		return "object " + f.Object
	}
	return "object " + f.Object + " in " + f.Region
}

var objectKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*$`)

// Validate asks for an object.
func (f *CorruptObject) Validate(t topology.Topology) error {
	var err error
	if !objectKey.MatchString(f.Object) {
		err = invalid("object", "is %q: name one of the lab's bucket by its key, such as checkpoints/nightly/3.json",
			f.Object)
	}
	if f.Region != "" {
		err = errors.Join(err, regionIn(t, "region", f.Region))
	}
	return err
}

func (f *CorruptObject) in(t topology.Topology) string { return cmp.Or(f.Region, t.Home().Name) }

// For makes the fault ready.
func (f *CorruptObject) For(l Lab) (Fault, error) {
	s3, err := only(l, topology.ServiceS3, f.in(l.Topology()))
	if err != nil {
		return nil, err
	}
	return &corruption{key: f.Object, node: s3}, nil
}

// Contents is a Store of which things can be read, and replaced by others.
type Contents interface {
	// Get is nil where there is no such thing.
	Get(ctx context.Context, key string) ([]byte, error)
	Replace(ctx context.Context, key string, data []byte) error
}

// corruption is an object with a bit turned over. The original is kept beside it where nothing copies it, so that
// another process can heal.
type corruption struct {
	key  string
	node Node

	corrupt []byte // nil where another process injected
}

func (c *corruption) copyKey() string { return topology.LocalWord + "original/" + c.key }

func (c *corruption) contents() (Contents, error) {
	s, ok := c.node.(Stores)
	if !ok {
		return nil, fmt.Errorf("%s stores nothing", c.node.Place().Name)
	}
	store, err := s.Store(topology.ServiceS3)
	if err != nil {
		return nil, err
	}
	contents, ok := store.(Contents)
	if !ok {
		return nil, fmt.Errorf("%s can't be read", c.node.Place().Name)
	}
	return contents, nil
}

func (c *corruption) get(ctx context.Context, key string) ([]byte, error) {
	in, err := c.contents()
	if err != nil {
		return nil, err
	}
	return in.Get(ctx, key)
}

// turned is data with a bit turned over in the middle.
func turned(data []byte) []byte {
	other := bytes.Clone(data)
	other[len(other)/2] ^= 1
	return other
}

// Inject keeps the original, and puts the other in its place.
func (c *corruption) Inject(ctx context.Context) error {
	in, err := c.contents()
	if err != nil {
		return err
	}
	original, err := in.Get(ctx, c.key)
	switch {
	case err != nil:
		return err
	case len(original) == 0:
		return fmt.Errorf("object %s: there is no such object, or it is empty", c.key)
	}
	c.corrupt = turned(original)
	if err := in.Replace(ctx, c.copyKey(), original); err != nil {
		return err
	}
	return in.Replace(ctx, c.key, c.corrupt)
}

// Vouched is that the store has taken the other.
func (*corruption) Vouched() bool { return true }

// Lapsed is never: whoever finds the object corrupt may write it again, which is what it is there to see.
func (*corruption) Lapsed(context.Context) (bool, error) { return false, nil }

// Heal puts the original back, unless somebody wrote something else meanwhile.
func (c *corruption) Heal(ctx context.Context) error {
	in, err := c.contents()
	if err != nil {
		return err
	}
	original, err := in.Get(ctx, c.copyKey())
	if err != nil || len(original) == 0 {
		return err
	}
	is, err := in.Get(ctx, c.key)
	if err == nil && bytes.Equal(is, turned(original)) {
		err = in.Replace(ctx, c.key, original)
	}
	if err != nil {
		return err
	}
	return in.Replace(ctx, c.copyKey(), nil)
}

// Baseline asks whether there is anything to corrupt.
func (c *corruption) Baseline(ctx context.Context) (bool, string, error) {
	is, err := c.get(ctx, c.key)
	switch {
	case err != nil:
		return false, "", err
	case len(is) == 0:
		return false, "", fmt.Errorf("object %s is not there, or empty", c.key)
	}
	return false, fmt.Sprintf("object %s has %d bytes", c.key, len(is)), nil
}

// InForce reads the object.
func (c *corruption) InForce(ctx context.Context) (bool, string, error) {
	is, err := c.get(ctx, c.key)
	if err != nil {
		return false, "", err
	}
	original, err := c.get(ctx, c.copyKey())
	if err != nil {
		return false, "", err
	}
	in := len(original) > 0 && bytes.Equal(is, turned(original))
	if !in {
		return false, fmt.Sprintf("object %s is as it was written", c.key), nil
	}
	return true, fmt.Sprintf("byte %d of %d of object %s is another", len(is)/2, len(is), c.key), nil
}

// Gone reads the object.
func (c *corruption) Gone(ctx context.Context) (bool, string, error) {
	is, err := c.get(ctx, c.key)
	if err != nil {
		return false, "", err
	}
	original, err := c.get(ctx, c.copyKey())
	if err != nil {
		return false, "", err
	}
	if len(original) > 0 || c.corrupt != nil && bytes.Equal(is, c.corrupt) {
		return false, fmt.Sprintf("object %s is corrupt still", c.key), nil
	}
	return true, fmt.Sprintf("object %s is as it was written, or was written again", c.key), nil
}

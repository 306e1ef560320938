package state

import (
	"context"
	"errors"
	"testing"
	"time"
)

// left is the error of an act that goes on after it was given up.
type left chan struct{}

func (left) Error() string              { return "nobody waits for it any more" }
func (l left) Settled() <-chan struct{} { return l }

// A change that was given up may be undone later, and what somebody else did to the thing meanwhile with it.
func TestAThingIsNotChangedWhileAChangeOfItIsUndone(t *testing.T) {
	ownCache(t)
	led, err := LedgerOf("ada")
	if err != nil {
		t.Fatal(err)
	}
	one, other := led.Entry(Note{ID: "one"}), led.Entry(Note{ID: "other"})
	if err := errors.Join(one.Begin(), other.Begin()); err != nil {
		t.Fatal(err)
	}
	pending := make(left)
	if err := one.Change(t.Context(), "a link", Cut, func(Hold) error { return pending }); !errors.Is(err, pending) {
		t.Fatalf("a change that is given up gives %v", err)
	}
	changed := false
	change := func(ctx context.Context) error {
		return other.Change(ctx, "a link", Cut, func(Hold) error { changed = true; return nil })
	}
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := change(soon); !errors.Is(err, context.DeadlineExceeded) || changed {
		t.Errorf("while one is undone another changes it: %t, %v", changed, err)
	}
	close(pending)
	if err := change(t.Context()); err != nil || !changed {
		t.Errorf("once it is undone another changes it: %t, %v", changed, err)
	}
}

package state

import (
	"os"
	"testing"
	"time"
)

// Another process can tell whether the owner of a lab lives, which process it is, and since when it has the lab.
func TestTheOwnerOfALabIsKnown(t *testing.T) {
	ownCache(t)
	seen, err := OwnerOf("ada")
	if err != nil {
		t.Fatal(err)
	}
	if held, err := seen.Held(); held || err != nil {
		t.Errorf("a lab that was never there is held: %v", err)
	}
	if _, err := os.Stat(seen.Path()); err == nil {
		t.Error("to ask for the owner made the file")
	}
	began := time.Now()
	o, err := Own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	if held, err := seen.Held(); !held || err != nil {
		t.Errorf("it is owned, and not held: %v", err)
	}
	by := seen.Holder()
	if ago := began.Sub(by.Since); by.Process != os.Getpid() || ago < -time.Second || ago > 2*time.Second {
		t.Errorf("it is held by %+v", by)
	}
	if len(o.Underway()) > 0 || o.Kept() || o.Daemon() != "here" {
		t.Errorf("who owns it is taken for something else: %v, %t, %q", o.Underway(), o.Kept(), o.Daemon())
	}
	if err := o.Unlock(); err != nil { // as the kernel does when the process dies
		t.Fatal(err)
	}
	if held, err := seen.Held(); held || err != nil {
		t.Errorf("its owner is gone, and it is held: %v", err)
	}
}

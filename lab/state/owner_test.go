package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ownCache keeps a test away from the labs of whoever runs it.
func ownCache(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
}

func TestALabHasOneOwner(t *testing.T) {
	ownCache(t)
	o, err := Own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Own("ada", "here"); err == nil {
		t.Error("it has two")
	}
	other, err := Own("bob", "here")
	if err != nil {
		t.Errorf("another lab can't be owned: %v", err)
	}
	if err := errors.Join(o.Release(), other.Release()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(o.Path()); err == nil {
		t.Error("the lock's file outlives the lab")
	}
	again, err := Own("ada", "here")
	if err != nil {
		t.Fatalf("nobody owns it, and it can't be owned: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}

// seen is what a sweep would find under way.
func seen(t *testing.T, name string) []string {
	t.Helper()
	o, err := OwnerOf(name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range o.Underway() {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func TestWhatIsBeingCreatedIsKnown(t *testing.T) {
	ownCache(t)
	o, err := Own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, seen(t, "ada")); diff != "" {
			t.Errorf("%s:\n%s", when, diff)
		}
	}
	check("before anything")
	if err := o.Creating(t.Context(), "network", func(context.Context) error {
		check("meanwhile",
			"network")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	check("after it was created")
	errLost := errors.New("connection lost")
	if err := o.Creating(t.Context(), "hub", func(context.Context) error { return errLost }); !errors.Is(err, errLost) {
		t.Errorf("got %v", err)
	}
	check("when nobody knows whether it was", "hub")
	if err := o.Creating(t.Context(), "hub", func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	check("after another try")

	// Killed in the middle of a note: half a name may be waited for in vain, a whole one is not overlooked.
	f, err := os.OpenFile(o.Path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("+app"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	check("killed", "app")
	if err := o.Release(); err != nil {
		t.Fatal(err)
	}
	check("of a lab that is gone")
}

func TestACreationIsNotCutShort(t *testing.T) {
	ownCache(t)
	o, err := Own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.Release() }()
	errCtrlC := errors.New("somebody pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	err = o.Creating(ctx, "network", func(ctx context.Context) error {
		cancel(errCtrlC)
		if _, limited := ctx.Deadline(); !limited {
			t.Error("it may take for ever")
		}
		return ctx.Err()
	})
	if err != nil {
		t.Errorf("begun, and cut short: %v", err)
	}
	err = o.Creating(ctx, "hub", func(context.Context) error { t.Error("begun after the end"); return nil })
	if !errors.Is(err, errCtrlC) {
		t.Errorf("got %v", err)
	}
	if got := seen(t, "ada"); len(got) > 0 {
		t.Errorf("under way is %v", got)
	}
}

func TestCreationsAtOnceAreNotedEach(t *testing.T) {
	ownCache(t)
	o, err := Own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.Release() }()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			err := o.Creating(t.Context(), fmt.Sprintf("node-%02d", i), func(context.Context) error {
				if i%10 == 0 {
					return errors.New("lost")
				}
				return nil
			})
			if (err != nil) != (i%10 == 0) {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	all.Wait()
	want := []string{"node-00", "node-10", "node-20", "node-30", "node-40"}
	if diff := cmp.Diff(want, seen(t, "ada")); diff != "" {
		t.Errorf("under way:\n%s", diff)
	}
}

func TestALabIsKeptOnceItIsUp(t *testing.T) {
	ownCache(t)
	o, err := Own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Creating(t.Context(), "kept", func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if o.Kept() {
		t.Error("kept, though it may be half a lab") // a node called kept is no note
	}
	if err := o.Keep(); err != nil {
		t.Fatal(err)
	}
	if !o.Kept() || len(o.Underway()) > 0 {
		t.Errorf("kept: %t, under way %v", o.Kept(), o.Underway())
	}
	if err := o.Release(); err != nil {
		t.Fatal(err)
	}
	if !o.Kept() {
		t.Error("without its notes a lab that was asked to be kept is given up")
	}
}

func TestAMachineHasOneName(t *testing.T) {
	ownCache(t)
	ids := make([]string, 20)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			id, err := HostID()
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	all.Wait()
	if slices.Sort(ids); ids[0] == "" || ids[0] != ids[len(ids)-1] {
		t.Errorf("several processes at once make %v", slices.Compact(ids))
	}
	if again, err := HostID(); err != nil || again != ids[0] {
		t.Errorf("later it is %q: %v", again, err)
	}
	first := ids[0]
	ownCache(t)
	if other, err := HostID(); err != nil || other == first {
		t.Errorf("another user has the same: %q, %v", other, err)
	}
}

func TestNamesOfLabsFitEverywhere(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{8}$`)
	seen := map[string]bool{}
	for range 1000 {
		n := NewName()
		if !form.MatchString(n) || seen[n] {
			t.Fatalf("got %q", n)
		}
		seen[n] = true
	}
}

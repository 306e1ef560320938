package lab

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

	"github.com/regionfall/regionfall/lab/node"
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
	o, err := own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own("ada", "here"); err == nil {
		t.Error("it has two")
	}
	other, err := own("bob", "here")
	if err != nil {
		t.Errorf("another lab can't be owned: %v", err)
	}
	if err := errors.Join(o.release(), other.release()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(o.Path()); err == nil {
		t.Error("the lock's file outlives the lab")
	}
	again, err := own("ada", "here")
	if err != nil {
		t.Fatalf("nobody owns it, and it can't be owned: %v", err)
	}
	if err := again.release(); err != nil {
		t.Error(err)
	}
}

// seen is what a sweep would find under way.
func seen(t *testing.T, name string) []string {
	t.Helper()
	o, err := ownerOf(name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range o.underway() {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func TestWhatIsBeingCreatedIsKnown(t *testing.T) {
	ownCache(t)
	o, err := own("ada", "here")
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
	if err := o.creating(t.Context(), "network", func(context.Context) error { check("meanwhile", "network"); return nil }); err != nil {
		t.Fatal(err)
	}
	check("after it was created")
	errLost := errors.New("connection lost")
	if err := o.creating(t.Context(), "hub", func(context.Context) error { return errLost }); !errors.Is(err, errLost) {
		t.Errorf("got %v", err)
	}
	check("when nobody knows whether it was", "hub")
	if err := o.creating(t.Context(), "hub", func(context.Context) error { return nil }); err != nil {
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
	if err := o.release(); err != nil {
		t.Fatal(err)
	}
	check("of a lab that is gone")
}

func TestACreationIsNotCutShort(t *testing.T) {
	ownCache(t)
	o, err := own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.release() }()
	errCtrlC := errors.New("somebody pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	err = o.creating(ctx, "network", func(ctx context.Context) error {
		cancel(errCtrlC)
		if _, limited := ctx.Deadline(); !limited {
			t.Error("it may take for ever")
		}
		return ctx.Err()
	})
	if err != nil {
		t.Errorf("begun, and cut short: %v", err)
	}
	err = o.creating(ctx, "hub", func(context.Context) error { t.Error("begun after the end"); return nil })
	if !errors.Is(err, errCtrlC) {
		t.Errorf("got %v", err)
	}
	if got := seen(t, "ada"); len(got) > 0 {
		t.Errorf("under way is %v", got)
	}
}

func TestCreationsAtOnceAreNotedEach(t *testing.T) {
	ownCache(t)
	o, err := own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.release() }()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			err := o.creating(t.Context(), fmt.Sprintf("node-%02d", i), func(context.Context) error {
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
	o, err := own("ada", "here")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.creating(t.Context(), "kept", func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if o.kept() {
		t.Error("kept, though it may be half a lab") // a node called kept is no note
	}
	if err := (&Lab{owner: o}).Keep(); err != nil {
		t.Fatal(err)
	}
	if !o.kept() || len(o.underway()) > 0 {
		t.Errorf("kept: %t, under way %v", o.kept(), o.underway())
	}
	if err := o.release(); err != nil {
		t.Fatal(err)
	}
	if !o.kept() {
		t.Error("without its notes a lab that was asked to be kept is given up")
	}
}

func TestAMachineHasOneName(t *testing.T) {
	ownCache(t)
	ids := make([]string, 20)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			id, err := hostID()
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
	if again, err := hostID(); err != nil || again != ids[0] {
		t.Errorf("later it is %q: %v", again, err)
	}
	first := ids[0]
	ownCache(t)
	if other, err := hostID(); err != nil || other == first {
		t.Errorf("another user has the same: %q, %v", other, err)
	}
}

func TestNamesOfLabsFitEverywhere(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{8}$`)
	seen := map[string]bool{}
	for range 1000 {
		n := newName()
		if !form.MatchString(n) || seen[n] {
			t.Fatalf("got %q", n)
		}
		seen[n] = true
	}
}

func TestLabsAreToldApartByTheirLabel(t *testing.T) {
	thing := func(lab string) node.Found {
		return node.Found{Name: lab + "-thing", Labels: map[string]string{node.LabelLab: lab}}
	}
	found := []node.Found{{Name: "stranger"}, thing("bob"), thing("ada"), thing("bob")}
	if diff := cmp.Diff([]string{"bob", "ada"}, names(found)); diff != "" {
		t.Errorf("labs:\n%s", diff)
	}
	for lab, want := range map[string]int{"bob": 1, "ada": 2, "eve": -1} {
		if got := indexOf(found, lab); got != want {
			t.Errorf("%s is at %d, want %d", lab, got, want)
		}
	}
}

func TestWhatIsBeingStartedIsToldByItsStateAndTheNotes(t *testing.T) {
	begun := map[string]bool{"hub": true, "net": true}
	for name, c := range map[string]struct {
		found node.Found
		want  bool
	}{
		"begun":           {node.Found{Kind: "container", Name: "hub", State: "created"}, true},
		"begun and there": {node.Found{Kind: "container", Name: "hub", State: "running"}, false},
		"never started":   {node.Found{Kind: "container", Name: "app", State: "created"}, false},
		"a network":       {node.Found{Kind: "network", Name: "net"}, false},
	} {
		if got := starts([]node.Found{{Kind: "volume", Name: "hub"}, c.found}, begun); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

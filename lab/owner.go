package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/node"
)

// A lab is alive as long as its owner holds the lock of a file named after it: the kernel lets go of the lock when the owner dies,
// however it dies, and a process that has taken the same number since cannot hold it.

// newName is a fresh lab's name.
func newName() string { return strings.ToLower(rand.Text()[:8]) }

// StateEnv names a folder for the locks and ledgers of labs, instead of one in the user's cache. Labs of one folder are strangers to
// another: nobody sweeps them from there.
const StateEnv = "REGIONFALL_STATE"

func stateDir() (string, error) {
	dir := os.Getenv(StateEnv)
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = filepath.Join(os.TempDir(), fmt.Sprintf("regionfall-%d", os.Getuid())) // a service account may have no home
		}
		dir = filepath.Join(cache, "regionfall", "labs")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of lab locks: %w", err)
	}
	return dir, nil
}

// hostID is a random word for this machine and user (more exactly, for the folder of lab locks): labs with another one on a shared engine are not ours to sweep.
func hostID() (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "host")
	for range 2 {
		id, err := os.ReadFile(path)
		if err == nil && len(id) > 0 {
			return string(id), nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read this machine's id: %w", err)
		}
		// Written beside and linked into place, so that two at once agree on one.
		fresh := filepath.Join(dir, "host."+newName())
		if err := os.WriteFile(fresh, []byte(newName()), 0o600); err != nil {
			return "", fmt.Errorf("write this machine's id: %w", err)
		}
		_ = os.Link(fresh, path)
		_ = os.Remove(fresh)
	}
	return "", fmt.Errorf("write this machine's id: %s stays empty", path)
}

// owner is the lock of one lab, and in the same file what is being created just now: the engine finishes a creation also when who
// asked for it has died, and a sweep must not look away before it has.
type owner struct {
	*flock.Flock
	mu sync.Mutex
}

func ownerOf(name string) (*owner, error) {
	dir, err := stateDir()
	if err != nil {
		return nil, err
	}
	return &owner{Flock: flock.New(filepath.Join(dir, name+".lock"))}, nil
}

// own takes the lock of a lab on an engine for as long as this process lives.
func own(name, daemon string) (*owner, error) {
	o, err := ownerOf(name)
	if err != nil {
		return nil, err
	}
	ok, err := o.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock lab %s: %w", name, err)
	}
	if !ok {
		return nil, fmt.Errorf("lock lab %s: another process holds it", name)
	}
	return o, o.note(engineNote + daemon)
}

// creating runs create with a note that the thing of that name is on its way. The creation is not cut short when ctx ends, only not
// begun: what the engine has been asked for has to be known before it can be removed.
func (o *owner) creating(ctx context.Context, name string, create func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := o.note("+" + name); err != nil {
		return err
	}
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), createWithin)
	defer cancel()
	if err := create(whole); err != nil {
		return err // the note stays: nobody knows
	}
	return o.note("-" + name)
}

// keptNote says that the lab is up and is to outlive its owner.
const keptNote = "kept"

// stuckNote says that a sweep has waited in vain for something of the lab to go.
const stuckNote = "stuck"

// kept says whether that was noted. Without the file nobody knows any more, and the label alone decides.
func (o *owner) kept() bool {
	_, err := os.Stat(o.Path())
	return err != nil || o.noted(keptNote)
}

func (o *owner) noted(line string) bool {
	data, err := os.ReadFile(o.Path())
	return err == nil && strings.Contains("\n"+string(data), "\n"+line+"\n")
}

// engineNote begins the note that says on which engine the lab is.
const engineNote = "@"

// engine is the one that the lab is on, or empty if that was not noted.
func (o *owner) engine() string {
	data, err := os.ReadFile(o.Path())
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if daemon, ok := strings.CutPrefix(strings.TrimSpace(line), engineNote); ok {
			return daemon
		}
	}
	return ""
}

// createWithin is the limit of one creation; it takes tens of milliseconds on a quiet machine.
const createWithin = time.Minute

func (o *owner) note(line string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, err := os.OpenFile(o.Path(), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note what is being created: %w", err)
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// underway lists what was being created when the last note was taken.
func (o *owner) underway() map[string]bool {
	names := map[string]bool{}
	data, err := os.ReadFile(o.Path())
	if err != nil {
		return names // a lab of before there were notes, or one that created nothing
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "+"); ok {
			names[name] = true
		} else if name, ok := strings.CutPrefix(line, "-"); ok {
			delete(names, name)
		}
	}
	return names
}

func (o *owner) release() error {
	return errors.Join(ledger{dir: strings.TrimSuffix(o.Path(), ".lock") + ".faults"}.remove(), os.Remove(o.Path()), o.Unlock())
}

// Sweep removes every lab of this machine whose owner is dead, and heals in kept labs the faults whose process is. It says what it did,
// such as "lab k3f9x2ab" and "partition on us-east-1 and us-west-2 in lab k3f9x2ab". Labs of others are left alone. One lab that cannot be
// swept does not keep the others.
func Sweep(ctx context.Context, e *node.Engine) (swept []string, err error) {
	host, err := hostID()
	if err != nil {
		return nil, err
	}
	found, err := e.Find(ctx, "")
	if err != nil {
		return nil, err
	}
	var errs []error
	there := names(found)
	for _, name := range there {
		labels := found[indexOf(found, name)].Labels
		if labels[node.LabelHost] != host {
			continue
		}
		did, err := sweepOne(ctx, e, name, labels[node.LabelKept] == "true")
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep lab %s: %w", name, err))
		}
		swept = append(swept, did...)
	}
	errs = append(errs, sweepFiles(ctx, e, there))
	return swept, errors.Join(errs...)
}

// sweepFiles removes the files of labs that are no more, or never came to be: their owner died before the engine had anything of them.
func sweepFiles(ctx context.Context, e *node.Engine, there []string) error {
	dir, err := stateDir()
	if err != nil {
		return err
	}
	locks, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range locks {
		name := strings.TrimSuffix(filepath.Base(path), ".lock")
		o := &owner{Flock: flock.New(path)}
		if slices.Contains(there, name) || o.engine() != e.Daemon() {
			continue // swept as a lab, or of another engine
		}
		_, err := sweepOne(ctx, e, name, false)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func sweepOne(ctx context.Context, e *node.Engine, name string, mayBeKept bool) (did []string, err error) {
	o, err := ownerOf(name)
	if err != nil {
		return nil, err
	}
	if mayBeKept && o.kept() {
		healed, err := healOrphans(ctx, e, name)
		for _, h := range healed {
			did = append(did, h+" in lab "+name)
		}
		return did, err
	}
	dead, err := o.TryLock()
	if err != nil || !dead {
		return nil, err
	}
	within, stuck := removeWithin, o.noted(stuckNote)
	if stuck {
		within = 0 // it was waited for once, and by now is the engine's affair; what can be removed this time is
	}
	left, err := remove(ctx, e, name, o.underway(), within)
	switch {
	case err == nil && left > 0 && stuck:
		return nil, o.Unlock()
	case err == nil && left > 0:
		err = errors.Join(fmt.Errorf("%d things are left of it that the engine does not let go", left), o.note(stuckNote))
	}
	if err != nil {
		return nil, errors.Join(err, o.Unlock()) // the notes stay: the next sweep needs them
	}
	return []string{"lab " + name}, o.release()
}

// lateWithin is how long a creation may still be under way in the engine after its owner died.
const lateWithin = 5 * time.Second

// removeWithin is how long a lab may take to be gone.
const removeWithin = 20 * time.Second

// remove removes everything of one lab and counts what is left. What was being created when its owner died is waited for: it appears
// late, or (its request never having reached the engine) not at all.
func remove(ctx context.Context, e *node.Engine, name string, underway map[string]bool, within time.Duration) (left int, err error) {
	late, limit := time.Now().Add(lateWithin), time.Now().Add(within)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		found, err := e.Find(ctx, name)
		if err != nil {
			return 0, err
		}
		for _, f := range found {
			if f.Kind != "volume" { // a node's volumes are named like it, and come before it
				delete(underway, f.Name)
			}
		}
		switch {
		case len(found) > 0:
			if err := e.Remove(ctx, found); err != nil {
				return len(found), err
			}
			if time.Now().After(limit) {
				left, err := e.Find(ctx, name)
				return len(left), err
			}
		case len(underway) == 0 || time.Now().After(late):
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return len(found), context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// names of the labs among what was found, in the order of their first appearance.
func names(found []node.Found) []string {
	var all []string
	seen := map[string]bool{}
	for _, f := range found {
		if n := f.Labels[node.LabelLab]; n != "" && !seen[n] {
			seen[n] = true
			all = append(all, n)
		}
	}
	return all
}

func indexOf(found []node.Found, lab string) int {
	for i, f := range found {
		if f.Labels[node.LabelLab] == lab {
			return i
		}
	}
	return -1
}

// Package state is what processes of one machine know of each other's labs, in files: who owns a lab, what is being
// created, which faults are injected and what they hold. It is what lets one process remove or heal what another one
// left when it died.
package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// A lab is alive as long as its owner holds the lock of a file named after it: the kernel lets go of the lock when the
// owner dies, however it dies, and a process that has taken the same number since cannot hold it.

// NewName is a fresh lab's name.
func NewName() string { return strings.ToLower(rand.Text()[:8]) }

// Env names a folder for the locks and ledgers of labs, instead of one in the user's cache. Labs of one folder are
// strangers to another: nobody sweeps them from there.
const Env = "REGIONFALL_STATE"

// Dir is the folder that this process keeps the locks and ledgers of labs in.
func Dir() (string, error) {
	dir := os.Getenv(Env)
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			// a service account may have no home
			cache = filepath.Join(os.TempDir(), fmt.Sprintf("regionfall-%d", os.Getuid()))
		}
		dir = filepath.Join(cache, "regionfall", "labs")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of lab locks: %w", err)
	}
	return dir, nil
}

// HostID is a random word for this machine and user (more exactly, for the folder of lab locks): labs with another one
// on a shared engine are not ours to sweep.
func HostID() (string, error) {
	dir, err := Dir()
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
		fresh := filepath.Join(dir, "host."+NewName())
		if err := os.WriteFile(fresh, []byte(NewName()), 0o600); err != nil {
			return "", fmt.Errorf("write this machine's id: %w", err)
		}
		_ = os.Link(fresh, path)
		_ = os.Remove(fresh)
	}
	return "", fmt.Errorf("write this machine's id: %s stays empty", path)
}

// Owner is the lock of one lab, and in the same file what is being created just now: the engine finishes a creation
// also when who asked for it has died, and a sweep must not look away before it has.
type Owner struct {
	*flock.Flock
	mu sync.Mutex
}

// OwnerOf is the lock of the lab of that name, which nobody has yet taken through it.
func OwnerOf(name string) (*Owner, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	return &Owner{Flock: flock.New(filepath.Join(dir, name+".lock"))}, nil
}

// Own takes the lock of a lab on an engine for as long as this process lives.
func Own(name, daemon string) (*Owner, error) {
	o, err := OwnerOf(name)
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
	return o, errors.Join(o.note(engineNote+daemon),
		o.note(fmt.Sprintf("%s%d %s", holderNote, os.Getpid(), time.Now().UTC().Format(time.RFC3339))))
}

// holderNote begins the note that says which process owns the lab, and since when.
const holderNote = "by "

// Holder is the process that owns a lab, and since when; zero where that was not noted.
type Holder struct {
	Process int
	Since   time.Time
}

// Holder is who took the lock last.
func (o *Owner) Holder() (h Holder) {
	data, err := os.ReadFile(o.Path())
	if err != nil {
		return h
	}
	for line := range strings.Lines(string(data)) {
		said, is := strings.CutPrefix(strings.TrimSpace(line), holderNote)
		process, since, whole := strings.Cut(said, " ")
		if !is || !whole {
			continue
		}
		pid, perr := strconv.Atoi(process)
		at, terr := time.Parse(time.RFC3339, since)
		if perr == nil && terr == nil {
			h = Holder{Process: pid, Since: at}
		}
	}
	return h
}

// Held says whether a process that lives owns the lab.
func (o *Owner) Held() (bool, error) {
	if _, err := os.Stat(o.Path()); errors.Is(err, fs.ErrNotExist) {
		return false, nil // and to ask for the lock would make the file
	}
	free, err := o.TryLock()
	if err != nil {
		return false, fmt.Errorf("ask for the owner of a lab: %w", err)
	}
	if free {
		return false, o.Unlock()
	}
	return true, nil
}

// Creating runs create with a note that the thing of that name is on its way. The creation is not cut short when ctx
// ends, only not begun: what the engine has been asked for has to be known before it can be removed.
func (o *Owner) Creating(ctx context.Context, name string, create func(context.Context) error) error {
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

// Kept says whether the lab is to outlive its owner. Without the file nobody knows any more, and the label alone
// decides.
func (o *Owner) Kept() bool {
	_, err := os.Stat(o.Path())
	return err != nil || o.noted(keptNote)
}

// Keep notes that the lab is up, and is to outlive its owner.
func (o *Owner) Keep() error { return o.note(keptNote) }

// GiveUp notes that a sweep has waited in vain for something of the lab to go.
func (o *Owner) GiveUp() error { return o.note(stuckNote) }

// GivenUp says whether that was noted.
func (o *Owner) GivenUp() bool { return o.noted(stuckNote) }

func (o *Owner) noted(line string) bool {
	data, err := os.ReadFile(o.Path())
	return err == nil && strings.Contains("\n"+string(data), "\n"+line+"\n")
}

// engineNote begins the note that says on which engine the lab is.
const engineNote = "@"

// Daemon is the one that the lab is on, or empty if that was not noted.
func (o *Owner) Daemon() string {
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

func (o *Owner) note(line string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, err := os.OpenFile(o.Path(), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note what is being created: %w", err)
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// Underway lists what was being created when the last note was taken.
func (o *Owner) Underway() map[string]bool {
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

// Release forgets the lab, its faults among it.
func (o *Owner) Release() error {
	return errors.Join(Ledger{dir: strings.TrimSuffix(o.Path(), ".lock") + ".faults"}.Remove(), os.Remove(o.Path()),
		o.Unlock())
}

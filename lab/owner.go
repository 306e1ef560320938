package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// claims tells whose the labs on an engine are.
type claims struct {
	host   string
	engine containers
	ended  map[string]bool // containers of owners, as far as they were asked for
}

// containers is an engine, as far as owners in its containers go.
type containers interface {
	Self() string
	Ends(ctx context.Context, container string) (bool, error)
}

func newClaims(e containers) (*claims, error) {
	host, err := hostID()
	return &claims{host: host, engine: e, ended: map[string]bool{}}, err
}

// mine says whether a lab, by its labels, is this process's to sweep. A lab that was brought up in a container of the engine, as a job of CI
// does, is everybody's once that container has ended: its locks went with it. Until then it is nobody else's, whatever its locks say here.
func (c *claims) mine(ctx context.Context, labels map[string]string) (bool, error) {
	id := labels[node.LabelContainer]
	if id == "" || id == c.engine.Self() {
		return labels[node.LabelHost] == c.host, nil
	}
	ended, known := c.ended[id]
	if !known {
		var err error
		if ended, err = c.engine.Ends(ctx, id); err != nil {
			return false, fmt.Errorf("ask for the owner of lab %s: %w", labels[node.LabelLab], err)
		}
		c.ended[id] = ended
	}
	return ended, nil
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

package state

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/topology"
)

// The ledger of a lab is a folder of this machine with a file for each fault that is injected: what it is, and what it
// holds. It lets faults overlap (a link that two of them cut is open when both have let go), and lets the next command
// heal what a dead process left: as long as a process answers for a fault it holds the lock beside the file.

// Note is a fault in the ledger.
type Note struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Target     string          `json:"target"`
	Parameters json.RawMessage `json:"parameters"`
	Since      time.Time       `json:"since"`
	Standing   bool            `json:"standing"` // injected by hand: it outlives the process that did it
	// Holds is what the fault holds, and how strongly: "node postgres.us-east-1" frozen or down, "link …" cut or deaf.
	Holds map[string]Hold `json:"holds"`
}

// Hold is how strongly a thing is held.
type Hold string

// The holds. When several faults hold one thing, the strongest counts.
const (
	Toxic  Hold = "toxic" // toxics of several faults are on a link side by side
	Frozen      = Hold(topology.NodeFrozen)
	Down        = Hold(topology.NodeDown)
	Deaf   Hold = "deaf"
	Cut    Hold = "cut"
)

var strength = []Hold{"", Toxic, Frozen, Down, Deaf, Cut}

// Stronger is the stronger one of two holds.
func Stronger(a, b Hold) Hold {
	if slices.Index(strength, a) >= slices.Index(strength, b) {
		return a
	}
	return b
}

// Ledger has a note of every fault that is injected in a lab.
type Ledger struct{ dir string }

// LedgerOf is the ledger of a lab.
func LedgerOf(lab string) (Ledger, error) {
	dir, err := Dir()
	return Ledger{dir: filepath.Join(dir, lab+".faults")}, err
}

// Notes are the faults in the ledger, the oldest first.
func (l Ledger) Notes() ([]Note, error) {
	files, err := filepath.Glob(filepath.Join(l.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Note
	for _, f := range files {
		data, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue // healed this moment
		}
		var n Note
		if err == nil {
			err = json.Unmarshal(data, &n)
		}
		if err != nil {
			return nil, fmt.Errorf("read the note of a fault: %w", err)
		}
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b Note) int { return a.Since.Compare(b.Since) })
	return all, nil
}

func (l Ledger) path(id, ext string) string { return filepath.Join(l.dir, id+ext) }

// Remove forgets all faults.
func (l Ledger) Remove() error { return os.RemoveAll(l.dir) }

// Entry is the entry of a fault, which is not written yet.
func (l Ledger) Entry(n Note) *Entry { return &Entry{Ledger: l, note: n} }

// Entry is one fault's note in the ledger, as the process has it that answers for the fault.
type Entry struct {
	Ledger
	lease *flock.Flock

	mu   sync.Mutex
	note Note
}

// Begin writes the note and takes the lease.
func (e *Entry) Begin() error {
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return fmt.Errorf("note a fault: %w", err)
	}
	if err := e.Take(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.note.Since = time.Now()
	return e.write()
}

// ErrAnswered says that another process answers for a fault.
var ErrAnswered = errors.New("another process answers for it")

// Take takes the lease of a fault. The error is ErrAnswered if another process has it.
func (e *Entry) Take() error {
	e.lease = flock.New(e.path(e.note.ID, ".lease"))
	ok, err := e.lease.TryLock()
	if err == nil && !ok {
		err = ErrAnswered
	}
	if err != nil {
		return fmt.Errorf("take fault %s: %w", e.note.ID, err)
	}
	return nil
}

// Keep lets the fault outlive this process.
func (e *Entry) Keep() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.note.Standing = true
	return errors.Join(e.write(), e.lease.Unlock())
}

// End takes the note out of the ledger.
func (e *Entry) End() error {
	err := os.Remove(e.path(e.note.ID, ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(e.lease.Path()), e.lease.Unlock())
}

// Note is the note as it is now.
func (e *Entry) Note() Note {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.note
	n.Holds = maps.Clone(n.Holds)
	return n
}

// Release gives the lease up: nobody answers for the fault any more.
func (e *Entry) Release() error { return e.lease.Unlock() }

// write replaces the file: a reader sees the note before or after.
func (e *Entry) write() error {
	data, err := json.Marshal(e.note)
	if err != nil {
		return fmt.Errorf("note fault %s: %w", e.note.ID, err)
	}
	fresh := e.path(e.note.ID, ".new")
	if err := errors.Join(os.WriteFile(fresh, data, 0o600), os.Rename(fresh, e.path(e.note.ID, ".json"))); err != nil {
		return fmt.Errorf("note fault %s: %w", e.note.ID, err)
	}
	return nil
}

// changeWithin is how long to wait for who changes a thing: twice as long as the engine or the hub may take to answer.
const changeWithin = 30 * time.Second

var errStuck = fmt.Errorf("a change of it has been under way for %s", changeWithin)

// Change notes how the fault holds a thing (with the empty string: no longer), and has act make it so: others
// says how strongly other faults hold it. Nobody else changes the thing meanwhile. A hold is noted before it is taken
// and until it has been let go: whoever comes after a process that died in between must find it.
func (e *Entry) Change(ctx context.Context, thing string, hold Hold, act func(others Hold) error) error {
	lock := flock.New(filepath.Join(e.dir, strings.NewReplacer(" ", "-", "/", "-").Replace(thing)+".lock"))
	waiting, enough := context.WithTimeoutCause(ctx, changeWithin, errStuck)
	_, err := lock.TryLockContext(waiting, 2*time.Millisecond)
	enough()
	if err != nil {
		return fmt.Errorf("wait for who changes %s: %w", thing, cmp.Or(context.Cause(waiting), err))
	}
	var pending interface{ Settled() <-chan struct{} }
	defer func() {
		if pending == nil {
			_ = lock.Close()
			return
		}
		go func() {
			<-pending.Settled()
			_ = lock.Close()
		}()
	}()
	if hold != "" {
		if err := e.set(thing, hold); err != nil {
			return err
		}
	}
	all, err := e.Notes()
	if err != nil {
		return err
	}
	others := Hold("")
	for _, n := range all {
		if n.ID != e.note.ID {
			others = Stronger(others, n.Holds[thing])
		}
	}
	err = act(others)
	errors.As(err, &pending) // it has given up, and is being undone
	if err != nil || hold != "" {
		return err
	}
	return e.set(thing, "")
}

// Holds says how strongly the fault holds a thing; empty if it does not.
func (e *Entry) Holds(thing string) Hold {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.note.Holds[thing]
}

func (e *Entry) set(thing string, hold Hold) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.note.Holds == nil {
		e.note.Holds = map[string]Hold{}
	}
	if hold == "" {
		delete(e.note.Holds, thing)
	} else {
		e.note.Holds[thing] = hold
	}
	return e.write()
}

// Answered says whether a process answers for a fault.
func (l Ledger) Answered(id string) bool {
	lease := flock.New(l.path(id, ".lease"))
	free, err := lease.TryLock()
	if err == nil && free {
		_ = lease.Unlock()
	}
	return err == nil && !free
}

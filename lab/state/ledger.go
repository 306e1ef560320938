package state

import (
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

// Page is a page for one fault.
func (l Ledger) Page(n Note) *Page { return &Page{Ledger: l, note: n} }

// Page is one fault's note in the ledger, as the process has it that answers for the fault.
type Page struct {
	Ledger
	lease *flock.Flock

	mu   sync.Mutex
	note Note
}

// Begin writes the note and takes the lease.
func (p *Page) Begin() error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("note a fault: %w", err)
	}
	if err := p.Take(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note.Since = time.Now()
	return p.write()
}

// ErrAnswered says that another process answers for a fault.
var ErrAnswered = errors.New("another process answers for it")

// Take takes the lease of a fault. The error is ErrAnswered if another process has it.
func (p *Page) Take() error {
	p.lease = flock.New(p.path(p.note.ID, ".lease"))
	ok, err := p.lease.TryLock()
	if err == nil && !ok {
		err = ErrAnswered
	}
	if err != nil {
		return fmt.Errorf("take fault %s: %w", p.note.ID, err)
	}
	return nil
}

// Stand lets the fault outlive this process.
func (p *Page) Stand() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note.Standing = true
	return errors.Join(p.write(), p.lease.Unlock())
}

// End takes the note out of the ledger.
func (p *Page) End() error {
	err := os.Remove(p.path(p.note.ID, ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(p.lease.Path()), p.lease.Unlock())
}

// Note is what the page says.
func (p *Page) Note() Note {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.note
	n.Holds = maps.Clone(n.Holds)
	return n
}

// Leave gives the lease up: nobody answers for the fault any more.
func (p *Page) Leave() error { return p.lease.Unlock() }

// write replaces the file: a reader sees the note before or after.
func (p *Page) write() error {
	data, err := json.Marshal(p.note)
	if err != nil {
		return fmt.Errorf("note fault %s: %w", p.note.ID, err)
	}
	fresh := p.path(p.note.ID, ".new")
	if err := errors.Join(os.WriteFile(fresh, data, 0o600), os.Rename(fresh, p.path(p.note.ID, ".json"))); err != nil {
		return fmt.Errorf("note fault %s: %w", p.note.ID, err)
	}
	return nil
}

// Change notes that the fault holds a thing so (or, with the empty string, no longer), and has act make it so: others
// says how strongly other faults hold it. Nobody else changes the thing meanwhile. A hold is noted before it is taken
// and until it has been let go: whoever comes after a process that died in between must find it.
func (p *Page) Change(ctx context.Context, thing string, how Hold, act func(others Hold) error) error {
	lock := flock.New(filepath.Join(p.dir, strings.NewReplacer(" ", "-", "/", "-").Replace(thing)+".lock"))
	if _, err := lock.TryLockContext(ctx, 2*time.Millisecond); err != nil {
		return fmt.Errorf("wait for who changes %s: %w", thing, err)
	}
	defer func() { _ = lock.Close() }()
	if how != "" {
		if err := p.hold(thing, how); err != nil {
			return err
		}
	}
	all, err := p.Notes()
	if err != nil {
		return err
	}
	others := Hold("")
	for _, n := range all {
		if n.ID != p.note.ID {
			others = Stronger(others, n.Holds[thing])
		}
	}
	if err := act(others); err != nil || how != "" {
		return err
	}
	return p.hold(thing, "")
}

// Holds says how strongly the fault holds a thing; empty if it does not.
func (p *Page) Holds(thing string) Hold {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.note.Holds[thing]
}

func (p *Page) hold(thing string, how Hold) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.note.Holds == nil {
		p.note.Holds = map[string]Hold{}
	}
	if how == "" {
		delete(p.note.Holds, thing)
	} else {
		p.note.Holds[thing] = how
	}
	return p.write()
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

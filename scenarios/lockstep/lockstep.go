// Package lockstep keeps the drills that run side by side on one machine in step: their labs come up and go together,
// and none does while another drill is measured. A lab that comes up takes all processors there are, and has whoever
// measures beside it stand still for a moment.
//
// It holds for all processes of a user. Who is in a stage holds the lock of a file, so that nobody waits for one who
// has died.
package lockstep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/wait"
)

// Stage is what a drill does with the machine. Drills in the same stage do not disturb each other, but for those that
// want the machine for themselves.
type Stage string

// The stages.
const (
	Changing  Stage = "changing"  // its lab comes up, is healed, or goes
	Measuring Stage = "measuring" // its load is offered and measured
	Alone     Stage = "alone"     // all of that, with nobody beside it
)

// excludes are the stages that must be empty.
func (s Stage) excludes() []Stage {
	return slices.DeleteFunc([]Stage{Changing, Measuring, Alone}, func(other Stage) bool {
		return other == s && s != Alone
	})
}

const (
	// lookEvery is how often who waits looks whether it may go on.
	lookEvery = wait.Every(50 * time.Millisecond)
	// settle is how long nobody has to have changed a lab before anybody measures: one whose drill is over begins its
	// next, and is to come along.
	settle = 500 * time.Millisecond
	// enterWithin is longer than any drill of the library.
	enterWithin = 30 * time.Minute
)

// Path is the way of a drill through the stages, in one after the other.
type Path struct {
	dir   string
	stage Stage        // that it is in; empty: in none
	lock  *flock.Flock // of that
}

// New begins a path among those that share a folder. It is in no stage. The zero path, and none, enter at once.
func New(dir string) *Path { return &Path{dir: dir} }

// Dir is the folder that all drills of a user share.
func Dir() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "regionfall", "lockstep"), err
}

var entered atomic.Int64 // by this process

// Enter waits until nobody is in another stage. A path that is in another one leaves it for that.
func (p *Path) Enter(ctx context.Context, s Stage) error {
	if p == nil || p.dir == "" || p.stage == s {
		return nil
	}
	if err := p.Leave(); err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	try := func(context.Context) error { return p.try(s) }
	return lookEvery.Until(ctx, enterWithin, "the drills beside this one", try)
}

// try enters a stage if the other one is empty.
func (p *Path) try(s Stage) (err error) {
	all := flock.New(filepath.Join(p.dir, "lock"))
	if err := all.Lock(); err != nil {
		return wait.Stop(err)
	}
	defer func() { err = errors.Join(err, all.Unlock()) }()
	for _, other := range s.excludes() {
		n, err := p.count(other)
		if err != nil {
			return wait.Stop(err)
		}
		if n > 0 {
			return fmt.Errorf("%d of them %s", n, other)
		}
	}
	if s != Changing && time.Since(p.changed()) < settle {
		return fmt.Errorf("the last of them has just been %s", Changing)
	}
	name := fmt.Sprintf("%s-%d-%d", s, os.Getpid(), entered.Add(1))
	at := flock.New(filepath.Join(p.dir, name))
	if err := at.Lock(); err != nil {
		return wait.Stop(err)
	}
	p.stage, p.lock = s, at
	return nil
}

// count is how many are in a stage. What the dead have left is removed.
func (p *Path) count(s Stage) (n int, err error) {
	files, err := filepath.Glob(filepath.Join(p.dir, string(s)+"-*"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		is := flock.New(file)
		free, err := is.TryLock()
		if err != nil {
			return 0, err
		}
		if !free {
			n++
			continue
		}
		if err := errors.Join(os.Remove(file), is.Unlock()); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Leave leaves the stage that the path is in, if it is in one.
func (p *Path) Leave() error {
	if p == nil || p.lock == nil {
		return nil
	}
	var err error
	if p.stage != Measuring { // noted before anybody can see that it has left
		err = os.WriteFile(p.changedFile(), []byte(strconv.FormatInt(time.Now().UnixNano(), 10)), 0o600)
	}
	err = errors.Join(err, os.Remove(p.lock.Path()), p.lock.Unlock())
	p.stage, p.lock = "", nil
	return err
}

func (p *Path) changedFile() string { return filepath.Join(p.dir, "changed") }

// changed is when somebody left off changing a lab last; zero where nobody has.
func (p *Path) changed() time.Time {
	stamp, err := os.ReadFile(p.changedFile())
	if err != nil {
		return time.Time{}
	}
	at, err := strconv.ParseInt(string(stamp), 10, 64)
	if err != nil {
		return time.Time{} // it was cut short when its writer died
	}
	return time.Unix(0, at)
}

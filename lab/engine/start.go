package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/engine/apt"
)

// startsWithin is how long an engine may take to start: one that finds many containers of a killed one has much to do.
const startsWithin = 90 * time.Second

// Start starts an engine of Regionfall's own where none answers: the distribution's docker.io, installed if need be,
// with a socket and a data folder of its own, which Find finds from then on. Where one answers, it is left at that, and
// started is false. say is told what is done. The error is a *Problem, or the context's.
func Start(ctx context.Context, say func(string)) (at Place, started bool, err error) {
	return starter{files: ours, say: say}.start(ctx)
}

type starter struct {
	files
	say func(string)
}

func (s starter) start(ctx context.Context) (Place, bool, error) {
	if at, err := s.running(ctx); err != nil || at != nil {
		return orZero(at), false, err
	}
	if err := checkStartable(); err != nil {
		return Place{}, false, err
	}
	if err := os.MkdirAll(s.run, 0o755); err != nil {
		return Place{}, false, s.problem(err)
	}
	lock := flock.New(s.lock())
	if got, err := lock.TryLock(); err == nil && !got {
		s.say("waiting for another process that is starting or ending the engine")
		if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
			return Place{}, false, context.Cause(ctx)
		}
	} else if err != nil {
		return Place{}, false, s.problem(err)
	}
	defer func() { _ = lock.Unlock() }()
	if at, err := s.running(ctx); err != nil || at != nil { // who was waited for may have started it
		return orZero(at), false, err
	}
	if err := s.install(ctx); err != nil {
		return Place{}, false, err
	}
	if at, err := s.running(ctx); err != nil || at != nil { // a system that starts what is installed has one now
		return orZero(at), false, err
	}
	if err := s.prepare(ctx); err != nil {
		return Place{}, false, err
	}
	if err := s.launch(ctx); err != nil {
		return Place{}, false, err
	}
	return s.place(), true, nil
}

func orZero(p *Place) Place {
	if p == nil {
		return Place{}
	}
	return *p
}

// running finds the engine that makes another one needless; nil for none. One that is named and does not answer, or
// hangs, is an error.
func (s starter) running(ctx context.Context) (*Place, error) {
	e, err := s.finder().find(ctx)
	if err == nil {
		e.Close()
		return &e.Place, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if named, nerr := namedPlace(); nerr != nil || named != nil || errors.Is(err, ErrHangs) ||
		errors.Is(err, ErrRefuses) {
		return nil, err
	}
	return nil, nil //nolint:nilnil // there is none
}

func (s starter) finder() finder { return finder{own: s.files, machine: here.machine} }

// checkStartable says why Start may not or can't.
func checkStartable() error {
	declined, is := os.LookupEnv(Decline)
	names := distribution(osRelease)
	switch {
	case is && declined != "no" && declined != "yes":
		return &Problem{ErrNotStarted, fmt.Sprintf("%s is %q", Decline, declined), "set it to yes or no"}
	case declined == "no":
		return &Problem{ErrNone, Decline + "=no keeps this from starting one", "start one, or name it in DOCKER_HOST"}
	case runtime.GOOS != "linux":
		return &Problem{ErrNone, "on this system none is started from here", startHint()}
	case !slices.Contains(names, "debian") && !slices.Contains(names, "ubuntu"):
		return &Problem{ErrNone, "on this distribution none is started from here", startHint()}
	case os.Geteuid() != 0:
		return &Problem{ErrNone, "only root can start one", startHint()}
	}
	return nil
}

// install sees to the programs.
func (s starter) install(ctx context.Context) error {
	var packages []string
	if _, err := program("dockerd"); err != nil {
		packages = append(packages, "docker.io")
	}
	if _, err := program("iptables"); err != nil {
		packages = append(packages, "iptables")
	}
	return s.get(ctx, packages...)
}

// get installs packages, if there are any.
func (s starter) get(ctx context.Context, packages ...string) error {
	if len(packages) == 0 {
		return nil
	}
	s.say("installing " + strings.Join(packages, ", "))
	err := apt.Install(ctx, packages...)
	if p := (*apt.Problem)(nil); errors.As(err, &p) {
		return &Problem{ErrNotStarted, "install " + strings.Join(packages, ", ") + ": " + p.What, p.Remedy}
	}
	return err
}

// program finds one that may be only where root's are.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %s", name)
}

// problem makes a sentence of an error on the way to an engine.
func (s starter) problem(err error) error {
	if p := (*Problem)(nil); errors.As(err, &p) || errors.Is(err, context.Canceled) {
		return err
	}
	detail, remedy := diagnose(oneLine(err), s.data)
	return &Problem{ErrNotStarted, detail, remedy}
}

// socketOwner is whom the socket is given to: who had root start the engine, by sudo; 0 for nobody.
func socketOwner() int {
	uid, err := strconv.Atoi(os.Getenv("SUDO_UID"))
	if err != nil {
		return 0
	}
	return uid
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/wait"
)

// endsWithin is how long a process may take to end when it is asked to: an engine stops its containers first.
const endsWithin = 40 * time.Second

// StopOptions say what Stop removes.
type StopOptions struct {
	Purge bool // the engine's data too: images and volumes
}

// Stop ends the engine that Start started, with its containers, and removes what an engine that was killed left
// running. stopped is false where there was nothing to end.
func Stop(ctx context.Context, o StopOptions) (stopped bool, err error) { return ours.stop(ctx, o) }

func (f files) stop(ctx context.Context, o StopOptions) (stopped bool, err error) {
	if os.Geteuid() != 0 && exists(f.run) {
		return false, &Problem{
			errors.New("the engine is not stopped"), "only root can",
			"run `sudo regionfall engine stop`",
		}
	}
	if exists(f.run) {
		lock := flock.New(f.lock())
		if got, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !got {
			return false, fmt.Errorf("wait for another process that is starting or ending the engine: %w",
				errors.Join(err, context.Cause(ctx)))
		}
		defer func() { _ = lock.Unlock() }()
		stopped = exists(f.pidFile()) || exists(f.socket())
		if err := f.clear(ctx); err != nil {
			return stopped, fmt.Errorf("end the engine: %w", err)
		}
		if err := os.RemoveAll(f.run); err != nil {
			return stopped, fmt.Errorf("remove what the engine had for the time it ran: %w", err)
		}
	}
	if o.Purge {
		if err := errors.Join(os.RemoveAll(f.root()), os.RemoveAll(f.log())); err != nil {
			return stopped, fmt.Errorf("remove the engine's data: %w", err)
		}
		_ = os.Remove(f.data) // unless it is a mount, or somebody keeps something else there
	}
	return stopped, nil
}

// clear ends the engine and everything of it, in order where it lives and by force where it was killed, and takes its
// mounts away. Its data stays.
func (f files) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*endsWithin)
	defer cancel()
	for _, p := range []struct{ pidFile, program string }{{f.pidFile(), "dockerd"}, {f.containerd(), "containerd"}} {
		if pid := process(p.pidFile, p.program); pid != 0 {
			if err := end(ctx, pid, p.program); err != nil {
				return err
			}
		}
	}
	if err := f.clearContainers(ctx); err != nil {
		return err
	}
	errs := []error{unmountBelow(f.run), unmountBelow(f.data)}
	for _, left := range []string{f.pidFile(), f.socket(), f.exec()} {
		errs = append(errs, os.RemoveAll(left))
	}
	return errors.Join(errs...)
}

// clearContainers ends what an engine that was killed left running: the processes in its containers, and the shims over
// those.
func (f files) clearContainers(ctx context.Context) error {
	for _, left := range []struct {
		what string
		is   func(pid string) bool
	}{{"a container's process", f.contains()}, {"containerd-shim", f.shims}} {
		pids, err := processes(left.is)
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if err := kill(ctx, pid, left.what); err != nil {
				return err
			}
		}
	}
	return nil
}

// processes lists the running ones that something is said of, by their folders in /proc.
func processes(is func(pid string) bool) (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && is(e.Name()) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// contains says of a process whether it is in a container of this engine: its control groups are named after the
// container.
func (f files) contains() func(pid string) bool {
	// none is the answer where the folder can't be read
	containers, _ := os.ReadDir(filepath.Join(f.root(), "containers"))
	return func(pid string) bool {
		groups, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
		return err == nil && slices.ContainsFunc(containers,
			func(c os.DirEntry) bool { return strings.Contains(string(groups), c.Name()) })
	}
}

// shims says of a process whether it is a shim over a container of this engine: it names its containerd, or its
// namespace in the machine's.
func (f files) shims(pid string) bool {
	line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	args := strings.Split(string(line), "\x00")
	return err == nil && strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") && f.owns(args)
}

// owns says whether a shim's arguments name this engine, by its own containerd or its namespace in the machine's.
func (f files) owns(args []string) bool {
	for i, arg := range args {
		if strings.HasPrefix(arg, f.exec()+"/") || i > 0 && args[i-1] == "-namespace" && arg == f.namespace() {
			return true
		}
	}
	return false
}

// end asks a process to end, and makes it.
func end(ctx context.Context, pid int, name string) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end %s (process %d): %w", name, pid, err)
	}
	if awaitEnd(ctx, endsWithin, pid) == nil {
		return nil
	}
	return kill(ctx, pid, name)
}

// killedWithin is how long a process may take to be gone when it is killed.
const killedWithin = 10 * time.Second

func kill(ctx context.Context, pid int, name string) error {
	err := syscall.Kill(pid, syscall.SIGKILL)
	if err == nil || errors.Is(err, syscall.ESRCH) {
		err = awaitEnd(ctx, killedWithin, pid)
	}
	if err != nil {
		return fmt.Errorf("kill %s (process %d): %w", name, pid, err)
	}
	return nil
}

// awaitEnd waits for the end of a process.
func awaitEnd(ctx context.Context, limit time.Duration, pid int) error {
	return wait.Until(ctx, limit, "its end", func(context.Context) error {
		if runs(pid) {
			return errors.New("it runs")
		}
		return nil
	})
}

// runs says whether a process is there. A zombie, of which its parent has yet to take notice, has ended.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.HasPrefix(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " Z")
}

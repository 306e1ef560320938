package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// mounts lists what is mounted, as mountinfo(5) has it: where and of which type, the latest last.
func mounts() (where, types []string, err error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, nil, fmt.Errorf("list mounts: %w", err)
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`)
	for line := range strings.Lines(string(data)) {
		before, after, ok := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(kind) < 1 {
			continue
		}
		where, types = append(where, unescape.Replace(fields[4])), append(types, kind[0])
	}
	return where, types, nil
}

// unmountBelow takes away what is mounted below a folder, and not the folder's own mount.
func unmountBelow(dir string) error {
	where, _, err := mounts()
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range slices.Backward(where) {
		if !strings.HasPrefix(path, dir+"/") {
			continue
		}
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) &&
			!errors.Is(err, unix.ENOENT) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

// mountControlGroups sees to it that there are any: some containers and minimal systems come without.
func (s starter) mountControlGroups(ctx context.Context) error {
	const dir = "/sys/fs/cgroup"
	_, types, err := mounts()
	if err != nil {
		return err
	}
	if slices.Contains(types, "cgroup") || slices.Contains(types, "cgroup2") {
		return nil
	}
	if err := unix.Mount("cgroup2", dir, "cgroup2", 0, ""); err == nil {
		controllers, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
		if err == nil && strings.Contains(string(controllers), "memory") {
			s.say("mounted control groups, of which this machine had none")
			return nil
		}
		if err := unix.Unmount(dir, 0); err != nil { // the kernel has them as version 1
			return fmt.Errorf("unmount %s: %w", dir, err)
		}
	}
	const tool = "cgroupfs-mount"
	if _, err := program(tool); err != nil {
		if err := s.get(ctx, tool); err != nil {
			return err
		}
	}
	path, err := program(tool)
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, path).CombinedOutput(); err != nil {
		return fmt.Errorf("mount cgroups: %w (%s)", err, strings.TrimSpace(string(out)))
	}
	s.say("mounted control groups, of which this machine had none")
	return nil
}

// overlays says whether one file system can be laid over another in a folder, which is what the quick storage driver
// does.
func overlays(dir string) bool {
	try, err := os.MkdirTemp(dir, "overlay-")
	if err != nil {
		return false
	}
	defer func() { _ = os.RemoveAll(try) }()
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(try, name), 0o700); err != nil {
			return false
		}
	}
	merged := filepath.Join(try, "merged")
	layers := fmt.Sprintf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", try, try, try)
	if err := unix.Mount("overlay", merged, "overlay", 0, layers); err != nil {
		return false
	}
	defer func() { _ = unix.Unmount(merged, unix.MNT_DETACH) }()
	return os.WriteFile(filepath.Join(merged, "file"), nil, 0o600) == nil
}

func freeIn(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("ask what is free in %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

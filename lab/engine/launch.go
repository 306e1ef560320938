package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/wait"
)

// enoughToStart is how much must be free where the engine keeps its data. Images need far more, and say so themselves.
const enoughToStart = 256 << 20 // bytes

// prepare makes the machine fit for an engine: nothing of a killed one runs, control groups are mounted, there is room.
func (s starter) prepare(ctx context.Context) error {
	if err := s.clear(ctx); err != nil {
		return s.problem(err)
	}
	for _, dir := range []string{s.run, s.data, s.root()} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return s.problem(err)
		}
	}
	free, err := freeIn(s.data)
	if err != nil {
		return s.problem(err)
	}
	if free < enoughToStart {
		return s.problem(fmt.Errorf("the disk is full: %d MiB are free in %s", free>>20, s.data))
	}
	if err := s.mountControlGroups(ctx); err != nil {
		return s.problem(err)
	}
	return nil
}

// flags say all of how dockerd is to run. Its file of settings is an empty one of our own: what an administrator set
// for the machine's engine, such as its data folder, is not meant for this one.
func (s starter) flags(ctx context.Context) ([]string, error) {
	driver, err := s.storageDriver(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.settings(), []byte("{}\n"), 0o644); err != nil {
		return nil, fmt.Errorf("write the engine's settings: %w", err)
	}
	return []string{
		"--config-file", s.settings(), "--host", s.place().Address, "--pidfile", s.pidFile(), "--data-root", s.root(),
		"--exec-root", s.exec(),
		"--storage-driver", driver, "--containerd-namespace", s.namespace(), "--containerd-plugins-namespace",
		s.namespace() + "-plugins", "--log-level", "warn",
	}, nil
}

// storageDriver is the one that the data is kept in already, else the first that works.
func (s starter) storageDriver(ctx context.Context) (string, error) {
	const quick, other = "overlay2", "fuse-overlayfs"
	if exists(filepath.Join(s.root(), quick)) || !exists(filepath.Join(s.root(), other)) && overlays(s.data) {
		return quick, nil
	}
	if _, err := program(other); err != nil {
		if err := s.get(ctx, other); err != nil {
			return "", err
		}
	}
	return other, nil
}

// environment has dockerd find the programs that it runs, and of iptables the one that works on this kernel.
func (s starter) environment(ctx context.Context) ([]string, error) {
	path := os.Getenv("PATH") + ":/usr/sbin:/sbin"
	works := func(name string) bool {
		file, err := program(name)
		return err == nil && exec.CommandContext(ctx, file, "--wait", "10", "-t", "nat", "-n", "-L",
			"PREROUTING").Run() == nil
	}
	if !works("iptables") && works("iptables-legacy") {
		if err := os.MkdirAll(s.programs(), 0o755); err != nil {
			return nil, err
		}
		for _, name := range []string{"iptables", "ip6tables"} {
			legacy, err := program(name + "-legacy")
			if err != nil {
				continue
			}
			link := filepath.Join(s.programs(), name)
			if err := os.Symlink(legacy, link); err != nil && !errors.Is(err, os.ErrExist) {
				return nil, err
			}
		}
		path = s.programs() + ":" + path
	}
	return append(os.Environ(), "PATH="+path), nil
}

// launch runs the engine apart from this process and waits until it answers.
func (s starter) launch(ctx context.Context) error {
	dockerd, err := program("dockerd")
	if err != nil {
		return s.problem(err)
	}
	flags, err := s.flags(ctx)
	if err != nil {
		return s.problem(err)
	}
	env, err := s.environment(ctx)
	if err != nil {
		return s.problem(err)
	}
	log, err := os.Create(s.log())
	if err != nil {
		return s.problem(err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(dockerd, flags...) //nolint:noctx // it outlives the context
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = env, log, log, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return s.problem(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := s.answers(ctx, ended); err != nil {
		ctx = context.WithoutCancel(ctx)
		return errors.Join(err, endStarted(ctx, cmd.Process), s.clear(ctx))
	}
	if uid := socketOwner(); uid != 0 {
		if err := os.Chown(s.socket(), uid, -1); err != nil {
			return s.problem(err)
		}
	}
	return nil
}

// endStarted ends a dockerd that was just started, which may not have written its number down yet.
func endStarted(ctx context.Context, dockerd *os.Process) error {
	if errors.Is(dockerd.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return nil
	}
	return end(ctx, dockerd.Pid, "dockerd")
}

// answers waits until the engine does, or has ended.
func (s starter) answers(ctx context.Context, ended <-chan error) error {
	c, err := client.New(client.WithHost(s.place().Address))
	if err != nil {
		return s.problem(err)
	}
	defer func() { _ = c.Close() }()
	err = wait.Until(ctx, startsWithin, "dockerd to answer", func(ctx context.Context) error {
		select {
		case err := <-ended:
			words := strings.TrimSpace(lastWords(s.log()))
			if words == "" {
				words = fmt.Sprintf("it ended at once (%v)", err)
			}
			return wait.Stop(errors.New(words))
		default:
		}
		_, err := c.Ping(ctx, client.PingOptions{})
		return err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return s.problem(err)
}

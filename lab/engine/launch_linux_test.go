package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

// TestMain lets a copy of this test, under the name of dockerd, stand in for it: what is tested is how one is run,
// waited for and ended.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "dockerd" {
		os.Exit(standIn(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func standIn(args []string) int {
	flag := func(name string) string { return args[slices.Index(args, name)+1] }
	fmt.Println("time=x level=warning msg=hm")
	if words := os.Getenv("STAND_IN_FAILS"); words != "" {
		fmt.Println(words)
		return 1
	}
	if err := os.WriteFile(flag("--pidfile"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return 2
	}
	l, err := net.Listen("unix", strings.TrimPrefix(flag("--host"), "unix://"))
	if err != nil {
		return 3
	}
	there := &enginetest.Engine{}
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // it is a test
		if os.Getenv("STAND_IN_HANGS") != "" {
			<-r.Context().Done()
		}
		there.ServeHTTP(w, r)
	}))
	fmt.Println(err)
	return 4
}

// stage makes a machine on which the stand-in is the only engine there is to run.
func stage(t *testing.T) starter {
	t.Helper()
	nobody(t)
	bin := folder(t)
	me, err := os.Executable()
	if err == nil {
		err = os.Link(me, filepath.Join(bin, "dockerd"))
	}
	if err != nil { // another file system
		data, rerr := os.ReadFile(me)
		if err := errors.Join(rerr, os.WriteFile(filepath.Join(bin, "dockerd"), data, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"iptables", "fuse-overlayfs"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	s := starter{files{run: folder(t), data: folder(t)}, func(text string) { t.Errorf("it says %s", text) }}
	t.Cleanup(func() {
		if err := s.clear(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s starter) up(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.launch(ctx)
}

func TestAnEngineIsStartedFoundAndEnded(t *testing.T) {
	s := stage(t)
	if err := s.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, err := s.finder().find(t.Context())
	if err != nil || !e.Own {
		t.Fatalf("found %+v, %v", e, err)
	}
	e.Close()
	pid := process(s.pidFile(), "dockerd")
	if pid == 0 {
		t.Fatal("it has no process")
	}
	if err := s.clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if process(s.pidFile(), "dockerd") != 0 || exists(s.socket()) || exists(s.pidFile()) {
		t.Error("something of it is left")
	}
	if !exists(s.root()) {
		t.Error("its data is gone")
	}
}

func TestWhatAKilledEngineLeftIsNoHindrance(t *testing.T) {
	s := stage(t)
	if err := s.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := kill(t.Context(), process(s.pidFile(), "dockerd"), "dockerd"); err != nil {
		t.Fatal(err)
	}
	if !exists(s.socket()) || !exists(s.pidFile()) {
		t.Fatal("a killed one leaves its socket and its pid file")
	}
	// Its number is another's by now.
	if err := os.WriteFile(s.pidFile(), []byte(strconv.Itoa(os.Getppid())), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if process(s.pidFile(), "dockerd") == 0 {
		t.Error("it does not run")
	}
}

func TestAnEngineThatEndsAtOnceSaysWhy(t *testing.T) {
	s := stage(t)
	t.Setenv("STAND_IN_FAILS", "failed to start daemon: Devices cgroup isn't mounted")
	began := time.Now()
	err := s.up(t.Context())
	var p *Problem
	if !errors.As(err, &p) || !errors.Is(err, ErrNotStarted) || !strings.Contains(p.Detail, "control groups") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > startsWithin/2 {
		t.Errorf("that it had ended was seen after %s", took)
	}
	if exists(s.socket()) || exists(s.pidFile()) {
		t.Error("something of it is left")
	}
}

func TestAnInterruptedStartLeavesNoEngine(t *testing.T) {
	// Before it has written its number down, it may be, and when it hangs.
	for _, within := range []time.Duration{10 * time.Millisecond, 300 * time.Millisecond} {
		s := stage(t)
		t.Setenv("STAND_IN_HANGS", "yes")
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		if err := s.up(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted after %s: got %v", within, err)
		}
		pids, err := processes(func(pid string) bool {
			line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			return err == nil && strings.Contains(string(line), s.socket())
		})
		if err != nil || len(pids) > 0 || exists(s.socket()) {
			t.Errorf("interrupted after %s: left over: %v, %v", within, pids, err)
		}
	}
}

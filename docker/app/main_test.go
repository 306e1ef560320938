package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheAppRunsWhileItIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wanted, runs atomic.Bool
		starts := 0
		var said error // by the app in the end
		app := func(ctx context.Context) error {
			starts++
			runs.Store(true)
			<-ctx.Done()
			runs.Store(false)
			return said
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- runWhile(ctx, wanted.Load, app) }()
		for _, want := range []bool{false, true, true, false, true} {
			wanted.Store(want)
			time.Sleep(2 * lookEvery)
			if synctest.Wait(); runs.Load() != want {
				t.Errorf("wanted: %t, and it runs: %t", want, runs.Load())
			}
		}
		said = errors.New("requests were cut short")
		cancel()
		if err := <-ended; !errors.Is(err, said) || runs.Load() || starts != 2 {
			t.Errorf("it ended with %v after %d starts, and runs: %t", err, starts, runs.Load())
		}
	})
}

func TestAnAppThatFailsEndsTheNode(t *testing.T) {
	broken := errors.New("broken")
	err := runWhile(t.Context(), func() bool { return true }, func(context.Context) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestWishFollowsTheNewestDocument(t *testing.T) {
	w := wish{file: filepath.Join(t.TempDir(), "region.json"), number: 2}
	for _, c := range []struct {
		content string
		want    bool
	}{
		{"", false}, // nothing is there yet
		{`{"revision": 1, "app_nodes": 1}`, false},
		{`{"revision": 2, "app_nodes": 2}`, true},
		{`{"revision": 1, "app_nodes": 0}`, true}, // rolled back: the app stays with what it has
		{`{"revision": 3, "app_no`, true},
		{`{"revision": 3, "app_nodes": 1}`, false},
	} {
		if c.content != "" {
			if err := os.WriteFile(w.file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.look(); got != c.want {
			t.Errorf("%s: wanted %t", c.content, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for node, want := range map[string]int{"app-1.us-east-1": 1, "app-12.us-west-2": 12, "mine": 1, "": 1} {
		if got := number(node); got != want {
			t.Errorf("%q has number %d, want %d", node, got, want)
		}
	}
}

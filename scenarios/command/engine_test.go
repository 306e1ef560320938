package command

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWithoutAnEngineOneSentenceSaysSo(t *testing.T) {
	for _, args := range []string{
		"run kyc-region-outage", "run kyc-region-outage kyc-zero-loss --repeat 2 --json", "up", "images", "images --json",
		"status", "status --json", "down", // never down --all: were DOCKER_HOST not obeyed, it would take somebody's labs
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			f := regionfall(t, strings.Fields(args)...)
			f.want(t, exitHarness, "Error: no container engine answers", "none.sock", "start")
			lines := strings.Split(strings.TrimSpace(f.stderr), "\n")
			if f.stdout != "" || !strings.HasPrefix(lines[len(lines)-1], "Error: ") {
				t.Errorf("the sentence is not the end:\n%s%s", f.stdout, f.stderr)
			}
		})
	}
}

func TestTheDoctorSaysWhatToDo(t *testing.T) {
	f := regionfall(t, "doctor")
	f.want(t, exitHarness, "engine     NOT OK: no container engine answers", "start it")
	if f.stderr != "" {
		t.Errorf("it complains: %s", f.stderr)
	}
}

// silentEngine takes connections and says nothing. It tells when the first has come.
func silentEngine(t *testing.T) (host string, asked <-chan struct{}) {
	t.Helper()
	dir, err := os.MkdirTemp("", "rf") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	first, ended := make(chan struct{}), make(chan struct{})
	var conns []net.Conn
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if conns = append(conns, c); len(conns) == 1 {
				close(first)
			}
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return "unix://" + path, first
}

func TestAnInterruptIsObeyedAndSaid(t *testing.T) {
	for _, args := range []string{"run kyc-region-outage", "images", "status"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			host, asked := silentEngine(t)
			cmd := command(ctx, t, strings.Fields(args)...)
			cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
			began := time.Now()
			f := finish(t, cmd, func() {
				select {
				case <-asked:
					if err := cmd.Process.Signal(os.Interrupt); err != nil {
						t.Error(err)
					}
				case <-ctx.Done():
					t.Error("the engine was never asked")
				}
			})
			f.want(t, exitInterrupted, "interrupted: healing and cleaning up")
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

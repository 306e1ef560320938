package command

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestWithoutAnEngineOneSentenceSaysSo(t *testing.T) {
	for _, args := range []string{
		"run kyc-region-outage", "run kyc-region-outage kyc-zero-loss --repeat 2 --json", "up", "images",
		"images --json",
		// never down --all: were DOCKER_HOST not obeyed, it would take somebody's labs
		"status", "status --json", "down",
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

// What does nothing on an engine has nothing to wait for when it hangs: a shell asks for completions with each Tab.
func TestAnEngineThatHangsKeepsNobodyWhoDoesNotNeedIt(t *testing.T) {
	folder := drilled{}.folder(t)
	for _, args := range []string{
		"", "help", "help run", "run --help", "completion bash", "list", "list faults", "show kyc-region-outage",
		"schema result", "engine --help",
		"rejudge " + folder, "report " + folder, "__complete ru", "__complete run kyc", "__complete up ",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			host, asked := silentEngine(t)
			cmd := command(t.Context(), t, words(args)...)
			cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
			finish(t, cmd)
			select {
			case <-asked:
				t.Error("the engine was asked")
			default:
			}
		})
	}
}

// words are those of a command line, of which the last may not have begun.
func words(line string) []string {
	all := strings.Fields(line)
	if strings.HasSuffix(line, " ") {
		all = append(all, "")
	}
	return all
}

func TestACompletionThatNeedsTheEngineGivesUpSoon(t *testing.T) {
	host, asked := silentEngine(t)
	cmd := command(t.Context(), t, "__complete", "lose", "")
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
	began := time.Now()
	finish(t, cmd).want(t, exitPass)
	if took := time.Since(began); took > 2*completesWithin {
		t.Errorf("it took %s", took)
	}
	select {
	case <-asked:
	default:
		t.Error("the engine was not asked") // and the test would prove nothing
	}
}

// on is the command with a machine's engine and state folder.
func on(ctx context.Context, t *testing.T, there *enginetest.Engine, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(ctx, t, args...)
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+there.Address)
	return cmd
}

func TestACommandThatNeedsTheEngineSweepsFirst(t *testing.T) {
	const host = "me"
	state := stateOf(t, host)
	there := enginetest.Start(t)
	for args, sweeps := range map[string]bool{
		"status": true, "down": true, "doctor": false, "engine status": false,
		"__complete lose ": false,
	} {
		there.Has(enginetest.Thing{Kind: "network", Name: "regionfall-dead-global", Labels: map[string]string{
			"regionfall.lab": "dead", "regionfall.host": host, "regionfall.kept": "false",
		}})
		cmd := on(t.Context(), t, there, words(args)...)
		cmd.Env = append(cmd.Env, lab.StateEnv+"="+state)
		f := finish(t, cmd)
		if swept := len(there.Names("network")) == 0; swept != sweeps ||
			strings.Contains(f.stderr, "swept what a killed run left behind: lab dead") != sweeps {
			t.Errorf("%s: swept %t:\n%s%s", args, swept, f.stdout, f.stderr)
		}
		there.Forget()
	}
}

// The proxy is meant for the world outside, and knows no engine.
func TestAProxyThatIsAskedForTheEngineIsNamed(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		http.Error(w, "policy denies it", http.StatusForbidden)
	}))
	defer proxy.Close()
	at := strings.TrimPrefix(proxy.URL, "http://")
	for name, c := range map[string]struct{ proxy, says string }{
		"refuses": {"http://me:secret@" + at, "the HTTP proxy " + at +
			" was asked for it: Error response from daemon: policy denies it"},
		"is dead": {"http://127.0.0.1:1", "the HTTP proxy 127.0.0.1:1 was asked for it: "},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command(t.Context(), t, "status")
			cmd.Env = append(cmd.Env, "DOCKER_HOST=tcp://engine.example:2375", "HTTP_PROXY="+c.proxy)
			f := finish(t, cmd)
			f.want(t, exitHarness,
				"no container engine answers at tcp://engine.example:2375, as DOCKER_HOST says: "+c.says,
				"; add engine.example to NO_PROXY")
			if strings.Contains(f.stderr, "secret") {
				t.Errorf("it gives the proxy's password away: %s", f.stderr)
			}
		})
	}
}

package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// bench is a supervisor at work on a process of this binary.
type bench struct {
	*supervisor
	t       *testing.T
	mux     *http.ServeMux
	log     *safeBuffer
	address string // of the app
	stop    func() // has it end, and waits
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// supervise runs a supervisor of an app that is one of those in TestMain, with a change of its settings.
func supervise(t *testing.T, what string, change func(*api.SupervisorConfig)) bench {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	t.Setenv(beWhat, what)
	t.Setenv("ADDRESS", address)
	t.Setenv("DB", "true")
	t.Setenv(topology.AgentConfigEnv, "{}")
	cfg := api.SupervisorConfig{
		Command: []string{os.Args[0]}, ConfigFile: filepath.Join(t.TempDir(), "region.json"), RunsFrom: 1,
		Restarts: true,
		Env:      map[string]string{"DATABASE_URL": "postgres://{{.User}}@{{.Postgres}}/"},
		In:       api.AppEnv{User: "ann", Postgres: "nobody:1"}, Ready: "http://" + address + "/open",
	}
	if change != nil {
		change(&cfg)
	}
	s, err := newSupervisor(cfg, runtime.NewMarks("app-1.here"))
	if err != nil {
		t.Fatal(err)
	}
	s.stopLimit = time.Second
	b := bench{supervisor: s, t: t, mux: http.NewServeMux(), log: &safeBuffer{}, address: address}
	s.out, s.errs = b.log, b.log
	s.Routes(b.mux)
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(b.stop)
	return b
}

func (b bench) deliver(c topology.Config) {
	b.t.Helper()
	data, err := json.Marshal(c)
	if err == nil {
		err = os.WriteFile(b.cfg.ConfigFile+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(b.cfg.ConfigFile+".new", b.cfg.ConfigFile)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// ask gets a path of the supervisor.
func (b bench) ask(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return w
}

// await waits until a condition holds, and says what was seen last.
func (b bench) await(what string, holds func() (string, bool)) {
	b.t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		seen, is := holds()
		if is {
			return
		}
		if time.Now().After(until) {
			b.t.Fatalf("waited for %s; last seen: %s; the log: %s", what, seen, b.log)
		}
	}
}

// awaitReady waits until the supervisor answers that its app is ready with a revision.
func (b bench) awaitReady(revision string) {
	b.t.Helper()
	b.await("revision "+revision, func() (string, bool) {
		w := b.ask("/readyz")
		got := w.Header().Get(api.HeaderRevision)
		return fmt.Sprint(w.Code, " ", got, " ", w.Body), w.Code == http.StatusOK && got == revision
	})
}

// awaitUnready waits until the answer is that it is not, with a text.
func (b bench) awaitUnready(holds string) {
	b.t.Helper()
	b.await("an answer with "+holds, func() (string, bool) {
		w := b.ask("/readyz")
		said := notReady(w).Why
		return said, w.Code == http.StatusServiceUnavailable && strings.Contains(said, holds) &&
			!strings.Contains(said, "\n")
	})
}

// notReady is what was answered to the question whether the app is ready: nothing if it is.
func notReady(w *httptest.ResponseRecorder) api.AppNotReady {
	lacking, _ := api.ReadAppNotReady(w.Body.String())
	return lacking
}

// app is what the app answers.
func (b bench) app() string {
	b.t.Helper()
	response, err := http.Get("http://" + b.address + "/open")
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	_, _ = text.ReadFrom(response.Body)
	return text.String()
}

func at(address string) topology.Endpoint { return topology.Endpoint{Address: address} }

func TestAnAppIsStartedAgainWithTheEnvironmentOfItsConfiguration(t *testing.T) {
	b := supervise(t, "an app", nil)
	b.awaitUnready("no configuration yet")
	b.deliver(topology.Config{Revision: 1, AppNodes: 1, Postgres: at("east:5432")})
	b.awaitReady("1")
	if got := b.app(); !strings.Contains(got, "postgres://ann@east:5432/") ||
		!strings.Contains(got, `"settings": false`) {
		t.Errorf("it was started with %s", got)
	}

	b.deliver(topology.Config{Revision: 2, AppNodes: 3, Postgres: at("east:5432")})
	b.awaitReady("2")
	if is, _ := b.state(); is.Runs != 1 {
		t.Errorf("nothing changed for it, and it was started %d times", is.Runs)
	}

	b.deliver(topology.Config{Revision: 3, AppNodes: 3, Postgres: at("west:5432")})
	b.awaitReady("3")
	if got := b.app(); !strings.Contains(got, "postgres://ann@west:5432/") {
		t.Errorf("it was started again with %s", got)
	}
	b.deliver(topology.Config{Revision: 2, AppNodes: 3, Postgres: at("east:5432")}) // a rollback
	b.deliver(topology.Config{Revision: 4, AppNodes: 0, Postgres: at("west:5432")})
	b.awaitUnready("the app waits: revision 4 of the configuration asks for 0 nodes, and this one runs from 1 on")
	if _, err := net.Dial("tcp", b.address); err == nil {
		t.Error("it is not to run, and somebody listens")
	}
	if is, _ := b.state(); is.Runs != 2 || is.Failures != 0 || is.Last != "" {
		t.Errorf("two starts and no failure are %+v", is)
	}
}

func TestAnAppThatWatchesItsConfigurationIsLeftAlone(t *testing.T) {
	b := supervise(t, "an app", func(c *api.SupervisorConfig) { c.Restarts, c.Env = false, nil })
	t.Setenv("DATABASE_URL", "as it was")
	b.deliver(topology.Config{Revision: 1, AppNodes: 1, Postgres: at("east:5432")})
	b.awaitReady("41") // as the app says
	b.deliver(topology.Config{Revision: 2, AppNodes: 1, Postgres: at("west:5432")})
	b.await("revision 2", func() (string, bool) {
		is, _ := b.state()
		return fmt.Sprint(is), is.Revision == 2
	})
	if is, _ := b.state(); is.Runs != 1 || !strings.Contains(b.app(), "as it was") {
		t.Errorf("%+v, and the app: %s", is, b.app())
	}
}

func TestAnAppThatExitsIsStartedAgainAndItsLastLinesAreTold(t *testing.T) {
	b := supervise(t, "a failure", nil)
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	began := time.Now()
	b.awaitUnready("the app ended with exit code 3 after 0.")
	b.awaitUnready("4 times in a row; its last lines: ")
	if took := time.Since(began); took < api.AppPause(1)+api.AppPause(2)+api.AppPause(3) {
		t.Errorf("it was started four times in %s", took)
	}
	said := notReady(b.ask("/readyz")).Why
	for _, want := range []string{"one", "two", "the secret is …"} {
		if !strings.Contains(said, want) || strings.Contains(said, topology.Secret) {
			t.Errorf("nothing of %q in %q", want, said)
		}
	}
	if is, _ := b.state(); !strings.HasPrefix(is.Last, "the app ended") || is.Running {
		t.Errorf("%+v", is)
	}
	if !strings.Contains(b.log.String(), "one\n\ntwo\n") ||
		!strings.Contains(b.log.String(), "; it is started again in 400ms\n") {
		t.Errorf("the log: %s", b.log)
	}
}

func TestAProcessThatListensOnNothingIsReadyWhenItGoesOnRunning(t *testing.T) {
	b := supervise(t, "an app", func(c *api.SupervisorConfig) { c.Ready, c.RunsFrom = "", 2 })
	b.deliver(topology.Config{Revision: 1, AppNodes: 1, Postgres: at("east:5432")})
	b.awaitUnready("revision 1 of the configuration asks for 1 nodes, and this one runs from 2 on")
	b.deliver(topology.Config{Revision: 2, AppNodes: 2, Postgres: at("east:5432")})
	b.awaitUnready("it has to go on for 1s")
	b.awaitReady("2")
	b.deliver(topology.Config{Revision: 3, AppNodes: 2, Postgres: at("west:5432")})
	b.awaitUnready("it has to go on for 1s") // it was started again
	b.awaitReady("3")
}

func TestAProcessThatListensOnNothingAndExitsIsNeverReady(t *testing.T) {
	b := supervise(t, "a failure", func(c *api.SupervisorConfig) { c.Ready = "" })
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.await("the fourth failure", func() (string, bool) {
		if w := b.ask("/readyz"); w.Code == http.StatusOK {
			t.Error("it is ready")
		}
		is, _ := b.state()
		return fmt.Sprint(is), is.Failures >= 4
	})
}

func TestAnAppThatServedAndExitsServesAgain(t *testing.T) {
	b := supervise(t, "an app", nil)
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.awaitReady("1")
	if response, err := http.Post("http://"+b.address+"/exit", "", http.NoBody); err == nil {
		_ = response.Body.Close()
		t.Errorf("it answered %s", response.Status)
	}
	b.awaitUnready("the app ended with exit code 7")
	b.awaitReady("1")
	if is, _ := b.state(); is.Runs != 2 || !strings.HasSuffix(is.Last, "out of luck") {
		t.Errorf("%+v", is)
	}
}

func TestAnAppThatCannotBeStartedSaysSo(t *testing.T) {
	b := supervise(t, "an app", func(c *api.SupervisorConfig) { c.Command = []string{"/no/such/app"} })
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.awaitUnready("the app could not be started: fork/exec /no/such/app: no such file or directory")
}

func TestAnAnswerMustHoldWhatIsAskedFor(t *testing.T) {
	b := supervise(t, "an app", func(c *api.SupervisorConfig) { c.Holds = `"db": true` })
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.awaitReady("1")
	t.Setenv("DB", "false") // for the next start
	b.deliver(topology.Config{Revision: 2, AppNodes: 1, Postgres: at("west:5432")})
	b.awaitUnready(`answered without "db": true: {"database"`)
}

func TestASupervisorSaysWhatItsAppLacks(t *testing.T) {
	for name, c := range map[string]struct {
		what, holds string
		lacks       api.AppLack
	}{
		"it ends":                    {"a failure", "", api.LacksProcess},
		"it listens nowhere":         {"stubborn", "", api.LacksPort},
		"its answer holds something": {"an app", "no such thing", api.LacksAnswer},
		"nothing":                    {"an app", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := supervise(t, c.what, func(s *api.SupervisorConfig) { s.Holds = c.holds })
			b.stopLimit = 10 * time.Millisecond
			b.deliver(topology.Config{Revision: 1, AppNodes: 1})
			b.await("what it lacks", func() (string, bool) {
				w := b.ask("/readyz")
				got := notReady(w)
				is, _ := b.state()
				return fmt.Sprintf("%d %s", w.Code, w.Body), is.Runs > 0 && got.Lacks == c.lacks &&
					(got.Why == "") == (w.Code == http.StatusOK)
			})
			if state := b.ask("/state").Body.String(); strings.Contains(state, "lacks") {
				t.Errorf("who asks after that is told %s", state)
			}
		})
	}
}

func TestSignalsReachTheApp(t *testing.T) {
	b := supervise(t, "an app", nil)
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.awaitReady("1")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	b.await("the signal", func() (string, bool) {
		got := b.app()
		return got, strings.Contains(got, `"hung_up": 1`)
	})
	b.stop()
	if _, err := net.Dial("tcp", b.address); err == nil {
		t.Error("the supervisor has ended, and somebody listens")
	}
}

func TestAnAppThatDoesNotEndIsKilled(t *testing.T) {
	b := supervise(t, "stubborn", nil)
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.await("a start", func() (string, bool) { return b.log.String(), strings.Contains(b.log.String(), "it stays") })
	began := time.Now()
	b.stop()
	if took := time.Since(began); took < b.stopLimit || took > stopLimit {
		t.Errorf("it ended within %s", took)
	}
}

// Whatever an app leaves behind would hold its port, or count against the processes that a node may have.
func TestNothingOfAnAppIsLeftInItsNode(t *testing.T) {
	first := exec.Command(os.Args[0])
	first.Env = append(os.Environ(), beWhat+"=first")
	first.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER}
	out, err := first.Output()
	if err != nil && first.ProcessState == nil {
		t.Skipf("a process can't be made the first of its kind here: %v", err)
	}
	if want := "as 1: exit code 0, no child processes"; err != nil || string(out) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	_, err := newSupervisor(api.SupervisorConfig{Env: map[string]string{"A": "{{.Nobody}}"}}, nil)
	for _, want := range []string{
		"command is missing", "config_file is missing", "runs_from is 0, want 1 or more",
		"env is of an app that is not started again", "unknown placeholder {{.Nobody}}",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q in %v", want, err)
		}
	}
}

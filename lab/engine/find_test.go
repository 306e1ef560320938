package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

// folder is a new one with a short path, as names of sockets must be.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// nobody has no engine be named, by anything, and gives the folder of docker's configuration and where the user's
// engine would be.
func nobody(t *testing.T) (configuration, runtime string) {
	t.Helper()
	for _, name := range []string{
		"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
		"DOCKER_API_VERSION",
	} {
		t.Setenv(name, "")
	}
	configuration, runtime = folder(t), folder(t)
	before := config.Dir()
	config.SetDir(configuration)
	t.Cleanup(func() { config.SetDir(before) })
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	t.Setenv("HOME", folder(t))
	return configuration, runtime
}

func TestTheOneThatIsNamedIsTheOneThatIsUsed(t *testing.T) {
	configuration, _ := nobody(t)
	f := finder{own: files{run: folder(t)}, machine: "unix:///nowhere.sock"}
	enginetest.StartAt(t, f.own.socket())
	other := filepath.Join(folder(t), "other.sock")
	enginetest.StartAt(t, other)
	want := func(address, by string, own bool) {
		t.Helper()
		e, err := f.find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if e.Address != address || !strings.Contains(e.By, by) || e.Own != own {
			t.Errorf("found %+v, want %s by %s", e.Place, address, by)
		}
		if env := e.Environ(); env["DOCKER_HOST"] != address {
			t.Errorf("others are told of %v", env)
		}
	}
	// Ours goes before whatever engine this machine has: somebody started it.
	want("unix://"+f.own.socket(), "regionfall engine start", true)

	writeContext(t, configuration, "far", "unix://"+other)
	write(t, filepath.Join(configuration, "config.json"), `{"currentContext": "far"}`)
	want("unix://"+other, "context far", false)

	t.Setenv("DOCKER_CONTEXT", "default")
	want("unix://"+f.own.socket(), "regionfall engine start", true)

	t.Setenv("DOCKER_HOST", "unix://"+other)
	want("unix://"+other, "DOCKER_HOST", false)
}

func TestOneThatIsNamedAndDoesNotAnswerIsAnError(t *testing.T) {
	configuration, _ := nobody(t)
	f := finder{own: files{run: folder(t)}, machine: "unix:///nowhere.sock"}
	enginetest.StartAt(t, f.own.socket()) // which nobody meant
	writeContext(t, configuration, "dead", "unix:///nowhere.sock")
	writeContext(t, configuration, "hop", "ssh://me@there")
	for env, want := range map[string]string{
		"DOCKER_HOST=unix:///nowhere.sock": "no container engine answers at unix:///nowhere.sock, " +
			"as DOCKER_HOST says: no such file or directory; start it, or name another",
		"DOCKER_HOST=tcp://127.0.0.1:1": "at tcp://127.0.0.1:1, as DOCKER_HOST says: " +
			"connection refused; start it",
		"DOCKER_HOST=nonsense": "unable to parse docker host",
		"DOCKER_HOST=ssh://there:2222/run/podman/podman.sock": "run `ssh -fNL " +
			"/tmp/engine.sock:/run/podman/podman.sock ssh://there:2222`, and set DOCKER_HOST=unix:///tmp/engine.sock " +
			"and TESTCONTAINERS_HOST_OVERRIDE=there",
		"DOCKER_CONTEXT=dead": "as docker context dead in DOCKER_CONTEXT says: no " +
			"such file or directory",
		"DOCKER_CONTEXT=hop": "docker context hop in DOCKER_CONTEXT names " +
			"ssh://me@there, and none is reached over ssh from here; run `ssh -fNL " +
			"/tmp/engine.sock:/var/run/docker.sock ssh://me@there`, and set DOCKER_HOST=unix:///tmp/engine.sock and " +
			"TESTCONTAINERS_HOST_OVERRIDE=there",
		"DOCKER_CONTEXT=deda": "there is no docker context deda, which " +
			"DOCKER_CONTEXT names",
		"DOCKER_CONTEXT=..%2F..%2Fetc%2Fpassw": "DOCKER_CONTEXT",
	} {
		t.Run(env, func(t *testing.T) {
			name, value, _ := strings.Cut(env, "=")
			t.Setenv(name, value)
			_, err := f.find(t.Context())
			var p *Problem
			if !errors.As(err, &p) || !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), want) ||
				p.Remedy == "" {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestBrokenSettingsOfDockerAreSaid(t *testing.T) {
	configuration, _ := nobody(t)
	write(t, filepath.Join(configuration, "config.json"), `{"currentContext": 7`)
	if _, err := (finder{
		own:     files{run: folder(t)},
		machine: "unix:///nowhere.sock",
	}).find(t.Context()); !errors.Is(err, ErrNone) ||
		!strings.Contains(err.Error(), "config.json") {
		t.Errorf("got %v", err)
	}
}

func TestASocketOfADeadEngineIsPassedOver(t *testing.T) {
	_, runtime := nobody(t)
	own := files{run: folder(t)}
	l, err := net.Listen("unix", own.socket())
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	enginetest.StartAt(t, filepath.Join(runtime, "docker.sock"))
	e, err := finder{own: own, machine: "unix:///nowhere.sock"}.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Own {
		t.Errorf("found %+v", e.Place)
	}
}

// writeContext notes a docker context as docker does.
func writeContext(t *testing.T, configuration, name, host string) {
	t.Helper()
	id := sha256.Sum256([]byte(name))
	write(t, filepath.Join(configuration, "contexts", "meta", hex.EncodeToString(id[:]), "meta.json"),
		`{"Name": "`+name+`", "Metadata": {}, "Endpoints": {"docker": {"Host": "`+host+`"}}}`)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheUsualPlacesAreTriedInOrder(t *testing.T) {
	_, runtime := nobody(t)
	home, machine := os.Getenv("HOME"), filepath.Join(folder(t), "machine.sock")
	f := finder{own: files{run: folder(t)}, machine: "unix://" + machine}
	// From the last that is tried to the first: each that is there goes before those that were.
	for _, c := range []struct{ socket, why string }{
		{filepath.Join(runtime, "podman", "podman.sock"), "this user's Podman, since nothing names another"},
		{filepath.Join(home, ".colima", "default", "docker.sock"), "Colima, since nothing names another"},
		{filepath.Join(home, ".docker", "desktop", "docker.sock"), "Docker Desktop, since nothing names another"},
		{filepath.Join(runtime, "docker.sock"), "this user's rootless docker, since nothing names another"},
		{machine, "this machine's, since nothing names another"},
		{f.own.socket(), "started by `regionfall engine start`"},
	} {
		enginetest.StartAt(t, c.socket)
		e, err := f.find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
		if e.Address != "unix://"+c.socket || e.Why() != c.why {
			t.Errorf("found %s (%s), want %s (%s)", e.Address, e.Why(), c.socket, c.why)
		}
	}
}

// What engines say to a client of another time.
func TestWhatTheEngineSaysIsPassedOn(t *testing.T) {
	const old = "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client " +
		"to a newer version"
	const young = "client version 1.55 is too new. Maximum supported API version is 1.39"
	for name, c := range map[string]struct{ pinned, says, remedy string }{
		"a pinned version": {"1.41", old, "unset DOCKER_API_VERSION, which asks for 1.41"},
		"an old engine":    {"", young, "update the engine, or name another in DOCKER_HOST"},
		"something else": {
			"", "authorization denied by plugin",
			"fix that, or name another engine in DOCKER_HOST",
		},
	} {
		t.Run(name, func(t *testing.T) {
			nobody(t)
			t.Setenv("DOCKER_API_VERSION", c.pinned)
			there := enginetest.Start(t)
			there.Answer("GET /version", func(w http.ResponseWriter,
				_ *http.Request,
			) {
				enginetest.Refuse(w, http.StatusBadRequest, c.says)
			})
			t.Setenv("DOCKER_HOST", there.Address)
			_, err := finder{own: files{run: folder(t)}}.find(t.Context())
			want := "the container engine refuses at " + there.Address + ", as DOCKER_HOST says: " + c.says + "; " +
				c.remedy
			if !errors.Is(err, ErrRefuses) || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	t.Run("a version that is none", func(t *testing.T) {
		nobody(t)
		t.Setenv("DOCKER_API_VERSION", "new")
		t.Setenv("DOCKER_HOST", enginetest.Start(t).Address)
		_, err := finder{own: files{run: folder(t)}}.find(t.Context())
		if err == nil || !strings.Contains(err.Error(), "unset DOCKER_API_VERSION, which is new") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnEngineIsCalledByItsName(t *testing.T) {
	nobody(t)
	for _, podman := range []bool{false, true} {
		there := enginetest.Start(t)
		there.Podman = podman
		t.Setenv("DOCKER_HOST", there.Address)
		e, err := Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
		want := map[bool]string{
			false: "docker 20.10.24 (API 1.41, linux/amd64)",
			true:  "podman 20.10.24 (API 1.41, linux/amd64)",
		}[podman]
		if got := e.About.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAnEngineThatIsDisregardedIsNamed(t *testing.T) {
	nobody(t)
	p := Place{Address: "unix:///here.sock"}
	file := filepath.Join(os.Getenv("HOME"), ".testcontainers.properties")
	if got := p.Disregarded(); got != "" {
		t.Errorf("without a file: %s", got)
	}
	for text, want := range map[string]string{
		"ryuk.disabled=true":        "",
		"tc.host=unix:///here.sock": "",
		"tc.host=tcp://there:1":     "tcp://there:1, which tc.host in ~/.testcontainers.properties names",
		"# mine\ndocker.host = unix:///there.sock": "unix:///there.sock, which docker.host in " +
			"~/.testcontainers.properties names",
	} {
		write(t, file, text)
		if got := p.Disregarded(); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

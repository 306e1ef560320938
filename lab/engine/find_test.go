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

// listen has an engine answer at a socket.
func listen(t *testing.T, socket string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		_, _ = w.Write([]byte("OK"))
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
}

// nobody has no engine be named, by anything, and gives the folder of docker's configuration and where the user's engine would be.
func nobody(t *testing.T) (configuration, runtime string) {
	t.Helper()
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION"} {
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
	f := finder{own: files{run: folder(t)}}
	listen(t, f.own.socket())
	other := filepath.Join(folder(t), "other.sock")
	listen(t, other)
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
	f := finder{own: files{run: folder(t)}}
	listen(t, f.own.socket()) // which nobody meant
	writeContext(t, configuration, "dead", "unix:///nowhere.sock")
	writeContext(t, configuration, "hop", "ssh://me@there")
	for env, want := range map[string]string{
		"DOCKER_HOST=unix:///nowhere.sock":     "no container engine answers at unix:///nowhere.sock, as DOCKER_HOST says: no such file or directory; start it, or name another",
		"DOCKER_HOST=tcp://127.0.0.1:1":        "at tcp://127.0.0.1:1, as DOCKER_HOST says: connection refused; start it",
		"DOCKER_HOST=nonsense":                 "unable to parse docker host",
		"DOCKER_CONTEXT=dead":                  "as docker context dead in DOCKER_CONTEXT says: no such file or directory",
		"DOCKER_CONTEXT=hop":                   "no engine is reached over ssh",
		"DOCKER_CONTEXT=deda":                  "there is no docker context deda, which DOCKER_CONTEXT names",
		"DOCKER_CONTEXT=..%2F..%2Fetc%2Fpassw": "DOCKER_CONTEXT",
	} {
		t.Run(env, func(t *testing.T) {
			name, value, _ := strings.Cut(env, "=")
			t.Setenv(name, value)
			_, err := f.find(t.Context())
			var p *Problem
			if !errors.As(err, &p) || !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), want) || p.Remedy == "" {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestBrokenSettingsOfDockerAreSaid(t *testing.T) {
	configuration, _ := nobody(t)
	write(t, filepath.Join(configuration, "config.json"), `{"currentContext": 7`)
	if _, err := (finder{own: files{run: folder(t)}}).find(t.Context()); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "config.json") {
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
	listen(t, filepath.Join(runtime, "docker.sock"))
	e, err := finder{own: own}.find(t.Context())
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

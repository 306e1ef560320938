package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestTheBinary(t *testing.T) {
	program := filepath.Join(t.TempDir(), "regionfall")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
		"-gcflags=github.com/regionfall/regionfall/...=-l", "-gcflags=github.com/aws/...=-l", "-o", program,
		".") // as make does it
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("holds only what is called", func(t *testing.T) { holdsOnlyWhatIsCalled(t, binary) })
	t.Run("is enough", func(t *testing.T) { isEnough(t, binary) })
	t.Run("runs what lies beside", func(t *testing.T) { runsWhatLiesBeside(t, binary) })
}

// The linker drops what nobody calls. That no package imports templates is not enough for it: a library may call them,
// as Cobra does when it is given a template for its help, or look methods up by name itself.
func holdsOnlyWhatIsCalled(t *testing.T, binary []byte) {
	const largest = 35_000_000 // bytes
	if len(binary) > largest {
		t.Errorf("the binary has %.1f MB, and may have %.1f MB: see docs/size.md", float64(len(binary))/1e6,
			largest/1e6)
	}
	for function, called := range map[string]bool{
		"github.com/aws/aws-sdk-go-v2/service/s3.(*Client).PutObject":        true, // or names are somewhere else
		"github.com/aws/aws-sdk-go-v2/service/s3.(*Client).PutBucketWebsite": false,
		"github.com/redis/go-redis/v9.(*Client).XAdd":                        false,
		"text/template.(*Template).Execute":                                  false,
	} {
		if there := bytes.Contains(binary, []byte(function)); there != called {
			t.Errorf("the binary holds %s: %t, want %t: see docs/size.md", function, there, called)
		}
	}
}

// builds is an engine that has a registry's images, and keeps what it is given to build, by the image's name without
// its tag.
type builds struct {
	http.Handler
	arch string

	mu   sync.Mutex
	made map[string]map[string][]byte
}

// ServeHTTP answers.
func (b *builds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch _, asked, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); {
	case asked == "version":
		_ = json.NewEncoder(w).Encode(map[string]string{"ApiVersion": "1.41", "Os": "linux", "Arch": b.arch})
	case asked == "build":
		files := map[string][]byte{}
		for archive := tar.NewReader(r.Body); ; {
			h, err := archive.Next()
			if err != nil {
				break
			}
			files[h.Name], _ = io.ReadAll(archive)
		}
		name, _, _ := strings.Cut(r.URL.Query().Get("t"), ":")
		b.mu.Lock()
		b.made[name] = files
		b.mu.Unlock()
		_, _ = io.WriteString(w, `{"stream":"Successfully built\n"}`)
	case strings.HasPrefix(asked, "images/") && asked != "images/json":
		_, _ = io.WriteString(w, `{"Id":"sha256:0123456789ab"}`)
	default:
		b.Handler.ServeHTTP(w, r)
	}
}

// machine has the program in a folder of its own, before an engine of a processor, and nothing else.
type machine struct {
	engine              *builds
	program, home, host string
}

func newMachine(t *testing.T, binary []byte, arch string) machine {
	t.Helper()
	m := machine{
		engine:  &builds{Handler: enginetest.Start(t), arch: arch, made: map[string]map[string][]byte{}},
		program: filepath.Join(t.TempDir(), "regionfall"), home: t.TempDir(),
	}
	server := httptest.NewServer(m.engine)
	t.Cleanup(server.Close)
	m.host = "tcp://" + server.Listener.Addr().String()
	if err := os.WriteFile(m.program, binary, 0o755); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	return m
}

// run runs a command, where there is no checkout, no Go and no git.
func (m machine) run(t *testing.T, args string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), m.program, strings.Fields(args)...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=", "HOME=" + m.home, "DOCKER_HOST=" + m.host}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const makeImages = "images --source registry"

// Whoever has the program and an engine needs nothing else: nodes run the very same file.
func isEnough(t *testing.T, binary []byte) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere nodes run a Linux build that lies beside it")
	}
	m := newMachine(t, binary, runtime.GOARCH)
	for _, args := range []string{
		"--help", "version", "list", "list faults", "show kyc-region-outage", "schema result", makeImages,
	} {
		if out, err := m.run(t, args); err != nil || out == "" {
			t.Errorf("regionfall %s: %v\n%s", args, err, out)
		}
	}
	if got := m.engine.made["regionfall/regionfall"]["regionfall"]; !bytes.Equal(got, binary) {
		t.Errorf("nodes run a program of %d bytes, and this one has %d", len(got), len(binary))
	}
	for _, name := range []string{"postgres", "redis", "aws"} {
		if m.engine.made["regionfall/"+name] == nil {
			t.Errorf("%s is not built from what the registry has", name)
		}
	}
}

// Before an engine of another processor nodes run the build that the archive of a release has for it.
func runsWhatLiesBeside(t *testing.T, binary []byte) {
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	m := newMachine(t, binary, other)
	if out, err := m.run(t, makeImages); err == nil || !strings.Contains(out, "put regionfall-linux-"+other) {
		t.Errorf("nothing lies there: %v\n%s", err, out)
	}
	beside := filepath.Join(filepath.Dir(m.program), "regionfall-linux-"+other)
	source := t.TempDir() // of a program that is the same by its name only: what it does is nobody's business here
	for name, text := range map[string]string{
		"go.mod": "module " + module + "\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", beside, ".")
	build.Dir = source
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+other, "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lies, err := os.ReadFile(beside)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := m.run(t, makeImages); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if got := m.engine.made["regionfall/regionfall"]["regionfall"]; !bytes.Equal(got, lies) {
		t.Errorf("nodes run a program of %d bytes, and the one beside has %d", len(got), len(lies))
	}
}

package image

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/build"
)

// compiled is a program that fits into a line, of a module of that path, for linux on a processor.
func compiled(t *testing.T, module, arch, cgo string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module " + module + "\n\ngo 1.24\n",
		"main.go": "package main\n\nfunc main() { println(\"6a1eef89\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", "program", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED="+cgo, "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "program")
}

func TestNodesRunThisProgramForTheirProcessorAndNoOther(t *testing.T) {
	ours := compiled(t, build.Module, "arm64", "0")
	for name, c := range map[string]struct {
		file, arch string
		of         build.Info
		want       string // of the error; empty is none
	}{
		"it fits":            {ours, "arm64", build.Info{}, ""},
		"of the same commit": {ours, "arm64", build.Info{Commit: "6a1eef89"}, ""},
		"of another commit": {
			ours, "arm64",
			build.Info{Commit: "0c0ffee0"},
			"it is of another build than this",
		},
		"of another version":                 {ours, "arm64", build.Info{Version: "v7.1.3"}, "which is v7.1.3"},
		"another version of the same commit": {ours, "arm64", build.Info{Version: "v7.1.3", Commit: "6a1eef89"}, ""},
		"of another processor":               {ours, "amd64", build.Info{}, "it is for linux/arm64"},
		"another program": {
			compiled(t, "shop.example", "arm64", "0"), "arm64",
			build.Info{},
			"it is shop.example",
		},
		"wants the C library": {compiled(t, build.Module, "amd64", "1"), "amd64", build.Info{}, "CGO_ENABLED=0"},
		"no program":          {"own_test.go", "arm64", build.Info{}, "it tells nothing of its build"},
		"nowhere to be seen":  {ours + ".gone", "arm64", build.Info{}, "no such file"},
	} {
		err := fits(c.file, c.arch, c.of)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A test is not the program: what nodes run has to come from elsewhere.
func TestWithoutAProgramForNodesOneSentenceSaysWhatToFetch(t *testing.T) {
	b := &builder{engine: &engine{arch: "arm64"}, cache: t.TempDir(), report: func(Event) {}}
	named, other := compiled(t, build.Module, "arm64", "0"), compiled(t, build.Module, "amd64", "0")
	t.Setenv("PATH", "")
	t.Setenv(ProgramEnv, "")
	_, err := b.makeOwn(t.Context())
	for _, want := range []string{
		"linux/arm64", "put regionfall-linux-arm64 of the release's archive",
		"or install Go",
	} {
		if err == nil || !errors.Is(err, errNoProgram) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	t.Setenv(ProgramEnv, other)
	if _, err := b.makeOwn(t.Context()); err == nil || errors.Is(err, errNoProgram) ||
		!strings.Contains(err.Error(), "it is for linux/amd64") {
		t.Errorf("the wrong one is named: %v", err)
	}
	t.Setenv(ProgramEnv, named)
	if file, err := b.makeOwn(t.Context()); err != nil || file != named {
		t.Errorf("the right one is named: %s, %v", file, err)
	}
}

func TestGoBuildsWhatNodesRun(t *testing.T) {
	t.Setenv("GOPROXY", proxy(t, build.Module, "v1.2.3", map[string]string{
		"go.mod": "module " + build.Module + "\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n",
	}))
	t.Setenv("GONOSUMDB", build.Module)
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-modcacherw")
	notices := 0
	b := &builder{engine: &engine{arch: "arm64"}, cache: t.TempDir(), report: func(Event) { notices++ }}
	for range 2 {
		made, err := b.fetchOwn(t.Context(), build.Module+"@v1.2.3")
		if err != nil || fits(made, "arm64", build.Info{Version: "v1.2.3"}) != nil {
			t.Fatalf("%s: %v", made, err)
		}
	}
	if notices != 1 {
		t.Errorf("it was fetched %d times", notices)
	}
	if _, err := b.fetchOwn(t.Context(), build.Module+"@v9.9.9"); err == nil ||
		!strings.Contains(err.Error(), "fetch it") {
		t.Errorf("a version that nobody published: %v", err)
	}
}

func TestVersitygwIsAllThatWantsGo(t *testing.T) {
	t.Setenv("PATH", "")
	for _, r := range append(stores(packaged, "b:1"), databases(Packages, "b:1")...) {
		err := r.lacksGo()
		if r.name == "s3" != (err != nil) || err != nil && !strings.Contains(err.Error(), "--aws localstack") {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

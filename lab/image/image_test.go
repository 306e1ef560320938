package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/docker"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestParseSource(t *testing.T) {
	for in, want := range map[string]Source{"": Auto, "auto": Auto, "registry": Registry, "packages": Packages} {
		if got, err := ParseSource(in); err != nil || got != want {
			t.Errorf("ParseSource(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	if got, err := ParseSource("Registry "); err == nil {
		t.Errorf("ParseSource accepted a misspelt source as %q", got)
	}
}

func TestVolatileFollowsWhatTheServerCan(t *testing.T) {
	for _, c := range []struct {
		set      Set
		volatile []topology.Service
	}{
		{Set{Servers: packaged.servers}, []topology.Service{topology.ServiceDynamoDB}},
		{Set{Servers: python.servers}, []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB}},
		{Set{Servers: registered.servers}, []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB}},
	} {
		var is []topology.Service
		for _, s := range []topology.Service{
			topology.ServicePostgres, topology.ServiceRedis, topology.ServiceS3, topology.ServiceDynamoDB,
			topology.ServiceApp,
		} {
			if c.set.Volatile(s) {
				is = append(is, s)
			}
		}
		if diff := cmp.Diff(c.volatile, is); diff != "" {
			t.Errorf("%s: %s", c.set.Serving(), diff)
		}
	}
}

func TestTagChangesWithEveryInput(t *testing.T) {
	binary := func(content string) string {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, other := binary("one"), binary("other")
	base := recipe{name: "redis", base: "b:1", args: map[string]string{"K": "v"}, inputs: []string{"go1"}}
	tag := func(r recipe, arch, binary string) string {
		t.Helper()
		name, err := r.tag(arch, binary)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	changed := func(change func(*recipe)) recipe {
		r := base
		change(&r)
		return r
	}
	seen := map[string]string{}
	for what, name := range map[string]string{
		"as it is":         tag(base, "amd64", one),
		"other folder":     tag(changed(func(r *recipe) { r.name = "postgres" }), "amd64", one),
		"other base":       tag(changed(func(r *recipe) { r.base = "b:2" }), "amd64", one),
		"other argument":   tag(changed(func(r *recipe) { r.args = map[string]string{"K": "w"} }), "amd64", one),
		"shifted argument": tag(changed(func(r *recipe) { r.args = map[string]string{"Kv": ""} }), "amd64", one),
		"other compiler":   tag(changed(func(r *recipe) { r.inputs = []string{"go2"} }), "amd64", one),
		"other directory":  tag(changed(func(r *recipe) { r.dirs = []string{"config"} }), "amd64", one),
		"other processor":  tag(base, "arm64", one),
		"other binary":     tag(base, "amd64", other),
	} {
		if before, ok := seen[name]; ok {
			t.Errorf("%q and %q have the same tag %s", what, before, name)
		}
		seen[name] = what
	}
	if again := tag(base, "amd64", one); seen[again] != "as it is" {
		t.Errorf("the same inputs have another tag: %s", again)
	}
}

func TestBuildContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent")
	if err := os.WriteFile(path, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	archive := recipe{name: "program", binary: "program", dirs: []string{"config"}}.context(path,
		map[string][]byte{"authorities.pem": []byte("ours")})
	defer func() { _ = archive.Close() }()
	got := map[string]string{}
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "Dockerfile" {
			data = data[:0]
		}
		got[h.Name] = fmt.Sprintf("%o %s", h.Mode, data)
	}
	want := map[string]string{
		"Dockerfile": "644 ", "authorities.pem": "644 ours", "program": "755 program",
		"root/config/": "777 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	missing := recipe{name: "program", binary: "program"}.context(path+".gone", nil)
	if _, err := io.Copy(io.Discard, missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a binary that is not there gives %v", err)
	}
}

func TestFollow(t *testing.T) {
	var steps []string
	var layers []string
	err := follow(strings.NewReader(`{"stream":"Step 1/4 : ARG BASE\n"}{"stream":"Step 2/4 : FROM base\n"}{"stream":" ---\u003e 111111111111\n"}{"stream":"downloaded\n"}
		{"stream":"Step 3/4 : COPY a b\n"}{"stream":" ---\u003e 222222222222\n"}{"stream":"Step 4/4 : RUN make\n"}
		{"stream":" ---\u003e Running in 333333333333\n"}
		{"stream":"\u001b[91mgcc: no "}{"stream":"such file\n"}
		{"errorDetail":{"message":"returned a non-zero code: 2"},"error":"returned"}`),
		func(s string) { steps = append(steps, s) }, &layers)
	if err == nil {
		t.Fatal("a failed build is not an error")
	}
	if diff := cmp.Diff("Step 4/4 : RUN make\n    ---> Running in 333333333333\n    gcc: no such file\n    returned "+
		"a non-zero code: 2", err.Error()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1/4 : ARG BASE", "2/4 : FROM base", "3/4 : COPY a b", "4/4 : RUN make"},
		steps); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"222222222222"}, layers); diff != "" {
		t.Errorf("what it is built on is not its own: %s", diff)
	}
	if err := follow(strings.NewReader(`{"stream":"Successfully built\n"}`), nil, nil); err != nil {
		t.Errorf("a build that worked: %v", err)
	}
	if err := follow(strings.NewReader(`{"stream":"Step 1`), nil, nil); err == nil {
		t.Error("an answer that breaks off is not an error")
	}
}

func TestDiskFull(t *testing.T) {
	err := explain(fmt.Errorf("build image redis: %w", errors.New("write /x: no space left on device")))
	if !errors.Is(err, ErrDiskFull) {
		t.Errorf("got %v", err)
	}
	if other := errors.New("something else"); !errors.Is(explain(other), other) {
		t.Error("another error was changed")
	}
}

// The scripts cannot read the topology's constants; they must agree with them.
func TestScriptsAgreeWithTopology(t *testing.T) {
	for file, want := range map[string]string{
		"postgres/entrypoint.sh": "backup=" + topology.RestoreFile + "\n",
		"postgres/Dockerfile":    fmt.Sprintf("EXPOSE %d\n", topology.PortPostgres),
		"postgres/cluster.sh":    "--username=" + topology.DatabaseUser + " ",
		"regionfall/Dockerfile":  fmt.Sprintf("ENTRYPOINT [\"/regionfall/regionfall\", %q]\n", topology.NodeCommand),
		"redis/redis.conf":       fmt.Sprintf("port %d\n", topology.PortRedis),
	} {
		data, err := docker.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %q", file, want)
		}
	}
}

package node

import (
	"errors"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/network"

	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestPortsAreReachedWhereTheEngineIs(t *testing.T) {
	for daemon, want := range map[string]struct {
		host  string
		local bool
	}{
		"unix:///var/run/docker.sock":       {"127.0.0.1", true},
		"unix:///run/user/1000/docker.sock": {"127.0.0.1", true},
		"npipe:////./pipe/docker_engine":    {"127.0.0.1", true},
		"tcp://localhost:2375":              {"127.0.0.1", true}, // and not ::1, where nothing is published
		"tcp://127.0.0.1:2375":              {"127.0.0.1", true},
		"tcp://192.0.2.7:2376":              {"192.0.2.7", false},
		"tcp://build.example:2376":          {"build.example", false},
		"tcp://[2001:db8::7]:2376":          {"2001:db8::7", false},
		"":                                  {"127.0.0.1", true},
		"%zz":                               {"127.0.0.1", true},
	} {
		e := &Engine{reach: reachOf(daemon)}
		if e.Host() != want.host || e.Local() != want.local || e.Exposed() == want.local {
			t.Errorf("%s: host %s, local %t, exposed %t; want %+v", daemon, e.Host(), e.Local(), e.Exposed(), want)
		}
	}
}

// The files that docker and Podman mount into a container, as proc(5) has them, and others.
const (
	id     = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
	docker = "1033 1017 8:1 /var/lib/docker/containers/" + id +
		"/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw\n" +
		"1034 1017 8:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n"
	podman = "990 980 0:25 /containers/storage/overlay-containers/" + id +
		"/userdata/hosts /etc/hosts rw,nosuid - tmpfs tmpfs rw\n"
	elsewhere = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n" +
		"21 20 0:5 /resolvconf/resolv.conf /etc/resolv.conf ro - tmpfs tmpfs rw\n" +
		"22 20 8:1 /var/lib/docker/containers/" + id + "/mounts/shm /var/lib/docker/containers/" + id +
		"/mounts/shm rw - tmpfs shm rw\n"
)

func TestAProcessKnowsItsContainerByItsMounts(t *testing.T) {
	for mounts, want := range map[string][]string{docker: {id}, podman: {id}, elsewhere: nil, "": nil} {
		if got := containersIn(strings.NewReader(mounts)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", mounts, got)
		}
	}
}

func TestPortsArePublishedWhereAContainerReachesThem(t *testing.T) {
	const marked, plain = true, false
	job := enginetest.Thing{
		Kind: "container", Name: id, State: "running",
		Gateways: map[string]string{"none": "", "job": "172.18.0.1"},
	}
	with := func(change func(*enginetest.Thing)) enginetest.Thing {
		other := job
		change(&other)
		return other
	}
	for name, c := range map[string]struct {
		mounts   string
		mark     bool
		has      enginetest.Thing
		beside   bool // the engine goes by this machine's name
		override string

		host, publish, self string // or no host, which is an error
	}{
		"on the engine's machine":       {elsewhere, plain, job, false, "", "127.0.0.1", "127.0.0.1", ""},
		"in a machine made of an image": {elsewhere, marked, job, true, "", "127.0.0.1", "127.0.0.1", ""},
		"in a job":                      {docker, marked, job, false, "", "172.18.0.1", "172.18.0.1", id},
		"in a job on the host's network": {
			docker, marked, with(func(t *enginetest.Thing) { t.Mode = "host" }), false,
			"", "127.0.0.1", "127.0.0.1", id,
		},
		"in a job without a network": {
			docker, marked, with(func(t *enginetest.Thing) { t.Gateways = nil }), false,
			"", "", "", id,
		},
		"in somebody else's container": {podman, marked, enginetest.Thing{}, false, "", "", "", ""},
		"there, and somebody knows where": {
			podman, marked,
			enginetest.Thing{},
			false, "192.0.2.9", "192.0.2.9",
			"0.0.0.0", "",
		},
		"in a job, and somebody insists": {docker, marked, job, false, "192.0.2.9", "192.0.2.9", "0.0.0.0", id},
	} {
		t.Run(name, func(t *testing.T) {
			e := enginetest.Start(t)
			if c.has.Name != "" {
				e.Has(c.has)
			}
			if !c.beside {
				e.Answer("GET /info", func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(`{"Name": "elsewhere"}`))
				})
			}
			t.Setenv("DOCKER_HOST", e.Address)
			t.Setenv(engine.ReachEnv, c.override)
			found, err := engine.Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer found.Close()
			p := process{mounts: file(t, c.mounts)}
			if c.mark {
				p.marks = []string{p.mounts}
			}
			r, self, err := p.findReach(t.Context(), found)
			if self != c.self {
				t.Errorf("it is in %q, want %q", self, c.self)
			}
			if c.host == "" {
				if !errors.Is(err, engine.ErrUnreachable) || !strings.Contains(err.Error(), engine.ReachEnv) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || r.host != c.host || r.publish.String() != c.publish {
				t.Errorf("got %+v, %v; want %s, %s", r, err, c.host, c.publish)
			}
		})
	}
}

// A job that has the network of another container, as one whose service it is.
func TestANetworkThatIsSharedHasOneGateway(t *testing.T) {
	e := enginetest.Start(t)
	e.Has(enginetest.Thing{Kind: "container", Name: id, State: "running", Mode: "container:other"})
	e.Has(enginetest.Thing{
		Kind: "container", Name: "other", State: "running",
		Gateways: map[string]string{"job": "172.19.0.1"},
	})
	t.Setenv("DOCKER_HOST", e.Address)
	found, err := engine.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	r, self, err := process{mounts: file(t, docker)}.findReach(t.Context(), found)
	if err != nil || r.host != "172.19.0.1" || self != id {
		t.Errorf("got %+v, %s, %v", r, self, err)
	}
}

func TestAPortIsReachedWhereItIsPublished(t *testing.T) {
	r := reach{host: "172.17.0.1"}
	for ip, want := range map[string]string{
		"0.0.0.0": "172.17.0.1:80", "127.0.0.1": "172.17.0.1:80", "": "172.17.0.1:80",
		"172.18.0.1": "172.18.0.1:80", // of a job in another network, which is no more
	} {
		b := network.PortBinding{HostPort: "80"}
		if ip != "" {
			b.HostIP = netip.MustParseAddr(ip)
		}
		if got := r.address(b); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}

func TestAContainerThatIsNoMoreHasEnded(t *testing.T) {
	there := enginetest.Start(t)
	want := map[string]bool{"gone": true}
	for state, ended := range map[string]bool{
		"running": false, "paused": false, "created": false, "exited": true,
		"dead": true,
	} {
		there.Has(enginetest.Thing{Kind: "container", Name: state, State: state})
		want[state] = ended
	}
	t.Setenv("DOCKER_HOST", there.Address)
	e, err := Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	for name, ended := range want {
		if got, err := e.HasEnded(t.Context(), name); err != nil || got != ended {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

// What testcontainers reads of the user's says nothing: a file there may name another engine, or one that hangs.
func TestNoFileOfTestcontainersMovesTheNodes(t *testing.T) {
	home, other, there := t.TempDir(), enginetest.Start(t), enginetest.Start(t)
	t.Setenv("HOME", home)
	text := "tc.host=" + other.Address + "\ndocker.host=" + other.Address +
		"\nhub.image.name.prefix=elsewhere.example/\nryuk.disabled=false\n"
	if err := os.WriteFile(filepath.Join(home, ".testcontainers.properties"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_HOST", there.Address)
	e, err := Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	c := e.provider.Config()
	if asked := other.Asked(); len(asked) > 0 || c.Config.HubImageNamePrefix != "" || !c.RyukDisabled {
		t.Errorf("the other engine was asked %v; settings are %+v", asked, c)
	}
	if os.Getenv("HOME") != home || os.Getenv("DOCKER_HOST") != there.Address {
		t.Error("the environment has changed")
	}
	if _, set := os.LookupEnv("TESTCONTAINERS_RYUK_DISABLED"); set {
		t.Error("a setting of testcontainers stays")
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

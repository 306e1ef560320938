package node

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/engine"
)

func TestAnEngineThatHangsIsToldFromOneThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request)
		hangs bool
		says  string // empty: it is of use
	}{
		"hangs": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true, "within 200ms; start it again"},
		"fails": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message":"no room"}`, http.StatusInternalServerError)
		}, false, "no room"},
		"answers": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) }, false, ""},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			c.serve(w, r)
		}))
		defer s.Close()
		cli, err := client.New(client.WithHost("tcp://"+s.Listener.Addr().String()), client.WithAPIVersion("1.41"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cli.Close() }()
		within := time.Minute
		if c.hangs {
			within = 200 * time.Millisecond
		}
		err = answers(t.Context(), cli, within)
		if errors.Is(err, engine.ErrHangs) != c.hangs || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := answers(ended, cli, within); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, interrupted: %v", name, err)
		}
	}
}

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
		"ssh://me@build.example":            {"build.example", false},
		"tcp://[2001:db8::7]:2376":          {"2001:db8::7", false},
		"":                                  {"127.0.0.1", true},
		"%zz":                               {"127.0.0.1", true},
	} {
		t.Run(daemon, func(t *testing.T) {
			t.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "")
			e := &Engine{host: hostOf(daemon)}
			if e.Host() != want.host || e.Local() != want.local {
				t.Errorf("host %s, local %t; want %+v", e.Host(), e.Local(), want)
			}
			published := netip.IPv4Unspecified()
			if want.local {
				published = netip.MustParseAddr("127.0.0.1") // nobody else's business
			}
			if got := e.publishOn(); got != published {
				t.Errorf("published on %s, want %s", got, published)
			}
		})
	}
}

func TestTheHostCanBeOverridden(t *testing.T) {
	t.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "192.0.2.9")
	if got := hostOf("unix:///var/run/docker.sock"); got != "192.0.2.9" {
		t.Errorf("got %s", got)
	}
}

func TestVolumesCarryTheLabsLabels(t *testing.T) {
	labels := map[string]string{LabelLab: "ada"}
	got := mounts(Spec{Volumes: map[string]string{"/data": "ada-data"}, Labels: labels})
	if len(got) != 1 || got[0].Source != "ada-data" || got[0].Target != "/data" {
		t.Fatalf("got %+v", got)
	}
	if diff := cmp.Diff(labels, got[0].VolumeOptions.Labels); diff != "" { // without them a sweep would not find it
		t.Errorf("labels:\n%s", diff)
	}
}

func TestAFoundContainerIsTheNodeItWas(t *testing.T) {
	e := &Engine{}
	n := e.Node(Found{Kind: "container", ID: "c0ffee", Name: "regionfall-ada-s3.us-east-1", Labels: map[string]string{
		LabelNode: "s3.us-east-1", LabelRegion: "us-east-1", LabelService: "s3", LabelVolatile: "true",
	}})
	if n.Name() != "s3.us-east-1" || n.ID != "regionfall-ada-s3.us-east-1" || n.Region != "us-east-1" || n.Service != "s3" || !n.Volatile() ||
		n.container != "c0ffee" || n.engine != e {
		t.Errorf("got %+v", n)
	}
}

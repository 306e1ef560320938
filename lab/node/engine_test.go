package node

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
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

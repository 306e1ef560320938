package lab

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// engineAlone is an engine without a container, which everything in the test is done on.
func engineAlone(t *testing.T) *enginetest.Engine {
	t.Helper()
	there := enginetest.Start(t)
	t.Setenv("DOCKER_HOST", there.Address)
	t.Setenv(StateEnv, t.TempDir())
	return there
}

func connected(t *testing.T) *Engine {
	t.Helper()
	e, err := Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// A job of CI leaves its lab and takes along its files, the lab's lock among them: of its owner there is only what the
// engine knows.
func TestALabOfAJobThatHasEndedIsSweptByTheNext(t *testing.T) {
	there := engineAlone(t)
	labOf := func(name, container, kept string) {
		there.Has(enginetest.Thing{Kind: "network", Name: "regionfall-" + name, Labels: map[string]string{
			node.LabelLab: name, node.LabelHost: "another", node.LabelKept: kept, node.LabelContainer: container,
		}})
	}
	there.Has(enginetest.Thing{Kind: "container", Name: "job1", State: "exited"})
	there.Has(enginetest.Thing{Kind: "container", Name: "job2", State: "running"})
	labOf("ended", "job1", "false")
	labOf("gone", "job0", "false")
	labOf("lives", "job2", "false")
	labOf("kept", "job0", "true")
	there.Has(enginetest.Thing{
		Kind: "network", Name: "regionfall-foreign",
		Labels: map[string]string{node.LabelLab: "foreign", node.LabelHost: "another"},
	})
	// A state folder that is part of the jobs' image makes all of them one machine. A lab of one that runs is its own
	// all the same.
	host, err := state.HostID()
	if err != nil {
		t.Fatal(err)
	}
	there.Has(enginetest.Thing{Kind: "network", Name: "regionfall-twin", Labels: map[string]string{
		node.LabelLab: "twin", node.LabelHost: host, node.LabelContainer: "job2",
	}})

	e := connected(t)
	labs, err := List(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range labs {
		if want := slices.Contains([]string{"ended", "gone", "kept"}, l.Name); l.Mine != want {
			t.Errorf("lab %s is ours to remove: %t", l.Name, l.Mine)
		}
	}
	swept, err := Sweep(t.Context(), e)
	if slices.Sort(swept); err != nil || !slices.Equal(swept, []string{"lab ended", "lab gone"}) {
		t.Errorf("swept %v, %v", swept, err)
	}
	left := there.Names("network")
	if slices.Sort(left); !slices.Equal(left, []string{
		"regionfall-foreign", "regionfall-kept", "regionfall-lives",
		"regionfall-twin",
	}) {
		t.Errorf("left are %v", left)
	}
}

func TestALabThatGetsNoNetworkSaysSoAndLeavesNothing(t *testing.T) {
	for pools := range 3 {
		there := engineAlone(t)
		there.Pools = pools
		top, _ := topology.Preset("two-regions")
		_, err := Up(t.Context(), Options{Topology: top})
		if !errors.Is(err, engine.ErrNetworks) || strings.Count(err.Error(), "address pool left") != 1 ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("with addresses for %d: got %v", pools, err)
		}
		if left := there.Names("network"); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
		if files, err := filepath.Glob(filepath.Join(os.Getenv(StateEnv), "*.lock")); err != nil || len(files) > 0 {
			t.Errorf("left are %v, %v", files, err)
		}
	}
}

func TestResourcesAreThoseOfAllLabs(t *testing.T) {
	there := engineAlone(t)
	there.Has(enginetest.Thing{Kind: "network", Name: "a stranger's"})
	var want []Resource
	for _, kind := range []string{"container", "network", "volume"} {
		r := Resource{Kind: kind, Name: "a-" + kind, Lab: "ada", Host: "another"}
		there.Has(enginetest.Thing{Kind: kind, Name: r.Name, Labels: map[string]string{
			node.LabelLab: r.Lab, node.LabelHost: r.Host,
		}})
		want = append(want, r)
	}
	got, err := connected(t).Resources(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("got %v:\n%s", err, diff)
	}
}

func TestLabsAreToldApartByTheirLabel(t *testing.T) {
	thing := func(lab string) node.Resource {
		return node.Resource{Name: lab + "-thing", Labels: map[string]string{node.LabelLab: lab}}
	}
	found := []node.Resource{{Name: "stranger"}, thing("bob"), thing("ada"), thing("bob")}
	if diff := cmp.Diff([]string{"bob", "ada"}, names(found)); diff != "" {
		t.Errorf("labs:\n%s", diff)
	}
	for lab, want := range map[string]int{"bob": 1, "ada": 2, "eve": -1} {
		if got := indexOf(found, lab); got != want {
			t.Errorf("%s is at %d, want %d", lab, got, want)
		}
	}
}

func TestWhatIsBeingStartedIsToldByItsStateAndTheNotes(t *testing.T) {
	begun := map[string]bool{"hub": true, "net": true}
	for name, c := range map[string]struct {
		found node.Resource
		want  bool
	}{
		"begun":           {node.Resource{Kind: "container", Name: "hub", Status: "created"}, true},
		"begun and there": {node.Resource{Kind: "container", Name: "hub", Status: "running"}, false},
		"never started":   {node.Resource{Kind: "container", Name: "app", Status: "created"}, false},
		"a network":       {node.Resource{Kind: "network", Name: "net"}, false},
	} {
		if got := starts([]node.Resource{{Kind: "volume", Name: "hub"}, c.found}, begun); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

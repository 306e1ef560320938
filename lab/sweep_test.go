package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/node"
)

func TestLabsAreToldApartByTheirLabel(t *testing.T) {
	thing := func(lab string) node.Found {
		return node.Found{Name: lab + "-thing", Labels: map[string]string{node.LabelLab: lab}}
	}
	found := []node.Found{{Name: "stranger"}, thing("bob"), thing("ada"), thing("bob")}
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
		found node.Found
		want  bool
	}{
		"begun":           {node.Found{Kind: "container", Name: "hub", State: "created"}, true},
		"begun and there": {node.Found{Kind: "container", Name: "hub", State: "running"}, false},
		"never started":   {node.Found{Kind: "container", Name: "app", State: "created"}, false},
		"a network":       {node.Found{Kind: "network", Name: "net"}, false},
	} {
		if got := starts([]node.Found{{Kind: "volume", Name: "hub"}, c.found}, begun); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

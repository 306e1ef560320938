package node

import (
	"testing"

	"github.com/moby/moby/api/types/container"
)

func TestANodeThatSaysNothingGetsTheStrictest(t *testing.T) {
	var h container.HostConfig
	confine(&h, Needs{})
	if !h.ReadonlyRootfs || len(h.CapDrop) != 1 || h.CapDrop[0] != "ALL" || len(h.CapAdd) != 0 || h.PidsLimit == nil ||
		*h.PidsLimit != mostProcesses ||
		len(h.SecurityOpt) != 1 || h.SecurityOpt[0] != "no-new-privileges" || len(h.Tmpfs) != 1 ||
		h.Tmpfs["/tmp"] == "" {
		t.Errorf("got %+v", h)
	}
}

func TestANeedTakesAwayOneThingOnly(t *testing.T) {
	var h container.HostConfig
	confine(&h, Needs{Root: true, Writable: true})
	if h.ReadonlyRootfs || len(h.Tmpfs) != 0 {
		t.Errorf("it can't write: %+v", h)
	}
	if len(h.CapDrop) != 1 || h.PidsLimit == nil || len(h.SecurityOpt) != 1 {
		t.Errorf("it may do more than it needs: %+v", h)
	}
	h = container.HostConfig{}
	confine(&h, Needs{Scratch: []string{"/run/postgresql"}})
	if !h.ReadonlyRootfs || h.Tmpfs["/tmp"] == "" || h.Tmpfs["/run/postgresql"] == "" {
		t.Errorf("got %+v", h)
	}
}

func TestWhoIsRoot(t *testing.T) {
	for user, want := range map[string]bool{
		"": true, "root": true, "0": true, "0:0": true, "root:root": true, "00": true, ":100": true,
		"65532:65532": false, "postgres": false, "1000": false, "10": false, "postgres:root": false,
	} {
		if got := isRoot(user); got != want {
			t.Errorf("%q is root: %t", user, got)
		}
	}
}

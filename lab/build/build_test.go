package build

import (
	"runtime/debug"
	"testing"
)

func TestWhatTheLinkerWasToldGoesFirst(t *testing.T) {
	t.Cleanup(func() { version, commit, dirty = "", "", "" })
	for want, stamp := range map[string][3]string{
		"no version":                           {},
		"no version, commit 6a1eef89":          {"", "6a1eef89", "false"},
		"v1.2.3, commit 6a1eef89 with changes": {"v1.2.3", "6a1eef89", "true"},
		"v1.2.3, commit 6a1eef89":              {"v1.2.3", "6a1eef89", ""},
	} {
		version, commit, dirty = stamp[0], stamp[1], stamp[2]
		i := This()
		if i.String() != want {
			t.Errorf("%v is %q, want %q", stamp, i, want)
		}
		if known := i.Dirty != nil; known != (stamp[2] != "") {
			t.Errorf("%v: whether there are changes is known: %t", stamp, known)
		}
	}
	if This().Program {
		t.Error("a test is taken for the program")
	}
}

func TestTheVersionIsThatOfThisModule(t *testing.T) {
	const other = "example.org/shop"
	for name, c := range map[string]struct {
		info           debug.BuildInfo
		version, fetch string
	}{
		"from a folder": {debug.BuildInfo{Path: Module, Main: debug.Module{Path: Module, Version: "(devel)"}}, "", ""},
		"installed": {
			debug.BuildInfo{Path: Module, Main: debug.Module{Path: Module, Version: "v1.2.3"}},
			"v1.2.3",
			Module + "@v1.2.3",
		},
		"from a changed checkout": {
			debug.BuildInfo{Path: Module, Main: debug.Module{Path: Module, Version: "v1.2.3+dirty"}},
			"v1.2.3+dirty",
			"",
		},
		"fetched, and built in a folder of its own": {
			debug.BuildInfo{
				Path: Module, Main: debug.Module{Path: "program.invalid"},
				Deps: []*debug.Module{{Path: Module, Version: "v1.2.3"}},
			}, "v1.2.3", Module + "@v1.2.3",
		},
		"from a checkout": {
			debug.BuildInfo{
				Path:     Module,
				Main:     debug.Module{Path: Module, Version: "v0.0.0-20261130143000-6a1eef891234"},
				Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "6a1eef89"}},
			}, "v0.0.0-20261130143000-6a1eef891234", "",
		},
		"installed of a commit": {
			debug.BuildInfo{Path: Module, Main: debug.Module{
				Path:    Module,
				Version: "v0.0.0-20261130143000-6a1eef891234",
			}},
			"v0.0.0-20261130143000-6a1eef891234", Module + "@v0.0.0-20261130143000-6a1eef891234",
		},
		"a library that is replaced": {
			debug.BuildInfo{
				Path: other, Main: debug.Module{Path: other, Version: "v7.0.0"},
				Deps: []*debug.Module{{Path: Module, Version: "v0.9.0", Replace: &debug.Module{Path: "../regionfall"}}},
			}, "", "",
		},
		"a library": {
			debug.BuildInfo{
				Path: other, Main: debug.Module{Path: other, Version: "v7.0.0"},
				Deps: []*debug.Module{{Path: Module, Version: "v0.9.0"}},
			}, "v0.9.0", "",
		},
		"somebody else's": {debug.BuildInfo{Path: other, Main: debug.Module{Path: other, Version: "v7.0.0"}}, "", ""},
	} {
		if i := Of(&c.info); i.Version != c.version || i.Source() != c.fetch {
			t.Errorf("%s: version %q of %q, want %q of %q", name, i.Version, i.Source(), c.version, c.fetch)
		}
	}
}

func TestTheCommitIsOfThisModule(t *testing.T) {
	noted := []debug.BuildSetting{{Key: "vcs.revision", Value: "6a1eef89"}, {Key: "vcs.modified", Value: "true"}}
	i := Of(&debug.BuildInfo{Main: debug.Module{Path: Module}, Settings: noted})
	if i.Commit != "6a1eef89" || i.Dirty == nil || !*i.Dirty {
		t.Errorf("it is %s", i)
	}
	if i := Of(&debug.BuildInfo{Main: debug.Module{Path: "example.org/shop"}, Settings: noted}); i.Commit != "" {
		t.Errorf("somebody else's commit is ours: %s", i)
	}
}

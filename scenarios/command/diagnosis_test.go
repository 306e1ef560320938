package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/image"
)

// healthy is a machine on which a drill runs.
func healthy() machine {
	return machine{
		goVersion: "go version go1.26.8 linux/amd64", os: "linux", arch: "amd64",
		temp: "/tmp", tempFree: 9 << 30,
		engine: lab.EngineFacts{
			OS: "linux", Arch: "amd64", Limits: true, CPUs: 2, Memory: 4 << 30, Driver: "overlay2",
			Clock: 3 * time.Millisecond, ClockSure: 2 * time.Millisecond,
		},
		place:    engine.Place{Address: "unix:///var/run/docker.sock", By: "this machine's"},
		about:    engine.About{Product: engine.Docker, Version: "20.10.24", API: "1.41"},
		networks: engine.Networks{Left: 27, Limited: true},
		ports:    lab.Ports{Host: "127.0.0.1", Local: true}, disk: disk{seen: true, free: 9 << 30},
		images: image.Outlook{
			Source: image.Packages, Reason: "they are here already", Serves: "s3: versitygw",
			Here: true,
		},
	}
}

var lines = []string{
	"go", "temp", "engine", "machine", "size", "disk", "networks", "images", "clock", "ports",
	"leftovers",
}

func names(checks []check) (all []string) {
	for _, c := range checks {
		all = append(all, c.Name)
	}
	return all
}

func TestDiagnosis(t *testing.T) {
	const mine = `lab ada `
	for name, c := range map[string]struct {
		change func(*machine)
		line   string
		ok     bool
		texts  []string
	}{
		"no go": {
			func(m *machine) { m.goErr = errors.New("not found") }, "go", true,
			[]string{"does not run", "build: {go: …}"},
		},
		"no temp": {
			func(m *machine) { m.tempErr = fs.ErrPermission }, "temp", false,
			[]string{"permission", "TMPDIR"},
		},
		"little temp": {
			func(m *machine) { m.tempFree = 1 << 29 }, "temp", false,
			[]string{"0.5 GiB free in /tmp", "free 1.0 GiB"},
		},
		"old engine": {
			func(m *machine) { m.about.API = "1.40" }, "engine", false,
			[]string{"API 1.40", "1.41", "update"},
		},
		"new engine":     {func(m *machine) { m.about.API = "1.55" }, "engine", true, []string{"API 1.55"}},
		"next engine":    {func(m *machine) { m.about.API = "2.0" }, "engine", true, []string{"API 2.0"}},
		"strange engine": {func(m *machine) { m.about.API = "" }, "engine", false, []string{"update"}},
		"rootless":       {func(m *machine) { m.engine.Rootless = true }, "engine", true, []string{"rootless"}},
		"no limits": {
			func(m *machine) { m.engine.Limits = false }, "engine", true,
			[]string{"can't limit processes"},
		},
		"another arch": {
			func(m *machine) { m.arch = "arm64" }, "machine", true,
			[]string{"linux/arm64", "linux/amd64"},
		},
		"windows": {
			func(m *machine) { m.engine.OS = "windows" }, "machine", false,
			[]string{"Linux containers"},
		},
		"one processor": {
			func(m *machine) { m.engine.CPUs = 1 }, "size", false,
			[]string{"1 processors", "two regions need 2 and 2.0 GiB, three 2 and 3.0", "more"},
		},
		"little memory": {
			func(m *machine) { m.engine.Memory = 2<<30 - 1 }, "size", false,
			[]string{"give the engine more"},
		},
		"enough memory": {func(m *machine) { m.engine.Memory = 2 << 30 }, "size", true, nil},
		"little disk": {
			func(m *machine) { m.disk.free = 1<<30 - 1 }, "disk", false,
			[]string{"free 1.0 GiB", "docker system prune"},
		},
		"disk for images": {
			func(m *machine) { m.disk.free, m.images.Here = 2<<30, false }, "disk", false,
			[]string{"2.0 GiB free", "free 4.0 GiB"},
		},
		"disk out of view": {
			func(m *machine) { m.disk = disk{used: 2 << 30, unused: 1 << 30} }, "disk", true,
			[]string{"does not tell", "take 2.0 GiB, of which no container uses 1.0", "see that it has"},
		},
		"no usage either": {
			func(m *machine) { m.disk = disk{err: errors.New("gone")} }, "disk", true,
			[]string{"does not tell", "gone"},
		},
		"images to come": {
			func(m *machine) { m.images.Here = false }, "images", true,
			[]string{"s3: versitygw", "not here yet", "some minutes"},
		},
		"no way to images": {
			func(m *machine) { m.images.Here, m.images.Lacks = false, errors.New("needs mmdebstrap") },
			"images", false,
			[]string{"from packages", "needs mmdebstrap"},
		},
		"no idea": {
			func(m *machine) { m.imagesErr = errors.New("no cache") }, "images", false,
			[]string{"no cache", "--source"},
		},
		"clock ahead": {
			func(m *machine) { m.engine.Clock = 2 * time.Second }, "clock", false,
			[]string{"by 2000 ms", "NTP"},
		},
		"clock behind": {
			func(m *machine) { m.engine.Clock = -2 * time.Second }, "clock", false,
			[]string{"by -2000 ms", "NTP"},
		},
		"clock, who knows": {
			func(m *machine) { m.engine.Clock, m.engine.ClockSure = 2*time.Second, 3*time.Second },
			"clock", true, nil,
		},
		"podman": {func(m *machine) {
			m.about.Product, m.about.Version = engine.Podman, "5.4.2"
			m.place = engine.Place{Address: "unix:///p.sock", By: "DOCKER_HOST", Named: true}
		}, "engine", true, []string{"podman 5.4.2 at unix:///p.sock (named by DOCKER_HOST), API 1.41"}},
		"nobody names one": {
			func(*machine) {}, "engine", true,
			[]string{"docker 20.10.24 at unix:///var/run/docker.sock (this machine's, since nothing names another)"},
		},
		"one for others": {
			func(m *machine) { m.disregarded = "tcp://x, which tc.host names" }, "engine", true,
			[]string{", and not tcp://x, which tc.host names"},
		},
		"few networks": {
			func(m *machine) { m.networks.Left = 2 }, "networks", false,
			[]string{"address pools for 2 more", "two regions takes 3, of three 4", "docker network prune"},
		},
		"enough networks": {
			func(m *machine) { m.networks.Left = 3 }, "networks", true,
			[]string{"address pools for 3 more"},
		},
		"any networks": {
			func(m *machine) { m.networks = engine.Networks{} }, "networks", true,
			[]string{"as many as are wanted"},
		},
		"pools not told": {
			func(m *machine) { m.poolsErr = errors.New("no list") }, "networks", false,
			[]string{"no list"},
		},
		"in a job": {
			func(m *machine) { m.ports = lab.Ports{Host: "172.18.0.1"} }, "ports", true,
			[]string{"on 172.18.0.1 only, where this container"},
		},
		"remote": {
			func(m *machine) { m.ports = lab.Ports{Host: "192.0.2.7", Exposed: true} }, "ports", true,
			[]string{"all addresses of 192.0.2.7", "firewall"},
		},
		"no labs known": {
			func(m *machine) { m.labsErr = errors.New("no list") }, "leftovers", false,
			[]string{"no list"},
		},
		"in use": {func(m *machine) {
			m.labs = []lab.Remains{{
				Running: lab.Running{Name: "ada", Mine: true}, Hub: true, Containers: 15,
				Networks: 3, Volumes: 8,
			}}
		}, "leftovers", true, []string{mine + "is in use (15 containers, 3 networks, 8 volumes)"}},
		"coming up": {func(m *machine) {
			m.labs = []lab.Remains{{Running: lab.Running{Name: "ada", Mine: true}, Networks: 3}}
		}, "leftovers", true, []string{mine + "is coming up, or going (0 containers, 3 networks"}},
		"dead": {func(m *machine) {
			m.labs = []lab.Remains{{Running: lab.Running{Name: "ada", Mine: true}, Dead: true}}
		}, "leftovers", true, []string{mine + "has lost its owner, and the next command removes it"}},
		"kept": {func(m *machine) {
			m.labs = []lab.Remains{{Running: lab.Running{Name: "ada", Mine: true, Kept: true}, Hub: true}}
		}, "leftovers", true, []string{mine + "was kept, until `regionfall down`"}},
		"kept and broken": {func(m *machine) {
			m.labs = []lab.Remains{
				{Running: lab.Running{Name: "bob"}}, {Running: lab.Running{Name: "ada", Mine: true, Kept: true}},
			}
		}, "leftovers", false, []string{
			"lab bob belongs to another machine", mine + "is broken: it has no hub",
			"`regionfall down`",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := healthy()
			c.change(&m)
			checks := diagnose(m)
			if got := names(checks); !slices.Equal(got, lines) {
				t.Errorf("lines are %v", got)
			}
			for _, line := range checks {
				if line.Name != c.line && !line.OK {
					t.Errorf("another line: %s", line)
				}
				if line.Name == c.line {
					if line.OK != c.ok || !line.OK && line.Remedy == "" {
						t.Errorf("ok is %t: %s", line.OK, line)
					}
					for _, text := range c.texts {
						if !strings.Contains(line.String(), text) {
							t.Errorf("%q is not in: %s", text, line)
						}
					}
				}
			}
		})
	}
}

func TestAHealthyMachineHasNothingToDo(t *testing.T) {
	for _, line := range diagnose(healthy()) {
		if !line.OK || line.Remedy != "" || line.Detail == "" {
			t.Errorf("%s", line)
		}
	}
}

func TestWithoutAnEngineTheOtherLinesAreThere(t *testing.T) {
	for _, c := range []struct {
		err    error
		remedy string
	}{
		{&engine.Problem{Kind: engine.ErrNone, Detail: "refused", Remedy: "start one"}, "start one"},
		{fmt.Errorf("%w: refused", engine.ErrNone), "start it again, or name another in DOCKER_HOST"},
	} {
		m := healthy()
		m.engineErr = c.err
		checks := diagnose(m)
		if got := names(checks); !slices.Equal(got, lines) {
			t.Errorf("lines are %v", got)
		}
		for i, line := range checks {
			if line.OK != (i < 2) {
				t.Errorf("%s", line)
			}
		}
		if got := checks[2]; got.Remedy != c.remedy || strings.Contains(got.Detail, "start") ||
			!strings.HasPrefix(got.Detail, "no container engine answers") {
			t.Errorf("%+v", got)
		}
	}
}

func TestAnEngineThatHangsIsNotCalledAbsent(t *testing.T) {
	m := healthy()
	m.engineErr = &engine.Problem{
		Kind: engine.ErrHangs, Detail: "it did not list its networks within 30s",
		Remedy: "start it again",
	}
	want := check{
		"engine", false, "the container engine hangs: it did not list its networks within 30s",
		"start it again",
	}
	if got := diagnose(m)[2]; got != want {
		t.Errorf("got %+v", got)
	}
}

func TestThePageIsJSON(t *testing.T) {
	f := regionfall(t, "doctor", "--json")
	f.want(t, exitHarness)
	var checks []check
	if err := json.Unmarshal([]byte(f.stdout), &checks); err != nil {
		t.Fatalf("%v: %s", err, f.stdout)
	}
	if got := names(checks); !slices.Equal(got, lines) {
		t.Errorf("lines are %v", got)
	}
	if checks[0].OK != true || checks[2].OK || checks[2].Remedy == "" {
		t.Errorf("got %+v", checks)
	}
}

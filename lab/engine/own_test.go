package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestHowToGetAnEngine(t *testing.T) {
	for _, c := range []struct {
		system string
		user   int
		names  []string
		want   string
	}{
		{"linux", 0, []string{"debian"}, "with `regionfall engine start`"},
		{"linux", 1000, []string{"ubuntu", "debian"}, "with `sudo regionfall engine start`"},
		{"linux", 1000, []string{"pop", "ubuntu", "debian"}, "with `sudo regionfall engine start`"},
		{"linux", 0, []string{"fedora"}, "dnf install moby-engine"},
		{"linux", 0, []string{"almalinux", "rhel", "centos", "fedora"}, "dnf install moby-engine"},
		{"linux", 0, []string{"alpine"}, "apk add docker"},
		{"linux", 0, []string{"arch"}, "pacman -S docker"},
		{"linux", 0, []string{"opensuse-leap", "suse", "opensuse"}, "zypper install docker"},
		{"linux", 0, nil, "package manager"},
		{"darwin", 501, nil, "colima start"},
		{"darwin", 501, []string{"debian"}, "colima start"},
	} {
		if got := startHintOn(c.system, c.user, c.names); !strings.Contains(got, c.want) {
			t.Errorf("%s, %d, %v: got %q", c.system, c.user, c.names, got)
		}
	}
}

func TestTheDistributionIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "os-release")
	write(t, file, "PRETTY_NAME=\"Ubuntu 24.04\"\nID=ubuntu\nID_LIKE=\"debian other\"\nVERSION_ID='24.04'\n")
	if got := distribution(file); !slices.Equal(got, []string{"ubuntu", "debian", "other"}) {
		t.Errorf("got %v", got)
	}
	if got := distribution(file + ".none"); got != nil {
		t.Errorf("got %v", got)
	}
}

// What dockerd and the kernel said on machines that kept an engine from running.
func TestWhatKeepsAnEngineFromRunningIsASentence(t *testing.T) {
	for said, want := range map[string]string{
		"failed to start daemon: Error initializing network controller: error obtaining controller instance: failed " +
			"to create NAT chain DOCKER: iptables failed: iptables -t nat -N DOCKER: iptables v1.8.9 (nf_tables): " +
			"Could not fetch rule set generation id: Permission denied (you must be root) (exit status 4)": "make networks",
		`level=error msg="failed to mount overlay: operation not permitted" storage-driver=overlay2 failed to start daemon: error initializing graphdriver: driver not supported`: "mount file systems",
		"failed to start daemon: error initializing graphdriver: driver not supported":                                                                                            "file system of /data",
		"write /data/engine.log: no space left on device":                                                                                                                         "the disk is full",
		"the disk is full: 3 MiB are free in /data":                                                                                                                               "the disk is full",
		"mkdir /data/docker: read-only file system":                                                                                                                               "read-only",
		"mount cgroups: exit status 1 (mount: permission denied)":                                                                                                                 "control groups",
		"failed to start daemon: Devices cgroup isn't mounted":                                                                                                                    "control groups",
		"failed to start daemon: something new":                                                                                                                                   "something new",
	} {
		detail, remedy := diagnose(said, "/data")
		if !strings.Contains(detail, want) || remedy == "" || strings.Contains(remedy, "{") {
			t.Errorf("%s: got %q, %q", said, detail, remedy)
		}
	}
}

func TestTheLastWordsAreTheReason(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	write(t, log, strings.Repeat("time=x level=warning msg=hm\n", 1000)+
		"time=x level=error msg=\"failed to mount overlay: operation not permitted\"\nfailed to start daemon: it is "+
		"so\n (exit status 4)\n")
	if got := lastWords(log); !strings.Contains(got, "operation not permitted") ||
		!strings.HasSuffix(got, "it is so (exit status 4)") || strings.Contains(got, "warning") {
		t.Errorf("got %q", got)
	}
	write(t, log, "one\ntwo\n")
	if got := lastWords(log); got != "two" {
		t.Errorf("got %q", got)
	}
	if got := lastWords(log + ".none"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestAProcessIsWhatItsFileSaysOnlyIfItIsThatProgram(t *testing.T) {
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err) // the tests of this package that look at processes want Linux
	}
	file, me := filepath.Join(t.TempDir(), "pid"), strings.TrimSpace(string(comm))
	for content, want := range map[string]int{
		strconv.Itoa(os.Getpid()): os.Getpid(), strconv.Itoa(os.Getpid()) + "\n": os.Getpid(),
		"": 0, "0": 0, "-1": 0, "none": 0, "99999999": 0,
	} {
		write(t, file, content)
		if got := process(file, me); got != want {
			t.Errorf("%q: got %d, want %d", content, got, want)
		}
		if got := process(file, "dockerd"); got != 0 {
			t.Errorf("%q: another program's number was taken: %d", content, got)
		}
	}
	if got := process(file+".none", me); got != 0 {
		t.Errorf("got %d", got)
	}
}

func TestOnlyShimsOfThisEngineAreEnded(t *testing.T) {
	f := files{run: "/run/ours", data: "/data"}
	for line, want := range map[string]bool{
		"containerd-shim-runc-v2 -namespace moby -id c0 -address /run/ours/docker/containerd/containerd.sock":      true,
		"containerd-shim-runc-v2 -namespace " + f.namespace() + " -id c0 -address /run/containerd/containerd.sock": true,
		// Another engine of ours, as a test of this package is when a lab runs beside it.
		"containerd-shim-runc-v2 -namespace " + ours.namespace() + " -id c0 -address " + ours.exec() + "/c.sock": false,
		"containerd-shim-runc-v2 -namespace moby -id c0 -address /run/docker/containerd/containerd.sock":         false,
		"containerd-shim-runc-v2 -namespace moby -id regionfall -address /run/containerd/containerd.sock":        false,
	} {
		if got := f.owns(strings.Fields(line)); got != want {
			t.Errorf("%s: %t", line, got)
		}
	}
}

func TestStartingCanBeDeclined(t *testing.T) {
	nobody(t)
	for value, want := range map[string]error{"no": ErrNone, "off": ErrNotStarted} {
		t.Setenv(Decline, value)
		if err := checkStartable(); !errors.Is(err, want) || !strings.Contains(err.Error(), Decline) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// Where an engine answers, or one that is named does not, nothing is started, installed or written.
func TestStartLeavesAnEngineThatAnswersAlone(t *testing.T) {
	nobody(t)
	t.Setenv("PATH", t.TempDir())
	s := starter{files{run: folder(t), data: folder(t)}, func(text string) { t.Errorf("it says %s", text) }}
	other := filepath.Join(folder(t), "other.sock")
	enginetest.StartAt(t, other)
	t.Setenv("DOCKER_HOST", "unix://"+other)
	if at, started, err := s.start(t.Context()); err != nil || started || at.Address != "unix://"+other {
		t.Errorf("got %+v, %t, %v", at, started, err)
	}
	t.Setenv("DOCKER_HOST", "unix:///nowhere.sock")
	if _, started, err := s.start(t.Context()); started || !errors.Is(err, ErrNone) {
		t.Errorf("got %t, %v", started, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, started, err := s.start(ended); started || !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %t, %v", started, err)
	}
	for _, dir := range []string{s.run, s.data} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s holds %v, %v", dir, left, err)
		}
	}
}

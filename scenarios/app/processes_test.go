package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

// withProcesses is the shop with processes, from line 7 on, instead of its command.
func withProcesses(processes string) string {
	return strings.Replace(whole(), "command: [serve]\n", "processes:\n"+processes, 1)
}

const processes = `  web: {command: [web], port: 9000, count: 2, capacity: {workers: 4, service_time: 50ms}}
  worker: {command: [work, --fast], count: 3, ready: none}
  mailer: {command: [mail], port: 9100, ready: {path: /sends, holds: "yes"}, capacity: {workers: 1, service_time: 20ms}}
`

func TestAnAppHasProcesses(t *testing.T) {
	a := parse(t, withProcesses(processes))
	name, front, is := a.Front()
	if !is || name != "web" || front.Count != 2 || front.Capacity.Workers != 4 {
		t.Errorf("clients are sent to %s: %+v", name, front)
	}
	want := []topology.Process{
		{Name: "mailer", Count: 1, Work: topology.Work{Workers: 1, ServiceTime: 20 * time.Millisecond}},
		{Name: "worker", Count: 3},
	}
	if diff := cmp.Diff(want, a.Others()); diff != "" {
		t.Errorf("the others (-want +got):\n%s", diff)
	}
	p := a.File().Processes
	if p["worker"].Ready.Asks() || !p["mailer"].Ready.Asks() || front.Ready.Asks() || p["mailer"].Ready.Holds != "yes" {
		t.Errorf("they are asked %+v", p)
	}
	for part, want := range map[string]string{"": "processes.web", "worker": "processes.worker", "else": ""} {
		if got := a.PathOf(part); got != want {
			t.Errorf("of %q it says at %q", part, got)
		}
	}
	a = parse(t, whole())
	if _, _, is := a.Front(); is || a.Others() != nil || a.PathOf("") != "command" || a.PathOf("else") != "" {
		t.Errorf("an app with one kind of nodes has processes, or runs what it says at %q", a.PathOf(""))
	}
	plain := strings.Replace(whole(), "command: [serve]\n", "", 1)
	if got := parse(t, plain).PathOf(""); got != "image" {
		t.Errorf("what an image runs is said at %q", got)
	}
	built := strings.Replace(plain, "image: shop:1.4", "build: {go: .}", 1)
	if got := parse(t, built).PathOf(""); got != "build" {
		t.Errorf("what is built is said at %q", got)
	}
}

func TestMistakesOfProcessesAreComplainedAbout(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no command": {
			"command: [work, --fast], ", "", "9:3: processes.worker: missing command, such as command: [work]",
		},
		"empty command": {"[work, --fast]", `["", x]`, "9:22: processes.worker.command: it has no program"},
		"two with the port": {
			"ready: none", "port: 9000, ready: /readyz",
			"9:53: processes.worker.port: web has the app's port already, and clients are sent to one process",
		},
		"none with the port": {
			"port: 9000, ", "",
			"7:1: processes: clients are sent to the one that has the app's port: give it port: 9000",
		},
		"a command besides": {
			"processes:\n", "command: [serve]\nprocesses:\n",
			"7:1: command: each of the processes says what it runs: leave it out",
		},
		"clients, and never ready": {
			"count: 2", "ready: none", "8:44: processes.web.ready: clients are sent to it: give a path",
		},
		"ready on no port": {
			"ready: none", "ready: /readyz", "processes.worker.ready: /readyz is asked on no port: give one",
		},
		"a port, and nothing said": {
			"ready: none", "port: 9200",
			"9:3: processes.worker: say with ready: by which path on port 9200 it is ready",
		},
		"an answer of nobody": {
			"ready: none", "ready: {holds: x}", "processes.worker.ready.holds: nothing is answered: give a path",
		},
		"no path": {
			"ready: none", "ready: nope",
			`processes.worker.ready: "nope" is no path: write one such as /healthz, or none`,
		},
		"none of them": {"count: 3", "count: 0", "processes.worker.count: 0 must be 1 to 8"},
		"too many":     {"count: 3", "count: 9", "processes.worker.count: 9 must be 1 to 8"},
		"a name of the lab's": {
			"worker:", "redis:", `9:3: processes.redis: "redis" is taken: the lab's own service has that name`,
		},
		"a name that is none": {"worker:", "Worker:", `9:3: processes.Worker: "Worker" is no name`},
		"a numbered name":     {"worker:", "worker-2:", `9:3: processes.worker-2: "worker-2" is taken: so are nodes`},
		"a capacity that can't be": {
			"workers: 1, ", "workers: 0, ",
			"processes.mailer.capacity.workers: 0: must be 1 to",
		},
		"unknown key": {"count: 3", "cuont: 3", `unknown key "cuont" in processes.worker: did you mean "count"?`},
		"no mapping": {
			"{command: [work, --fast], count: 3, ready: none}", "[work]", "processes.worker is not a mapping",
		},
	} {
		src := withProcesses(processes)
		if !strings.Contains(src, c.old) {
			t.Errorf("%s: there is no %q", name, c.old)
			continue
		}
		_, err := Parse("app.yaml", []byte(strings.Replace(src, c.old, c.new, 1)), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(file.Problems(err)) != 1 {
			t.Errorf("%s: %v\nwant %s alone", name, err, c.want)
		}
	}
	if _, err := Parse("app.yaml", []byte(strings.Replace(withProcesses(""), "processes:", "processes: {}", 1)),
		nil); err == nil || !strings.Contains(err.Error(), "7:1: processes: there must be 1 to 9 (got 0)") {
		t.Errorf("no processes: %v", err)
	}
}

package plan

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// filed is the shop with files: of its front, of its workers, and of what prepares it.
func filed(repoint Repoint) *Plan {
	a := shop
	a.Repoint = repoint
	a.Files = map[string]string{"/tmp/db.json": `{"at": "{{.Postgres}}", "<": "{{.Node}}"}`}
	a.Processes = map[string]Process{
		"worker": {Cmd: []string{"work"}, Files: map[string]string{"/tmp/worker.ini": "redis={{.Redis}}"}},
		"mailer": {Cmd: []string{"mail"}},
	}
	a.Prepared = Prepared{Command: []string{"migrate"}, Files: map[string]string{"/tmp/admin.ini": "at={{.Postgres}}"}}
	top, _ := topology.Preset("two-regions")
	top.Processes = []topology.Process{{Name: "mailer", Count: 1}, {Name: "worker", Count: 1}}
	p := plannedWith(top, a)
	p.Commands = map[string][]string{
		"": {"/shop"}, "worker": {"/shop", "work"}, "mailer": {"/shop", "mail"},
		topology.Preparing: {"/shop", "migrate"},
	}
	return p
}

func TestEachNodeFindsItsFiles(t *testing.T) {
	const worker, front = "worker.us-west-2", "app-1.us-west-2"
	for repoint, want := range map[Repoint]map[string]map[string]string{
		RepointRestart: {
			front:  {"/tmp/db.json": `{"at": "{{.Postgres}}", "<": "{{.Node}}"}`},
			worker: {"/tmp/worker.ini": "redis={{.Redis}}"},
		},
		"": {
			front:  {"/tmp/db.json": `{"at": "hub:20000", "<": "app-1.us-west-2"}`},
			worker: {"/tmp/worker.ini": "redis=hub:20001"},
		},
		RepointEndpoint: {
			front:  {"/tmp/db.json": `{"at": "127.0.0.1:28501", "<": "app-1.us-west-2"}`},
			worker: {"/tmp/worker.ini": "redis=127.0.0.1:28502"},
		},
	} {
		lab := filed(repoint)
		if repoint == "" { // the ports of links are the hub's
			c := lab.config("us-west-2")
			db := want[front]["/tmp/db.json"]
			want[front]["/tmp/db.json"] = strings.Replace(db, "hub:20000", c.Postgres.Address, 1)
			want[worker]["/tmp/worker.ini"] = "redis=" + c.Redis.Address
		}
		nodes := nodesOf(t, lab)
		want["mailer.us-west-2"] = nil
		for name, files := range want {
			c := settingsOf[api.SupervisorConfig](t, nodes[name])
			if diff := cmp.Diff(files, c.Files); diff != "" {
				t.Errorf("%s, repointed by %q (-want +got):\n%s", name, repoint, diff)
			}
			if filled := c.In != (api.AppEnv{}); filled != (repoint == RepointRestart) {
				t.Errorf("%s, repointed by %q, fills in itself: %t", name, repoint, filled)
			}
		}
		if settings := nodes[front].Env[topology.AgentConfigEnv]; !strings.Contains(settings, `\"<\"`) {
			t.Errorf("what is not to be escaped is: %s", settings)
		}
	}
}

func TestWhatPreparesAnAppFindsItsFiles(t *testing.T) {
	n, err := filed("").Preparing()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(api.PreparationConfig{
		Command: []string{"/shop", "migrate"}, Files: map[string]string{"/tmp/admin.ini": "at=postgres.us-east-1:5432"},
	}, settingsOf[api.PreparationConfig](t, n)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n.Volumes["/regionfall"] != "us-east-1-program" || n.Volumes["/config"] == "" ||
		!slices.Equal(n.Entrypoint, []string{"/regionfall/regionfall", "node"}) ||
		!slices.Equal(n.Cmd, []string{"prepare"}) {
		t.Errorf("it runs %v %v with %v", n.Entrypoint, n.Cmd, n.Volumes)
	}
}

func TestWhatIsWrongWithFiles(t *testing.T) {
	for want, change := range map[string]func(*App){
		`app files: "/etc/shop.ini" is not in /tmp`: func(a *App) { a.Files["/etc/shop.ini"] = "" },
		`app files: file /tmp/shop.ini: unknown placeholder {{.Nobody}}`: func(a *App) {
			a.Files["/tmp/shop.ini"] = "{{.Nobody}}"
		},
		`app prepared.files: "/tmp" is a folder`: func(a *App) { a.Prepared.Files = map[string]string{"/tmp": ""} },
		`app processes.worker.files: "shop.ini" is not in /tmp`: func(a *App) {
			wrong := map[string]string{"shop.ini": ""}
			a.Processes = map[string]Process{"worker": {Cmd: []string{"work"}, Files: wrong}}
		},
	} {
		a := filed("").App
		a.Files = maps.Clone(a.Files)
		change(&a)
		if err := a.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

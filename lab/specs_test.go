package lab

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
)

// planned is a lab about to come up: its links are planned, and its hub publishes them at 127.0.0.1, 20000 higher.
func planned(t topology.Topology, aws string) *builder {
	return plannedWith(t, aws, App{})
}

// plannedWith is the same with an app of its own.
func plannedWith(t topology.Topology, aws string, app App) *builder {
	l := &Lab{Name: "ada", topology: t, app: app.whole(), published: map[string]string{}}
	registry := aws == "the registry's localstack"
	if registry {
		aws = "localstack"
	}
	set := image.Set{AWS: topology.AWS(aws), Images: map[string]image.Ref{}, Servers: image.Serve(topology.AWS(aws), registry)}
	for _, kind := range []string{"postgres", "redis", "s3", "dynamodb", "localstack", "aws", "hub", "agent", "app"} {
		set.Images[kind] = image.Ref{Name: "regionfall/" + kind + ":1"}
	}
	b := &builder{Lab: l, options: Options{Topology: t, Images: set}, labels: map[string]string{node.LabelLab: "ada"}, plan: l.paths()}
	for _, s := range b.plan {
		l.links = append(l.links, (&link.Hub{}).Link(s, nil))
		if s.Published() {
			l.published[fmt.Sprintf("%d/tcp", s.Port)] = fmt.Sprintf("127.0.0.1:%d", 20000+s.Port)
		}
	}
	return b
}

// topologies are the presets, and what else is allowed.
func topologies(t *testing.T) map[string]topology.Topology {
	t.Helper()
	all := map[string]topology.Topology{}
	for _, name := range topology.PresetNames() {
		all[name], _ = topology.Preset(name)
	}
	unattended, _ := topology.Preset("two-regions")
	unattended.Automation.Off = true
	all["unattended"] = unattended
	several, _ := topology.Preset("two-regions")
	several.Regions = []topology.Region{{Name: "us-east-1", AppNodes: 3}, {Name: "us-west-2", AppNodes: 2}}
	all["several app nodes"] = several
	sync, _ := topology.Preset("three-regions")
	sync.Postgres.Commit = topology.CommitRemote
	all["three regions, sync"] = sync
	for name, top := range all {
		if err := top.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

func specsOf(t *testing.T, b *builder) map[string]node.Spec {
	t.Helper()
	byName := map[string]node.Spec{}
	ids := map[string]bool{}
	for _, p := range link.Nodes(b.topology) {
		s, ok, err := b.nodeSpec(p)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		if byName[s.Name].Name != "" || ids[s.ID] {
			t.Errorf("%s (%s) is there twice", s.Name, s.ID)
		}
		byName[s.Name], ids[s.ID] = s, true
	}
	return byName
}

var hubAddress = regexp.MustCompile(`hub:(\d+)`)

// toldToOthers is where the automation has those that follow its region find it.
var toldToOthers = regexp.MustCompile(`"(?:primary|cache)":\{"region":"[^"]+","address":"hub:(\d+)"\}`)

// ofItself is what a region that the automation has change roles is to call its own.
var ofItself = regexp.MustCompile(`"own_(?:postgres|redis)":\{"region":"([^"]+)","address":"[a-z]+\.([^"]+):\d+"\}`)

// Everything a node is told to reach is either in its own region, or a link that starts there.
func TestNodesReachOthersThroughLinksOfTheirOwn(t *testing.T) {
	for name, top := range topologies(t) {
		for _, aws := range []string{"packages", "localstack", "the registry's localstack"} {
			b := planned(top, aws)
			ports := map[string]link.Spec{}
			for _, s := range b.plan {
				ports[fmt.Sprint(s.Port)] = s
			}
			specs := specsOf(t, b)
			for _, s := range specs {
				if s.Service == topology.ServiceRepository {
					continue // it keeps what is for others: what the replicators bring along
				}
				told := strings.Join(s.Cmd, " ")
				for _, v := range s.Env {
					told += "\n" + v
				}
				for _, data := range s.Files {
					told += "\n" + string(data)
				}
				if s.Env["PRIMARY_HOST"] == "hub" {
					told += "\nhub:" + s.Env["PRIMARY_PORT"]
				}
				for _, found := range toldToOthers.FindAllStringSubmatch(told, -1) {
					if p := ports[found[1]]; p.To != s.Region && p.From != s.Region || p.From == topology.Clients || p.Published() {
						t.Errorf("%s: %s has others reach its region by hub:%s, which is %+v", name, s.Name, found[1], p)
					}
				}
				told = toldToOthers.ReplaceAllString(told, "")
				for _, own := range ofItself.FindAllStringSubmatch(told, -1) {
					if own[1] != own[2] {
						t.Errorf("%s: %s has %s take a node of %s for its own", name, s.Name, own[1], own[2])
					}
				}
				told = ofItself.ReplaceAllString(told, "")
				for _, found := range hubAddress.FindAllStringSubmatch(told, -1) {
					p, ok := ports[found[1]]
					if !ok || p.From != s.Region || p.Published() || p.To == s.Region {
						t.Errorf("%s: %s goes by hub:%s, which is %+v", name, s.Name, found[1], p)
					}
				}
				// Names of another region would resolve nowhere.
				for _, r := range top.Regions {
					if foreign := "." + r.Name + ":"; r.Name != s.Region && strings.Contains(told, foreign) {
						t.Errorf("%s: %s is told of a node in %s:\n%s", name, s.Name, r.Name, told)
					}
				}
			}
		}
	}
}

func TestEveryNodeIsLabelledAndFound(t *testing.T) {
	for name, top := range topologies(t) {
		for _, aws := range []string{"packages", "localstack", "the registry's localstack"} {
			b := planned(top, aws)
			specs := specsOf(t, b)
			aliases := map[string]string{} // host name to node
			for _, s := range specs {
				want := map[string]string{
					node.LabelLab: "ada", node.LabelNode: s.Name, node.LabelRegion: s.Region, node.LabelService: string(s.Service),
				}
				for label, value := range want {
					if s.Labels[label] != value {
						t.Errorf("%s: %s: label %s is %q, want %q", name, s.Name, label, s.Labels[label], value)
					}
				}
				if s.Image == "" || s.ID != "regionfall-ada-"+s.Name || !slices.Equal(s.Networks, []string{"regionfall-ada-" + s.Region}) {
					t.Errorf("%s: %+v", name, s)
				}
				for _, a := range s.Aliases {
					aliases[a] = s.Name
				}
			}
			// What the links lead to exists.
			for _, p := range b.plan {
				host, _, _ := strings.Cut(p.Upstream, ":")
				if aliases[host] == "" && (aws != "the registry's localstack" || p.Service != topology.ServiceDynamoDB) {
					t.Errorf("%s: %s leads to %s, which no node is called", name, p.Name, host)
				}
			}
			for _, r := range top.Regions {
				if aliases[topology.ServiceDynamoDB.Host(r.Name)] == "" {
					t.Errorf("%s with %s: nobody serves items in %s", name, aws, r.Name)
				}
			}
		}
	}
}

func TestTheDatabaseFollowsTheStrategy(t *testing.T) {
	tops := topologies(t)
	for name, c := range map[string]struct{ home, standby, synchronous string }{
		"two-regions":      {"primary", "replica", ""},
		"two-regions-sync": {"primary", "replica", "on"},
		"backup-restore":   {"primary", "restore", ""},
	} {
		specs := specsOf(t, planned(tops[name], "packages"))
		home, standby := specs["postgres.us-east-1"], specs["postgres.us-west-2"]
		if home.Env["ROLE"] != c.home || standby.Env["ROLE"] != c.standby || home.Env["SYNCHRONOUS"] != c.synchronous {
			t.Errorf("%s: %v, %v", name, home.Env, standby.Env)
		}
		if home.Disks[0].Volume == standby.Disks[0].Volume || home.Disks[0].Path != dataDir || home.Volumes[walDir] == standby.Volumes[walDir] {
			t.Errorf("%s: data is kept in %+v %v and %+v %v", name, home.Disks, home.Volumes, standby.Disks, standby.Volumes)
		}
		if restores := c.standby == "restore"; restores != (standby.Volumes["/restore"] != "") ||
			restores && standby.Volumes["/restore"] != specs["automation.us-west-2"].Volumes["/restore"] {
			t.Errorf("%s: a base backup can't be handed over: %v, %v", name, standby.Volumes, specs["automation.us-west-2"].Volumes)
		}
		if follows := standby.Env["SLOT"] == "region_2"; follows != (c.standby == "replica") {
			t.Errorf("%s: %v", name, standby.Env)
		}
	}
}

// Each replica streams, by a link of its own region's, from whom the topology says, over a slot of its own.
func TestReplicasStreamFromWhomTheyFollow(t *testing.T) {
	tops := topologies(t)
	const us, eu, ap = "us-east-1", "eu-west-1", "ap-southeast-1"
	for name, sources := range map[string]map[string]string{
		"three-regions":           {eu: us, ap: us},
		"three regions, sync":     {eu: us, ap: us},
		"three-regions-cascading": {eu: us, ap: eu},
	} {
		b := planned(tops[name], "packages")
		specs := specsOf(t, b)
		slots := map[string]bool{}
		for region, source := range sources {
			database, cache := specs["postgres."+region], specs["redis."+region]
			if want := b.port(region, source, topology.ServicePostgres); database.Env["PRIMARY_PORT"] != want {
				t.Errorf("%s: the database of %s follows hub:%s, want hub:%s", name, region, database.Env["PRIMARY_PORT"], want)
			}
			if want := []string{"--replicaof", "hub", b.port(region, source, topology.ServiceRedis)}; !slices.Equal(cache.Cmd, want) {
				t.Errorf("%s: the cache of %s is started with %v, want %v", name, region, cache.Cmd, want)
			}
			slots[database.Env["SLOT"]] = true
		}
		if len(slots) != len(sources) || slots[""] {
			t.Errorf("%s: slots are %v", name, slots)
		}
		if home := specs["postgres."+us]; home.Env["ROLE"] != "primary" || len(specs["redis."+us].Cmd) > 0 {
			t.Errorf("%s: home follows somebody: %v", name, home.Env)
		}
	}
}

func TestRoutingIsHeldAgainstTheTopology(t *testing.T) {
	const east, west = "us-east-1", "us-west-2"
	for _, c := range []struct {
		preset    string
		answers   []string
		unhealthy string
		want      string // in the complaint; empty for none
	}{
		{"two-regions", []string{east}, "", ""},
		{"two-regions", []string{west}, "", "answers [us-west-2] and should answer [us-east-1]"},
		{"two-regions", []string{east}, west, "finds us-west-2 unhealthy"},
		{"two-regions", []string{east, west}, "", "should answer [us-east-1]"},
		{"pilot-light", []string{east}, west, ""},
		{"pilot-light", []string{east}, east, "finds us-east-1 unhealthy"},
		{"active-active", []string{east, west}, "", ""},
		{"active-active", []string{east}, "", "should answer [us-east-1 us-west-2]"},
	} {
		top, _ := topology.Preset(c.preset)
		r := api.Routing{Answers: c.answers}
		body := fmt.Sprintf(`{"targets": [{"region": %q, "healthy": %t}, {"region": %q, "healthy": %t}]}`,
			east, c.unhealthy != east, west, c.unhealthy != west)
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		err := checkRouting(top, r)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s answering %v, %q unhealthy: %v; want %q", c.preset, c.answers, c.unhealthy, err, c.want)
		}
	}
}

func TestTheAppsConfigurationBeginsAtHome(t *testing.T) {
	for name, top := range topologies(t) {
		b := planned(top, "packages")
		specs := specsOf(t, b)
		for i, r := range top.Regions {
			var c topology.Config
			bringer := specs[topology.ServiceReplicator.Host(r.Name)]
			if err := json.Unmarshal(bringer.Files[topology.ConfigFile], &c); err != nil {
				t.Fatal(err)
			}
			if want := top.AppsAtStart(r); c.AppNodes != want {
				t.Errorf("%s: %d app nodes are to run in %s, want %d", name, c.AppNodes, r.Name, want)
			}
			if c.Revision != 1 || c.Region != r.Name || c.Postgres.Region != "us-east-1" || c.Redis.Region != "us-east-1" ||
				c.S3.Region != r.Name || c.DynamoDB.Region != r.Name {
				t.Errorf("%s: %+v", name, c)
			}
			remote := top.Postgres.Commit == topology.CommitRemote
			other := top.Standby().Name // takes over, and has what was acknowledged anywhere
			if i == 1 {
				other = top.Home().Name
			}
			switch {
			case !remote && (c.MirrorS3 != nil || c.MirrorDynamoDB != nil):
				t.Errorf("%s: writes wait for a mirror: %+v", name, c)
			case remote && (c.MirrorS3 == nil || c.MirrorDynamoDB == nil || c.MirrorS3.Region != other || c.MirrorDynamoDB.Region != other):
				t.Errorf("%s: %s is to be mirrored in %s: %+v", name, r.Name, other, c)
			}
			// One file for all app nodes of a region.
			for n := range r.AppNodes {
				s := specs[link.NodeName(topology.ServiceApp, r.Name, n+1)]
				if s.Volumes["/config"] != bringer.Volumes["/config"] || s.Volumes["/config"] == "" || len(s.Files) > 0 {
					t.Errorf("%s: %s has %v, %d files", name, s.Name, s.Volumes, len(s.Files))
				}
			}
			var kept api.RepositoryConfig
			if err := json.Unmarshal([]byte(specs["repository.global"].Env[topology.AgentConfigEnv]), &kept); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(kept.Documents[i], c) {
				t.Errorf("%s: the repository begins with %+v for %s, and there is %+v", name, kept.Documents[i], r.Name, c)
			}
			if string(bringer.Files[topology.PublishedFile]) != string(bringer.Files[topology.ConfigFile]) {
				t.Errorf("%s: what is published is not what is delivered", name)
			}
		}
	}
}

func TestWhatIsKeptInMemoryIsVolatile(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	for aws, want := range map[string]map[string]bool{
		"packages":   {"s3.us-east-1": false, "dynamodb.us-east-1": true, "postgres.us-east-1": false, "app-1.us-east-1": false},
		"localstack": {"s3.us-east-1": true, "dynamodb.us-east-1": true, "postgres.us-east-1": false},

		"the registry's localstack": {"s3.us-east-1": true, "postgres.us-east-1": false},
	} {
		specs := specsOf(t, planned(top, aws))
		for name, volatile := range want {
			s, ok := specs[name]
			if !ok || s.Volatile != volatile || s.Labels[node.LabelVolatile] != fmt.Sprint(volatile) {
				t.Errorf("with %s, %s: there %t, volatile %t, label %s", aws, name, ok, s.Volatile, s.Labels[node.LabelVolatile])
			}
		}
		if _, own := specs["dynamodb.us-east-1"]; own != (aws != "the registry's localstack") {
			t.Errorf("with %s, items have a node of their own: %t", aws, own)
		}
	}
}

func TestAMissingImageIsNamed(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	b := planned(top, "packages")
	delete(b.options.Images.Images, "redis")
	_, _, err := b.nodeSpec(link.Place{Service: topology.ServiceRedis, Region: "us-east-1", Number: 1})
	if err == nil || !strings.Contains(err.Error(), `there is no image "redis"`) {
		t.Errorf("got %v", err)
	}
}

// A disk in memory is gone when nobody has it: the hub has every one that a node has.
func TestTheHubKeepsEveryDisk(t *testing.T) {
	for name, top := range topologies(t) {
		b := planned(top, "packages")
		kept := map[string]node.Disk{}
		for _, d := range b.shelf() {
			if !d.Keep || kept[d.Volume].Volume != "" {
				t.Errorf("%s: the hub has %+v", name, d)
			}
			kept[d.Volume] = d
		}
		var disks int
		for _, s := range specsOf(t, b) {
			for _, d := range s.Disks {
				disks++
				if k := kept[d.Volume]; d.Keep || d.Size != topology.DataSize || k.Size != d.Size {
					t.Errorf("%s: %s has %+v, the hub %+v", name, s.Name, d, k)
				}
			}
		}
		if disks != len(top.Regions) || len(kept) != disks {
			t.Errorf("%s: %d disks, of which the hub keeps %d", name, disks, len(kept))
		}
	}
}

func TestTheCapacityOfAnAppIsDeclared(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	if env := specsOf(t, planned(top, "packages"))["app-1.us-east-1"].Env; env["WORKERS"] != "" {
		t.Errorf("without limit it is given %v", env)
	}
	top.App = topology.Work{Workers: 2, ServiceTime: 200 * time.Millisecond, Queue: 8}
	if env := specsOf(t, planned(top, "packages"))["app-1.us-east-1"].Env; env["WORKERS"] != "2" || env["SERVICE_TIME"] != "200ms" || env["QUEUE"] != "8" {
		t.Errorf("got %v", env)
	}
}

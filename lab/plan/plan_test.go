package plan

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
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/topology/topologytest"
)

// planned is a lab on paper whose hub publishes its ports at 127.0.0.1, 20000 higher.
func planned(t topology.Topology) *Plan { return plannedWith(t, App{}) }

// plannedWith is the same with an app of its own.
func plannedWith(t topology.Topology, a App) *Plan {
	p := New(t, a)
	p.Door = p.door
	return p
}

func (p *Plan) door(region string) (string, error) {
	for _, path := range p.Paths {
		if path.From == topology.Clients && path.To == region {
			return fmt.Sprintf("127.0.0.1:%d", 20000+path.Port), nil
		}
	}
	return "", fmt.Errorf("no door of %s", region)
}

// nodesOf are all nodes of a plan by name, but the hub.
func nodesOf(t *testing.T, p *Plan) map[string]Node {
	t.Helper()
	byName := map[string]Node{}
	for _, at := range Places(p.Topology) {
		if !p.Hosts(at) {
			continue
		}
		n, err := p.Node(at)
		if err != nil {
			t.Fatal(err)
		}
		if byName[n.Name()].Service != "" {
			t.Errorf("%s is there twice", n.Name())
		}
		byName[n.Name()] = n
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
	for name, top := range topologytest.All(t) {
		for _, together := range []bool{false, true} {
			lab := planned(top)
			lab.Together = together
			ports := map[string]topology.Path{}
			for _, s := range lab.Paths {
				ports[fmt.Sprint(s.Port)] = s
			}
			nodes := nodesOf(t, lab)
			for _, s := range nodes {
				if s.Service == topology.ServiceRepository {
					continue // it keeps what is for others: what the replicators bring along
				}
				text := strings.Join(s.Cmd, " ")
				for _, v := range s.Env {
					text += "\n" + v
				}
				for _, data := range s.Files {
					text += "\n" + string(data)
				}
				if s.Env["PRIMARY_HOST"] == "hub" {
					text += "\nhub:" + s.Env["PRIMARY_PORT"]
				}
				for _, found := range toldToOthers.FindAllStringSubmatch(text, -1) {
					if p := ports[found[1]]; p.To != s.Region && p.From != s.Region || p.From == topology.Clients ||
						p.Published() {
						t.Errorf("%s: %s has others reach its region by hub:%s, which is %+v", name, s.Name(), found[1],
							p)
					}
				}
				text = toldToOthers.ReplaceAllString(text, "")
				for _, own := range ofItself.FindAllStringSubmatch(text, -1) {
					if own[1] != own[2] {
						t.Errorf("%s: %s has %s take a node of %s for its own", name, s.Name(), own[1], own[2])
					}
				}
				text = ofItself.ReplaceAllString(text, "")
				for _, found := range hubAddress.FindAllStringSubmatch(text, -1) {
					p, ok := ports[found[1]]
					if !ok || p.From != s.Region || p.Published() || p.To == s.Region {
						t.Errorf("%s: %s goes by hub:%s, which is %+v", name, s.Name(), found[1], p)
					}
				}
				// Names of another region would resolve nowhere.
				for _, r := range top.Regions {
					if foreign := "." + r.Name + ":"; r.Name != s.Region && strings.Contains(text, foreign) {
						t.Errorf("%s: %s is told of a node in %s:\n%s", name, s.Name(), r.Name, text)
					}
				}
			}
		}
	}
}

func TestTheDatabaseFollowsTheStrategy(t *testing.T) {
	tops := topologytest.All(t)
	for name, c := range map[string]struct{ home, standby, synchronous string }{
		"two-regions":      {"primary", "replica", ""},
		"two-regions-sync": {"primary", "replica", "on"},
		"backup-restore":   {"primary", "restore", ""},
	} {
		nodes := nodesOf(t, planned(tops[name]))
		home, standby := nodes["postgres.us-east-1"], nodes["postgres.us-west-2"]
		if home.Env["ROLE"] != c.home || standby.Env["ROLE"] != c.standby || home.Env["SYNCHRONOUS"] != c.synchronous {
			t.Errorf("%s: %v, %v", name, home.Env, standby.Env)
		}
		if home.Disks[0].Volume == standby.Disks[0].Volume || home.Disks[0].Path != DataDir ||
			home.Volumes[walDir] == standby.Volumes[walDir] {
			t.Errorf("%s: data is kept in %+v %v and %+v %v", name, home.Disks, home.Volumes, standby.Disks,
				standby.Volumes)
		}
		if restores := c.standby == "restore"; restores != (standby.Volumes["/restore"] != "") ||
			restores && standby.Volumes["/restore"] != nodes["automation.us-west-2"].Volumes["/restore"] {
			t.Errorf("%s: a base backup can't be handed over: %v, %v", name, standby.Volumes,
				nodes["automation.us-west-2"].Volumes)
		}
		if follows := standby.Env["SLOT"] == "region_2"; follows != (c.standby == "replica") {
			t.Errorf("%s: %v", name, standby.Env)
		}
	}
}

// Each replica streams, by a link of its own region's, from whom the topology says, over a slot of its own.
func TestReplicasStreamFromWhomTheyFollow(t *testing.T) {
	tops := topologytest.All(t)
	const us, eu, ap = "us-east-1", "eu-west-1", "ap-southeast-1"
	for name, sources := range map[string]map[string]string{
		"three-regions":           {eu: us, ap: us},
		"three regions, sync":     {eu: us, ap: us},
		"three-regions-cascading": {eu: us, ap: eu},
	} {
		lab := planned(tops[name])
		nodes := nodesOf(t, lab)
		slots := map[string]bool{}
		for region, source := range sources {
			database, cache := nodes["postgres."+region], nodes["redis."+region]
			if want := lab.port(region, source, topology.ServicePostgres); database.Env["PRIMARY_PORT"] != want {
				t.Errorf("%s: the database of %s follows hub:%s, want hub:%s", name, region,
					database.Env["PRIMARY_PORT"], want)
			}
			if want := []string{"--replicaof", "hub", lab.port(region, source,
				topology.ServiceRedis)}; !slices.Equal(cache.Cmd, want) {
				t.Errorf("%s: the cache of %s is started with %v, want %v", name, region, cache.Cmd, want)
			}
			slots[database.Env["SLOT"]] = true
		}
		if len(slots) != len(sources) || slots[""] {
			t.Errorf("%s: slots are %v", name, slots)
		}
		if home := nodes["postgres."+us]; home.Env["ROLE"] != "primary" || len(nodes["redis."+us].Cmd) > 0 {
			t.Errorf("%s: home follows somebody: %v", name, home.Env)
		}
	}
}

func TestTheAppsConfigurationBeginsAtHome(t *testing.T) {
	for name, top := range topologytest.All(t) {
		lab := planned(top)
		nodes := nodesOf(t, lab)
		for i, r := range top.Regions {
			var c topology.Config
			bringer := nodes[topology.ServiceReplicator.Host(r.Name)]
			if err := json.Unmarshal(bringer.Files[topology.ConfigFile], &c); err != nil {
				t.Fatal(err)
			}
			if want := top.AppsAtStart(r); c.AppNodes != want {
				t.Errorf("%s: %d app nodes are to run in %s, want %d", name, c.AppNodes, r.Name, want)
			}
			if c.Revision != 1 || c.Region != r.Name || c.Postgres.Region != "us-east-1" ||
				c.Redis.Region != "us-east-1" ||
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
			case remote && (c.MirrorS3 == nil || c.MirrorDynamoDB == nil || c.MirrorS3.Region != other ||
				c.MirrorDynamoDB.Region != other):
				t.Errorf("%s: %s is to be mirrored in %s: %+v", name, r.Name, other, c)
			}
			// One file for all app nodes of a region.
			for n := range r.AppNodes {
				s := nodes[topology.Place{Service: topology.ServiceApp, Region: r.Name, Number: n + 1}.Name()]
				if s.Volumes["/config"] != bringer.Volumes["/config"] || s.Volumes["/config"] == "" ||
					len(s.Files) > 0 {
					t.Errorf("%s: %s has %v, %d files", name, s.Name(), s.Volumes, len(s.Files))
				}
			}
			var kept api.RepositoryConfig
			if err := json.Unmarshal([]byte(nodes["repository.global"].Env[topology.AgentConfigEnv]),
				&kept); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(kept.Documents[i], c) {
				t.Errorf("%s: the repository begins with %+v for %s, and there is %+v", name, kept.Documents[i], r.Name,
					c)
			}
			if string(bringer.Files[topology.PublishedFile]) != string(bringer.Files[topology.ConfigFile]) {
				t.Errorf("%s: what is published is not what is delivered", name)
			}
		}
	}
}

// A disk in memory is gone when nobody has it: the hub has every one that a node has.
func TestTheHubKeepsEveryDisk(t *testing.T) {
	for name, top := range topologytest.All(t) {
		lab := planned(top)
		hub, err := lab.Hub()
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string]Disk{}
		for _, d := range hub.Disks {
			if !d.Keep || kept[d.Volume].Volume != "" {
				t.Errorf("%s: the hub has %+v", name, d)
			}
			kept[d.Volume] = d
		}
		var disks int
		for _, s := range nodesOf(t, lab) {
			for _, d := range s.Disks {
				disks++
				if k := kept[d.Volume]; d.Keep || d.Size != topology.DataSize || k.Size != d.Size {
					t.Errorf("%s: %s has %+v, the hub %+v", name, s.Name(), d, k)
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
	if env := nodesOf(t, planned(top))["app-1.us-east-1"].Env; env["WORKERS"] != "" {
		t.Errorf("without limit it is given %v", env)
	}
	top.App = topology.Work{Workers: 2, ServiceTime: 200 * time.Millisecond, Queue: 8}
	if env := nodesOf(t, planned(top))["app-1.us-east-1"].Env; env["WORKERS"] != "2" ||
		env["SERVICE_TIME"] != "200ms" || env["QUEUE"] != "8" {
		t.Errorf("got %v", env)
	}
}

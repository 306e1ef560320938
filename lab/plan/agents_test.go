package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/topology/topologytest"
)

func TestTheAutomationAwaitsEveryAppNodeOfItsRegion(t *testing.T) {
	for name, top := range topologytest.All(t) {
		nodes := nodesOf(t, planned(top))
		for i, r := range top.Regions {
			s, there := nodes["automation."+r.Name]
			if there != (i == 1 && !top.Automation.Off) {
				t.Errorf("%s: there is an automation in %s: %t", name, r.Name, there)
			}
			if !there {
				continue
			}
			var c api.AutomationConfig
			if err := json.Unmarshal([]byte(s.Env[topology.AgentConfigEnv]), &c); err != nil {
				t.Fatal(err)
			}
			if want := 2 * top.LatencyBetween(r.Name, top.Home().Name); c.Trip != want {
				t.Errorf("%s: the way home is taken for %s, want %s", name, c.Trip, want)
			}
			if len(c.AppsReady) != r.AppNodes || c.Region != r.Name || c.Home != top.Home().Name {
				t.Errorf("%s: %+v", name, c)
			}
			for n, url := range c.AppsReady {
				if want := fmt.Sprintf("http://app-%d.%s:8080/readyz", n+1, r.Name); url != want {
					t.Errorf("%s: app node %d is asked at %s, want %s", name, n+1, url, want)
				}
			}
		}
	}
}

func TestTheNameServiceAnswersTheDoorsOfTheHost(t *testing.T) {
	for name, top := range topologytest.All(t) {
		lab := planned(top)
		s := nodesOf(t, lab)["nameservice.global"]
		var c api.NameserviceConfig
		if err := json.Unmarshal([]byte(s.Env[topology.AgentConfigEnv]), &c); err != nil {
			t.Fatal(err)
		}
		if c.Record != topology.RecordName || c.TTL != top.Routing.TTL || c.Check != top.Routing.Check ||
			c.Policy != top.Routing.Policy ||
			len(c.Targets) != len(top.Regions) {
			t.Fatalf("%s: %+v", name, c)
		}
		for i, target := range c.Targets {
			door, err := lab.door(top.Regions[i].Name)
			if err != nil || target.Region != top.Regions[i].Name ||
				fmt.Sprintf("%s:%d", target.Host, target.Port) != door {
				t.Errorf("%s: door of %s is %s (%v): %+v", name, target.Region, door, err, target)
			}
			for _, other := range top.Regions {
				if trip := 2 * top.LatencyBetween(target.Region, other.Name); other.Name != target.Region &&
					target.Trip < trip {
					t.Errorf("%s: checks of %s don't wait for the way to %s: %s", name, target.Region, other.Name,
						target.Trip)
				}
			}
			if !strings.HasSuffix(target.Health, "/readyz") {
				t.Errorf("%s: health is asked at %s", name, target.Health)
			}
		}
		if !slices.Equal(s.Publish, []string{"8053/udp", "8053/tcp"}) {
			t.Errorf("%s: published is %v", name, s.Publish)
		}
	}
}

func TestAgentsAreAsTheTopologyHasThem(t *testing.T) {
	tops := topologytest.All(t)
	for name, c := range map[string]struct{ automation, backup, copies bool }{
		"two-regions":    {automation: true, copies: true},
		"backup-restore": {automation: true, backup: true},
		"unattended":     {copies: true},
	} {
		nodes := nodesOf(t, planned(tops[name]))
		_, automation := nodes["automation.us-west-2"]
		_, backup := nodes["backup.us-east-1"]
		var r api.ReplicatorConfig
		if err := json.Unmarshal([]byte(nodes["replicator.us-west-2"].Env[topology.AgentConfigEnv]), &r); err != nil {
			t.Fatal(err)
		}
		if automation != c.automation || backup != c.backup || r.Objects != c.copies || r.Items != c.copies {
			t.Errorf("%s: automation %t, backup %t, %+v", name, automation, backup, r)
		}
		if len(r.Sources) != 1 || r.Sources[0].Region != "us-east-1" || r.Local.Region != "us-west-2" {
			t.Errorf("%s: the replicator copies from %+v to %+v", name, r.Sources, r.Local)
		}
	}
}

// What is cut between the automation and the home region must cut nobody else off.
func TestTheAutomationLooksAtHomeByLinksOfItsOwn(t *testing.T) {
	for name, top := range topologytest.All(t) {
		lab := planned(top)
		nodes := nodesOf(t, lab)
		looks := 0
		for _, p := range lab.Paths {
			if !p.Control {
				continue
			}
			looks++
			for _, s := range nodes {
				text := s.Env[topology.AgentConfigEnv] + strings.Join(s.Cmd, " ") +
					string(s.Files[topology.ConfigFile]) + s.Env["PRIMARY_PORT"]
				if by := strings.Contains(text, fmt.Sprint(p.Port)); by != (s.Service == topology.ServiceAutomation) {
					t.Errorf("%s: %s goes by %s: %t", name, s.Name(), p.Name, by)
				}
			}
		}
		if want := map[bool]int{true: 0, false: 2}[top.Automation.Off]; looks != want {
			t.Errorf("%s: the automation looks by %d links, want %d", name, looks, want)
		}
	}
}

// Each region's responder has the processor to itself as much as its app has, and nothing that anybody else would write
// to, read or wait for.
func TestEachRegionHasAResponder(t *testing.T) {
	for name, top := range topologytest.All(t) {
		lab := planned(top)
		nodes := nodesOf(t, lab)
		for _, r := range top.Regions {
			s, app := nodes["responder."+r.Name], nodes["app-1."+r.Name]
			if s.Yields || s.Yields != app.Yields || !slices.Equal(s.Networks, app.Networks) ||
				!slices.Equal(s.Cmd, []string{"responder"}) ||
				len(s.Volumes)+len(s.Disks)+len(s.Files)+len(s.Publish) > 0 {
				t.Errorf("%s: %+v", name, s)
			}
			if !slices.ContainsFunc(lab.Paths, func(p topology.Path) bool {
				return p.From == topology.Tap &&
					p.Node == s.Name()
			}) {
				t.Errorf("%s: nobody can ask %s", name, s.Name())
			}
		}
	}
}

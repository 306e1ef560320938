package plan

import (
	"slices"
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestPlanGivesEveryPathAPortOfItsOwn(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	all := Paths(two)
	ports, names := map[int]bool{}, map[string]bool{}
	for _, s := range all {
		if ports[s.Port] || names[s.Name] {
			t.Errorf("%s on port %d is there twice", s.Name, s.Port)
		}
		ports[s.Port], names[s.Name] = true, true
		if s.From == s.To {
			t.Errorf("%s leads nowhere", s.Name)
		}
	}
	for _, want := range []string{
		"us-west-2_us-east-1_postgres", "us-east-1_us-west-2_s3", "clients_us-east-1_app", "global_us-west-2_app",
		"us-west-2_global_nameservice", "automation_us-east-1_app", "automation_us-east-1_postgres",
		"tap_app-1.us-east-1", "tap_automation.us-west-2", "tap_nameservice.global",
	} {
		if !names[want] {
			t.Errorf("there is no path %s", want)
		}
	}
	shop := App{Image: "shop", Port: 9000, Health: "/up", Direct: []topology.Service{topology.ServicePostgres}}
	before, after := New(two, App{Image: "shop", Port: 9000, Health: "/up"}).Paths, New(two, shop).Paths
	i := slices.IndexFunc(after, func(p topology.Path) bool { return p.Name == "clients_us-east-1_postgres" })
	if len(after) != len(before)+2 || i < 0 || after[i].Upstream != "postgres.us-east-1:5432" {
		t.Errorf("to clients who speak to PostgreSQL themselves lead %+v", after)
	}
	owners := map[int]string{}
	for _, p := range after {
		if other, taken := owners[p.Port]; taken {
			t.Errorf("%s and %s have port %d", p.Name, other, p.Port)
		}
		owners[p.Port] = p.Name
	}
	two.Automation.Off = true
	for _, s := range Paths(two) {
		if s.Service == topology.ServiceAutomation || s.Control {
			t.Errorf("%s leads to an automation that is off", s.Name)
		}
	}
}

// Each published port costs the engine a process, and a lab's start and end the time for that: only clients' paths need
// theirs, and in a lab that outlives who brought it up, taps.
func TestTapsArePublishedOnlyWhereOthersNeedThem(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	for _, kept := range []bool{false, true} {
		p := New(top, App{})
		p.TapPorts = kept
		hub, err := p.Hub()
		if err != nil {
			t.Fatal(err)
		}
		published, taps := len(hub.Publish), 0
		for _, path := range p.Carried() {
			if path.From == topology.Tap {
				taps++
			}
		}
		if want := map[bool]int{false: 0, true: len(Places(top))}[kept]; taps != want {
			t.Errorf("kept: %t: the hub carries %d taps, want %d", kept, taps, want)
		}
		if want := 1 + len(top.Regions) + taps; published != want {
			t.Errorf("kept: %t: it publishes %v, want %d", kept, hub.Publish, want)
		}
	}
}

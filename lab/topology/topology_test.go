package topology

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPresetsAreValid(t *testing.T) {
	want := []string{"two-regions", "two-regions-backup", "two-regions-sync"}
	if diff := cmp.Diff(want, PresetNames()); diff != "" {
		t.Fatalf("preset names (-want +got):\n%s", diff)
	}
	for _, name := range PresetNames() {
		p, ok := Preset(name)
		if !ok || p.Name != name {
			t.Errorf("Preset(%q) = %q, %t", name, p.Name, ok)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("preset %s: %v", name, err)
		}
		if err := p.Scaled(360).Validate(); err != nil {
			t.Errorf("preset %s, scaled: %v", name, err)
		}
	}
	if _, ok := Preset("three-regions"); ok {
		t.Error("there is a preset three-regions")
	}
}

func TestPresetsAreCopies(t *testing.T) {
	first, _ := Preset("two-regions")
	first.Regions[0].Name = "changed"
	if second, _ := Preset("two-regions"); second.Regions[0].Name != "us-east-1" {
		t.Errorf("a caller changed the preset: home is %q", second.Regions[0].Name)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Topology)
		want   []string
	}{
		{"nothing set", func(p *Topology) { *p = Topology{} }, []string{
			`topology strategy: "" is not known: use backup-restore or warm-standby`,
			`topology regions: a lab has exactly two regions, home and standby, for now; 0 given (three are not supported yet)`,
			`topology commit: "" is not known: use local or remote`,
			`topology replication.objects: "" is not known: use continuous or backup`,
			`topology replication.items: "" is not known: use continuous or backup`,
			`topology routing.check.interval: 0s: must be more than 0`,
			`topology routing.check.threshold: 0 answers in a row: must be 1 to 10`,
			`topology automation.check.interval: 0s: must be more than 0`,
			`topology automation.check.threshold: 0 answers in a row: must be 1 to 10`,
			`topology automation.step_timeout: 0s: must be more than 0`,
		}},
		{"three regions", func(p *Topology) { p.Regions = append(p.Regions, Region{Name: "eu-west-1", AppNodes: 1}) }, []string{
			`topology regions: a lab has exactly two regions, home and standby, for now; 3 given (three are not supported yet)`,
		}},
		{"twins", func(p *Topology) { p.Regions[1].Name = "us-east-1" }, []string{
			`topology regions[1].name: "us-east-1" is there twice: a region needs a name of its own`,
		}},
		{"bad names", func(p *Topology) { p.Name, p.Regions[0].Name, p.Regions[1].Name = "Lab", "us_east", "global" }, []string{
			`topology name: "Lab" is no name: use a-z, 0-9 and -, beginning with a letter and not ending with -`,
			`topology regions[0].name: "us_east" is no name: use a-z, 0-9 and -, beginning with a letter and not ending with -`,
			`topology regions[1].name: "global" is taken: it is where the lab puts what lives in no region`,
		}},
		{"long name", func(p *Topology) { p.Regions[0].Name = strings.Repeat("a", 33) }, []string{
			`topology regions[0].name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has more than 32 characters`,
		}},
		{"app nodes", func(p *Topology) { p.Regions[0].AppNodes, p.Regions[1].AppNodes = 0, 9 }, []string{
			`topology regions[0].app_nodes: 0 app nodes: must be 1 to 8`,
			`topology regions[1].app_nodes: 9 app nodes: must be 1 to 8`,
		}},
		{"app capacity", func(p *Topology) { p.Regions[0].AppCapacity, p.Regions[1].AppCapacity = -1, 10_001 }, []string{
			`topology regions[0].app_capacity: -1 requests a second: must be 1 to 10000, or 0 for no limit`,
			`topology regions[1].app_capacity: 10001 requests a second: must be 1 to 10000, or 0 for no limit`,
		}},
		{"remote commit to a backup", func(p *Topology) { p.Strategy, p.Postgres.Commit = BackupRestore, CommitRemote }, []string{
			`topology commit: remote needs a replica in the other region, which strategy backup-restore has not: use warm-standby`,
		}},
		{"backups with a standby", func(p *Topology) { p.Objects.Mode, p.Items.Mode = OnBackup, OnBackup }, []string{
			`topology replication.objects: backup needs the backup job, which only strategy backup-restore has`,
			`topology replication.items: backup needs the backup job, which only strategy backup-restore has`,
		}},
		{"backups with remote commit", func(p *Topology) { p.Postgres.Commit, p.Objects.Mode = CommitRemote, OnBackup }, []string{
			`topology replication.objects: backup needs the backup job, which only strategy backup-restore has`,
			`topology replication.objects: backup can't go with commit remote, which promises every write in the other region`,
		}},
		{"negative times", func(p *Topology) { p.Routing.TTL, p.Automation.Decide, p.Latency = -1, -2, -3 }, []string{
			`topology routing.ttl: -1ns: must not be negative`,
			`topology automation.decide: -2ns: must not be negative`,
			`topology latency: -3ns: must not be negative`,
		}},
		{"a link that never answers", func(p *Topology) { p.Latency = time.Minute }, []string{
			`topology latency: 1m0s is more than 5s: to cut regions off from each other, inject a partition`,
		}},
		{"automation off needs no settings", func(p *Topology) { p.Automation = Automation{Off: true} }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, _ := Preset("two-regions")
			test.change(&p)
			err := p.Validate()
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("complaints (-want +got):\n%s", diff)
			}
			if e := (*FieldError)(nil); err != nil && !errors.As(err, &e) {
				t.Errorf("%v is no *FieldError", err)
			}
		})
	}
}

func TestScaledDividesTheScheduleOnly(t *testing.T) {
	p, _ := Preset("two-regions")
	p.Automation.Decide = time.Hour
	p.Latency = 10 * time.Millisecond
	got := p.Scaled(60)
	want := p
	want.Routing = Routing{TTL: time.Second, Check: HealthCheck{Interval: 500 * time.Millisecond, Threshold: 3}}
	want.Automation.Check.Interval = 500 * time.Millisecond
	want.Automation.Decide = time.Minute
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scaled (-want +got):\n%s", diff)
	}
}

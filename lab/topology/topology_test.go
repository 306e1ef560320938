package topology

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPresetsAreValid(t *testing.T) {
	want := []string{
		"active-active", "backup-restore", "hot-standby", "pilot-light", "three-regions", "three-regions-cascading",
		"two-regions",
		"two-regions-sync", "warm-standby",
	}
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
	if _, ok := Preset("four-regions"); ok {
		t.Error("there is a preset four-regions")
	}
}

func TestConfigurationOfAService(t *testing.T) {
	here, there := Endpoint{Region: "west", Address: "postgres.west:5432"},
		Endpoint{Region: "east", Address: "hub:20001"}
	c := Config{
		Revision: 2, Region: "west", Postgres: here, Redis: here,
		Services: map[string]Section{"lookup": {"postgres": there, "colour": there}},
	}
	own, sources := c.For("lookup")
	if own.Postgres != there || own.Redis != here || sources["postgres"] != "lookup" ||
		sources["redis"] != SourceRegion || len(sources) != 4 {
		t.Errorf("lookup has %+v from %v", own, sources)
	}
	if again, _ := own.For("lookup"); again.Postgres != there {
		t.Errorf("taken twice, it is %+v", again)
	}
	if own, sources := c.For("audit"); own.Postgres != here || sources["postgres"] != SourceRegion {
		t.Errorf("audit has %+v from %v", own, sources)
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
		{"services that can't be", func(p *Topology) {
			p.Services = []string{"lookup", "postgres", "lookup", "Audit", "app-2", "region"}
			p.Overrides = []Override{
				{In: "us-west-2", Service: "lookup", Key: "postgres", To: "us-east-1"},
				{In: "us-west-2", Service: "lookup", Key: "local_postgres", To: "us-east-1"},
				{In: "mars", Service: "mail", Key: "password", To: "us-east-1"},
			}
		}, []string{
			`topology services[1]: "postgres" is taken: the lab's own service has that name`,
			`topology services[2]: "lookup" is there twice`,
			`topology services[3]: "Audit" is no name: use a-z, 0-9 and -, beginning with a letter and not ending with -`,
			`topology services[4]: "app-2" is taken: so are nodes called of which there are several`,
			`topology services[5]: "region" is taken: so is called what is for all of a region`,
			`topology overrides[1].key: local_postgres is not read from: reads is neither local nor session`,
			`topology overrides[2].in: "mars" is no region of the topology`,
			`topology overrides[2].service: "mail" is none of the services: lookup, postgres, lookup, Audit, app-2, region`,
			`topology overrides[2].key: "password" is not known: use postgres, redis, s3, dynamodb, local_postgres`,
		}},
		{"nothing set", func(p *Topology) { *p = Topology{} }, []string{
			`topology strategy: "" is not known: use backup-restore or pilot-light or warm-standby or hot-standby or active-active`,
			`topology regions: a lab has two or three regions: home, standby and perhaps one more (got 0)`,
			`topology commit: "" is not known: use local or remote`,
			`topology replication.objects: "" is not known: use continuous or backup`,
			`topology replication.items: "" is not known: use continuous or backup`,
			`topology routing.check.interval: 0s: must be more than 0`,
			`topology routing.check.threshold: 0 answers in a row: must be 1 to 10`,
			`topology automation.check.interval: 0s: must be more than 0`,
			`topology automation.check.threshold: 0 answers in a row: must be 1 to 10`,
			`topology automation.step_timeout: 0s: must be more than 0`,
		}},
		{"one region", func(p *Topology) { p.Regions = p.Regions[:1] }, []string{
			`topology regions: a lab has two or three regions: home, standby and perhaps one more (got 1)`,
		}},
		{"four regions", func(p *Topology) { p.Regions = slices.Concat(p.Regions, third("eu"), third("ap")) }, []string{
			`topology regions: a lab has two or three regions: home, standby and perhaps one more (got 4)`,
		}},
		{"three regions from a backup", func(p *Topology) {
			p.Strategy, p.Regions = BackupRestore,
				append(p.Regions, third("eu")...)
		}, []string{
			`topology regions: strategy backup-restore has two regions, for now: the backup job knows one target (got 3)`,
		}},
		{"who follows whom", func(p *Topology) {
			p.Regions = append(p.Regions, third("eu")...)
			p.Regions[0].Follows, p.Regions[1].Follows, p.Regions[2].Follows = "eu", "us-west-2", "us-wst-2"
		}, []string{
			`topology regions[0].follows: home follows nobody: its primaries are what the others follow`,
			`topology regions[1].follows: us-west-2 follows itself`,
			`topology regions[2].follows: "us-wst-2" is no region of the topology`,
		}},
		{"a circle", func(p *Topology) {
			p.Regions = append(p.Regions, third("eu")...)
			p.Regions[1].Follows, p.Regions[2].Follows = "eu", "us-west-2"
		}, []string{
			`topology regions[1].follows: us-west-2 follows eu, which follows it: nobody in the circle streams from home`,
			`topology regions[2].follows: eu follows us-west-2, which follows it: nobody in the circle streams from home`,
		}},
		{"a shift without anything", func(p *Topology) { p.Automation.Shift.Hold = time.Second }, []string{
			`topology automation.shift: clients are shifted by weights between two regions: use routing.policy weighted, and two regions`,
			`topology automation.shift.share: how many of the clients are moved at a time: must be 1% to 100%, in whole percents`,
			`topology automation.shift.success: how much must be answered well before more clients are moved: must be more than 0% and at most 100%`,
			`topology automation.shift.p99: 0s: the app counts its answers by whether they take 5ms, 10ms, 25ms, 50ms, 75ms, 100ms, 250ms, 500ms, 750ms, 1s, 2.5s, 5s, 7.5s, 10s: use one of these`,
		}},
		{"a shift", func(p *Topology) {
			p.Routing.Policy, p.Regions[0].Weight = Weighted, 1
			p.Automation.Shift = Shift{Share: 0.01, Hold: time.Minute, Success: 1, P99: time.Second}
		}, nil},
		{
			"a chain", func(p *Topology) { p.Regions = append(p.Regions, third("eu")...); p.Regions[1].Follows = "eu" },
			nil,
		},
		{"home and standby by name", func(p *Topology) { p.Regions[1].Follows = "us-east-1" }, nil},
		{
			"nobody to serve S3", func(p *Topology) { p.AWS = "localstak" },
			[]string{`topology aws: "localstak" is not known: use auto or localstack or packages`},
		},
		{"remote commit to a chain", func(p *Topology) {
			p.Regions = append(p.Regions, third("eu")...)
			p.Regions[1].Follows, p.Postgres.Commit = "eu", CommitRemote
		}, []string{
			`topology regions[1].follows: with commit remote the standby must follow home itself, which waits for no other`,
		}},
		{
			"a backup that follows", func(p *Topology) {
				p.Strategy, p.Regions[1].Follows = BackupRestore,
					"us-east-1"
			},
			[]string{
				`topology regions[1].follows: nothing streams with strategy backup-restore: its database is built from a backup`,
			},
		},
		{"pairs", func(p *Topology) {
			p.Latencies = []PairLatency{
				{Between: [2]string{"us-east-1", "us-west-2"}, Latency: time.Millisecond},
				{Between: [2]string{"us-west-2", "us-east-1"}, Latency: time.Minute},
				{Between: [2]string{"us-east-1", "us-east-1"}, Latency: -1},
				{Between: [2]string{"us-east-1", "eu"}, Latency: time.Microsecond},
				{},
			}
		}, []string{
			`topology latencies[1].between: us-east-1 and us-west-2 are there twice: a pair has one latency, the same both ways`,
			`topology latencies[1].latency: 1m0s is more than 5s: to cut regions off from each other, inject a partition`,
			`topology latencies[2].between: "us-east-1" twice: a link has two ends`,
			`topology latencies[2].latency: -1ns: must not be negative`,
			`topology latencies[3].between[1]: "eu" is no region of the topology`,
			`topology latencies[3].latency: 1µs: whole milliseconds only`,
			`topology latencies[4].between[0]: "" is no region of the topology`,
			`topology latencies[4].between[1]: "" is no region of the topology`,
		}},
		{"unknown policy", func(p *Topology) { p.Routing.Policy = "nearest" }, []string{
			`topology routing.policy: "nearest" is not known: use failover or multivalue or weighted or geolocation`,
		}},
		{"active-active to one region", func(p *Topology) { p.Strategy = ActiveActive }, []string{
			`topology routing.policy: active-active sends clients to every region: use multivalue, weighted or geolocation`,
		}},
		{
			"clients to a region that waits", func(p *Topology) {
				p.Strategy, p.Routing.Policy = PilotLight,
					Multivalue
			},
			[]string{
				`topology routing.policy: multivalue sends clients to every region, which only strategy active-active wants`,
			},
		},
		{
			"a hot standby that is too small", func(p *Topology) { p.Strategy, p.Regions[0].AppNodes = HotStandby, 2 },
			[]string{
				`topology regions[1].app_nodes: 1 app nodes, and home has 2: a hot standby has as many; with fewer it is a warm-standby`,
			},
		},
		{"twins", func(p *Topology) { p.Regions[1].Name = "us-east-1" }, []string{
			`topology regions[1].name: "us-east-1" is there twice: a region needs a name of its own`,
		}},
		{
			"bad names", func(p *Topology) {
				p.Name, p.Regions[0].Name, p.Regions[1].Name = "Lab", "us_east",
					"global"
			},
			[]string{
				`topology name: "Lab" is no name: use a-z, 0-9 and -, beginning with a letter and not ending with -`,
				`topology regions[0].name: "us_east" is no name: use a-z, 0-9 and -, beginning with a letter and not ending with -`,
				`topology regions[1].name: "global" is taken: it is where the lab puts what lives in no region`,
			},
		},
		{"long name", func(p *Topology) { p.Regions[0].Name = strings.Repeat("a", 33) }, []string{
			`topology regions[0].name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" has more than 32 characters`,
		}},
		{"app nodes", func(p *Topology) { p.Regions[0].AppNodes, p.Regions[1].AppNodes = 0, 9 }, []string{
			`topology regions[0].app_nodes: 0 app nodes: must be 1 to 8`,
			`topology regions[1].app_nodes: 9 app nodes: must be 1 to 8`,
		}},
		{"apps that nobody starts", func(p *Topology) {
			p.Regions[1].AppNodes, p.Regions[1].AtStart, p.Automation.Off = 4, 2, true
		}, []string{
			`topology regions[1].at_start: nobody would start the other app nodes: the automation that does is off`,
		}},
		{"a hot standby that is not", func(p *Topology) {
			p.Strategy, p.Regions[1].AppNodes, p.Regions[1].AtStart = HotStandby, 4, 2
		}, []string{
			`topology regions[1].at_start: only a warm-standby begins with fewer app nodes than it will have; this is a hot-standby`,
		}},
		{"weights of nothing", func(p *Topology) { p.Regions[1].Weight = 10 }, []string{
			`topology regions[1].weight: a weight counts with routing.policy weighted only`,
		}},
		{"no weights", func(p *Topology) { p.Routing.Policy = Weighted }, []string{
			`topology routing.policy: weighted needs weights: give regions one, such as {name: us-east-1, weight: 90}`,
		}},
		{"bad weights", func(p *Topology) {
			p.Routing.Policy, p.Regions[0].Weight, p.Regions[1].Weight = Weighted, 256, -1
		}, []string{
			`topology regions[0].weight: 256: must be 0 to 255`,
			`topology regions[1].weight: -1: must be 0 to 255`,
		}},
		{"apps at the start", func(p *Topology) { p.Regions[0].AtStart, p.Regions[1].AtStart = 1, 2 }, []string{
			`topology regions[0].at_start: nobody would start the others: only the standby, which a failover starts them in, can have fewer at the start`,
			`topology regions[1].at_start: 2 of 1 app nodes at the start: must be 1 to 1, or 0 for all`,
		}},
		{"work", func(p *Topology) { p.App = Work{Workers: 0, ServiceTime: time.Millisecond, Queue: -1} }, []string{
			`topology app.workers: 0: must be 1 to 64; without limit, leave app out`,
			`topology app.service_time: 1ms of a worker's time for a request: must be 10ms to 10s`,
			`topology app.queue: -1 waiting requests: must be 0 to 10000`,
		}},
		{
			"remote commit to a backup", func(p *Topology) {
				p.Strategy, p.Postgres.Commit = BackupRestore,
					CommitRemote
			},
			[]string{
				`topology commit: remote needs a replica in the other region, which strategy backup-restore has not: use warm-standby`,
			},
		},
		{"backups with a standby", func(p *Topology) { p.Objects.Mode, p.Items.Mode = OnBackup, OnBackup }, []string{
			`topology replication.objects: backup needs the backup job, which only strategy backup-restore has`,
			`topology replication.items: backup needs the backup job, which only strategy backup-restore has`,
		}},
		{
			"backups with remote commit", func(p *Topology) {
				p.Postgres.Commit, p.Objects.Mode = CommitRemote,
					OnBackup
			},
			[]string{
				`topology replication.objects: backup needs the backup job, which only strategy backup-restore has`,
				`topology replication.objects: backup can't go with commit remote, which promises every write in the other region`,
			},
		},
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

func third(name string) []Region { return []Region{{Name: name, AppNodes: 1}} }

func TestPlacesOfThreeRegions(t *testing.T) {
	star, _ := Preset("three-regions")
	chain, _ := Preset("three-regions-cascading")
	const us, eu, ap = "us-east-1", "eu-west-1", "ap-southeast-1"
	for region, want := range map[string][3]string{
		us: {"", "", "region_1"}, eu: {us, us, "region_2"},
		ap: {us, eu, "region_3"},
	} {
		if got := [3]string{star.Source(region), chain.Source(region), star.Slot(region)}; got != want {
			t.Errorf("%s: source in a star, source in a chain and slot are %v, want %v", region, got, want)
		}
	}
	star.Latency = 3 * time.Millisecond
	star.Latencies = star.Latencies[:2]
	for pair, want := range map[[2]string]time.Duration{
		{us, eu}: 40, {eu, us}: 40, {us, ap}: 75, {ap, us}: 75,
		{eu, ap}: 3, {ap, eu}: 3,
	} {
		if got := star.LatencyBetween(pair[0], pair[1]); got != want*time.Millisecond {
			t.Errorf("between %v are %s, want %dms", pair, got, want)
		}
	}
}

func TestOnlyAPilotLightStartsWithoutTheApp(t *testing.T) {
	for _, name := range PresetNames() {
		p, _ := Preset(name)
		for i, r := range p.Regions {
			want := r.AppNodes
			if name == "pilot-light" && i > 0 {
				want = 0
			}
			if got := p.AppsAtStart(r); got != want || r.AppNodes < 1 {
				t.Errorf("%s: %d of %d app nodes run in %s, want %d", name, got, r.AppNodes, r.Name, want)
			}
		}
	}
}

// Whoever follows whom, a topology that is valid has every region stream from home in the end, and one that is not says
// why.
func TestValidTopologiesStreamFromHome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := Preset("three-regions")
		names := []string{"", p.Regions[0].Name, p.Regions[1].Name, p.Regions[2].Name, "nowhere"}
		for i := range p.Regions {
			p.Regions[i].Follows = rapid.SampledFrom(names).Draw(t, "follows")
		}
		reaches := p.Regions[0].Follows == ""
		for _, r := range p.Regions[1:] {
			at, seen := r.Name, 0
			for at != p.Home().Name && at != "nowhere" && seen <= len(p.Regions) {
				at, seen = p.Source(at), seen+1
			}
			reaches = reaches && at == p.Home().Name
		}
		if err := p.Validate(); (err == nil) != reaches {
			t.Fatalf("%+v: all reach home: %t; said: %v", p.Regions, reaches, err)
		}
	})
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

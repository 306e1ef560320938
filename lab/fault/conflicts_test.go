package fault

import (
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestConflicts(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	three := two
	three.Regions = append(append([]topology.Region{}, two.Regions...), topology.Region{Name: "eu-west-1", AppNodes: 1})
	there := Links{From: west, To: east}
	of := func(service string) Links { return Links{From: west, To: east, Service: service} }
	door := Links{From: topology.Clients, To: east, Service: "app"}
	pg := func(what string) Spec {
		return &PauseReplication{Replicated: Replicated{Store: "postgres", Region: west}, What: what}
	}
	objects := func(prefix string) Replicated { return Replicated{Store: "objects", Region: west, Prefix: prefix} }
	lag := func(r Replicated, by time.Duration) Spec { return &LagReplication{Replicated: r, Lag: by} }
	node := func(name string) Nodes { return Nodes{Node: name} }
	const second = time.Second

	for name, c := range map[string]struct {
		a, b   Spec
		in     topology.Topology
		reason string // empty: they go together
	}{
		"a paused replication behind a blackhole": {
			&Blackhole{of("postgres")}, pg(""), two,
			"us-west-2_us-east-1_postgres, on which it comes, does not carry",
		},
		"a blackhole before a paused replication": {pg(""), &Blackhole{of("postgres")}, two, ""},
		"a paused receipt behind a partition": {
			&Partition{Between: []string{east, west}}, pg("receipt"), two,
			"on which it comes",
		},
		"a paused replication behind a slow way": {&Latency{
			Links: there, Delay: 500 * ms,
			Direction: "downstream",
		}, pg(""), two, "on which it comes"},
		"where only questions are slow": {&Latency{
			Links: there, Delay: 600 * ms,
			Direction: "upstream",
		}, pg(""), two, ""},
		"a slow way for a paused replication": {
			pg(""),
			&Latency{Links: there, Delay: 600 * ms, Direction: "downstream"}, two, "",
		},
		"objects behind a slow way": {&Latency{
			Links: there, Delay: 600 * ms,
			Direction: "downstream",
		}, &PauseReplication{Replicated: objects("")}, two, ""},
		"objects behind a cut of the log": {
			&Refuse{of("postgres")},
			&PauseReplication{Replicated: objects("")}, two, "",
		},
		"objects behind a cut of objects": {
			&Refuse{of("s3")}, &PauseReplication{Replicated: objects("")},
			two, "us-west-2_us-east-1_s3",
		},
		"objects behind a cut the other way": {
			&Refuse{Links{From: east, To: west}},
			&PauseReplication{Replicated: objects("")}, two, "",
		},
		"a log that may come from elsewhere": {&Partition{Between: []string{east, west}}, pg(""), three, ""},
		"latency on a link that is cut": {
			&Refuse{there}, &Latency{Links: of("redis"), Delay: 80 * ms},
			two, "us-west-2_us-east-1_redis does not carry",
		},
		"latency on links of which one is cut": {
			&Refuse{of("redis")}, &Latency{Links: there, Delay: 80 * ms},
			two, "",
		},
		"a cut of a slow link": {
			&Latency{Links: there, Delay: 80 * ms}, &Refuse{there}, two,
			"",
		},
		"a cut of a link that is slower than patience": {
			&Latency{Links: there, Delay: 600 * ms}, &Refuse{there}, two,
			"none of the 8 links carries",
		},
		"the same in one direction": {&Latency{
			Links: there, Delay: 600 * ms,
			Direction: "upstream",
		}, &Refuse{there}, two, ""},
		"more latency on such a link": {
			&Latency{Links: there, Delay: 600 * ms},
			&Latency{Links: there, Delay: 80 * ms}, two, "",
		},
		"a link cut twice": {
			&Partition{Links: of("redis")}, &Refuse{of("redis")}, two,
			"does not carry",
		},
		"a link cut, and all": {
			&Partition{Links: of("redis")},
			&Partition{Between: []string{east, west}}, two, "",
		},
		"a stall behind a flapping link": {
			&Flapping{Links: of("redis"), On: second, Off: second},
			&Stall{of("redis")}, two, "does not carry as it should",
		},
		"a link to a node that is down": {
			&Kill{Nodes{Service: "redis"}}, &Reset{of("redis")}, two,
			"does not carry",
		},
		"a link to the only node of the app": {
			&Kill{node("app-1.us-east-1")}, &Reset{of("app")}, two,
			"none of the 2 links carries",
		},
		"a link whose witness is down": {
			&Kill{node("replicator.us-west-2")}, &Reset{of("redis")}, two,
			"replicator.us-west-2, which would have to ask",
		},
		"a way back whose witness is down": {
			&Kill{node("replicator.us-east-1")}, &Partition{Links: there},
			two, "replicator.us-east-1, which would have to ask",
		},
		"a link to a region that is lost": {
			&LoseRegion{Region: east},
			&Latency{Links: there, Delay: 80 * ms}, two, "none of the 8 links carries",
		},
		"what is left when a region is lost": {
			&LoseRegion{Region: east}, &Pause{Nodes{Region: west}}, two,
			"",
		},
		"a region lost twice": {
			&LoseRegion{Region: east}, &LoseRegion{Region: east}, two,
			"no node of us-east-1 runs",
		},
		"both regions": {
			&LoseRegion{Region: east}, &LoseRegion{Region: west}, two,
			"",
		},
		// its responder runs on until then
		"a region that hangs, and is lost": {
			&Pause{Nodes{Region: east}}, &LoseRegion{Region: east}, two,
			"",
		},
		"a region whose clients are cut off": {&Refuse{door}, &LoseRegion{Region: east}, two, ""},
		"a region whose clients are cut off for a beat": {
			&Flapping{Links: door, On: second, Off: second},
			&LoseRegion{Region: east}, two, "now and then",
		},
		"a partition, and then a region": {
			&Partition{Between: []string{east, west}},
			&LoseRegion{Region: east}, two, "",
		},
		"a node killed twice": {
			&Kill{node("redis.us-east-1")},
			&Pause{Nodes{Service: "redis"}}, two, "redis.us-east-1 does not run",
		},
		"the primary, wherever it is": {
			&Kill{Nodes{Service: "postgres", Role: "primary"}},
			&Kill{Nodes{Service: "postgres", Role: "primary"}}, two, "",
		},
		"a node that was restarted": {
			&Restart{Nodes: node("redis.us-east-1")},
			&Kill{node("redis.us-east-1")}, two, "",
		},
		"a disk of a node that is down": {
			&Kill{node("postgres.us-east-1")},
			&FillDisk{node("postgres.us-east-1")}, two, "does not run",
		},
		"a disk that is damaged twice": {
			&FillDisk{node("postgres.us-east-1")},
			&ReadOnlyDisk{Nodes{Service: "postgres", Region: east}}, two, "takes no writes",
		},
		"two disks": {
			&FillDisk{node("postgres.us-east-1")},
			&ReadOnlyDisk{node("postgres.us-west-2")}, two, "",
		},
		"a squeeze of a region that is lost": {
			&LoseRegion{Region: west}, &Squeeze{Region: west, To: 20},
			two, "app-1.us-west-2 does not run",
		},
		"a squeeze to as much": {
			&Squeeze{Region: west, To: 20},
			&Squeeze{Region: west, To: 20}, two, "hardly more capacity",
		},
		"a squeeze to a little less": {
			&Squeeze{Region: west, To: 20},
			&Squeeze{Region: west, To: 15}, two, "hardly more capacity",
		},
		"a squeeze to half": {
			&Squeeze{Region: west, To: 20},
			&Squeeze{Region: west, To: 10}, two, "",
		},
		"a drop of what is dropped already": {
			&DropRecords{"score", "03", 0.05, ""}, &DropRecords{"score", "03", 0.01, east}, two, "one share in a stage",
		},
		"drops in two stages": {&DropRecords{"score", "03", 0.05, ""}, &DropRecords{"clean", "03", 0.05, ""}, two, ""},
		"a drop by nobody": {
			&Kill{node("app-1.us-east-1")}, &DropRecords{"score", "03", 0.05, ""}, two, "app-1.us-east-1 does not run",
		},
		"an object that is corrupt already": {
			&CorruptObject{Object: "a"}, &CorruptObject{Object: "a", Region: east}, two, "the bit would be turned back",
		},
		"two corrupt objects": {&CorruptObject{Object: "a"}, &CorruptObject{Object: "b"}, two, ""},
		"an object nobody serves": {
			&Pause{Nodes{Service: "s3", Region: east}}, &CorruptObject{Object: "a"}, two, "s3.us-east-1 does not run",
		},
		"two configurations": {
			&FreezeConfig{Configured{west}},
			&DelayConfig{Configured{west}, second}, two, "one wrong configuration at a time",
		},
		"configurations of two regions": {
			&FreezeConfig{Configured{west}},
			&DelayConfig{Configured{east}, second}, two, "",
		},
		"a configuration that nobody delivers": {
			&Kill{node("replicator.us-west-2")},
			&RollBackConfig{Configured{west}}, two, "replicator.us-west-2 does not run",
		},
		"a configuration that nobody reads": {
			&Kill{Nodes{Service: "app", Region: west}},
			&FreezeConfig{Configured{west}}, two, "no app node of us-west-2 runs",
		},
		"a configuration that can't be published": {&Refuse{Links{
			From: west, To: topology.Global,
			Service: "repository",
		}}, &FreezeConfig{Configured{west}}, two, "repository does not carry"},
		"a step twice": {
			&FailStep{Step{"fence"}, 1}, &HangStep{Step{"fence"}}, two,
			"one fault at a time",
		},
		"two steps": {
			&FailStep{Step{"fence"}, 1}, &HangStep{Step{"promote"}}, two,
			"",
		},
		"a step of an automation that is down": {
			&LoseRegion{Region: west}, &HangStep{Step{"fence"}}, two,
			"automation.us-west-2 does not run",
		},
		"control that is cut already": {&Refuse{Links{
			From: topology.Global, To: east,
			Service: "app",
		}}, &CutControl{Region: east, Of: ofNameservice}, two, "global_us-east-1_app does not carry"},
		"control that is cut twice": {
			&CutControl{Region: east, Of: ofNameservice},
			&CutControl{Region: east, Of: ofNameservice}, two, "does not carry",
		},
		"control of two": {
			&CutControl{Region: east, Of: ofNameservice},
			&CutControl{Region: east, Of: ofAutomation}, two, "",
		},
		"looks over links that are cut": {
			&Partition{Links: there},
			&CutControl{Region: east, Of: ofAutomation}, two, "none of the 2 links",
		},
		"looks of an automation that is down": {
			&Kill{node("automation.us-west-2")},
			&CutControl{Region: east, Of: ofAutomation}, two, "automation.us-west-2 does not run",
		},
		"control by a name service that is down": {
			&Pause{node("nameservice.global")},
			&CutControl{Region: east, Of: ofNameservice}, two, "nameservice.global does not run",
		},

		"a replication paused twice": {pg(""), pg("replay"), two, "nothing arrives"},
		"a replay and a receipt":     {pg(""), pg("receipt"), two, "nothing arrives"},
		"a receipt and a replay": {
			pg("receipt"), lag(Replicated{Store: "postgres", Region: west}, second),
			two, "nothing arrives",
		},
		"a log that lags, and less arrives": {pg(""), &ThrottleReplication{Replicated: Replicated{
			Store:  "postgres",
			Region: west,
		}, Rate: 100_000}, two, ""},
		"a replica with two lags": {
			lag(Replicated{Store: "postgres", Region: west}, second),
			lag(Replicated{Store: "postgres", Region: west}, 10*second), two, "one lag at a time",
		},
		"objects that lag, and more": {lag(objects(""), 2*second), lag(objects("hot/"), 10*second), two, ""},
		"objects that lag, and a little more": {
			lag(objects(""), 2*second), lag(objects("hot/"), 3*second), two,
			"late then",
		},
		"objects that lag, and are paused": {
			lag(objects(""), 2*second), &PauseReplication{Replicated: objects("")},
			two, "late then",
		},
		"objects, and some of them": {
			&PauseReplication{Replicated: objects("")},
			&PauseReplication{Replicated: objects("hot/")}, two, "nothing arrives",
		},
		"some objects, and all": {
			&PauseReplication{Replicated: objects("hot/")},
			&PauseReplication{Replicated: objects("")}, two, "",
		},
		"objects and items": {
			&PauseReplication{Replicated: objects("")},
			&PauseReplication{Replicated: Replicated{Store: "items", Region: west}}, two, "",
		},
		"two rates": {
			&ThrottleReplication{Replicated: objects(""), Rate: 20_000},
			&ThrottleReplication{Replicated: objects(""), Rate: 5000}, two, "",
		},
		"two rates that are alike": {
			&ThrottleReplication{Replicated: objects(""), Rate: 20_000},
			&ThrottleReplication{Replicated: objects(""), Rate: 15_000}, two, "no more arrives",
		},
		"a replicator that is down": {
			&Kill{node("replicator.us-west-2")},
			&PauseReplication{Replicated: objects("")}, two, "replicator.us-west-2 does not run",
		},
		"a source that is down": {
			&LoseRegion{Region: east}, &PauseReplication{Replicated: objects("")},
			two, "s3.us-east-1 does not run",
		},
		"a log whose only source is down": {&LoseRegion{Region: east}, pg(""), two, "no other database runs"},
		"a log whose sources are not all": {&LoseRegion{Region: east}, pg(""), three, ""},

		"a narrow link, and narrower": {
			&Bandwidth{Links: there, Rate: 400_000},
			&Bandwidth{Links: there, Rate: 200_000}, two, "",
		},
		"a narrow link, and hardly narrower": {
			&Bandwidth{Links: there, Rate: 400_000},
			&Bandwidth{Links: there, Rate: 300_000}, two, "no more passes",
		},
		"narrow one way, and the other": {
			&Bandwidth{Links: there, Rate: 400_000, Direction: "upstream"},
			&Bandwidth{Links: there, Rate: 400_000, Direction: "downstream"}, two, "",
		},
		"a narrow link, and another": {
			&Bandwidth{Links: there, Rate: 400_000},
			&Bandwidth{Links: Links{From: east, To: west}, Rate: 400_000}, two, "",
		},
		"one narrow link, and all": {
			&Bandwidth{Links: of("redis"), Rate: 400_000},
			&Bandwidth{Links: there, Rate: 400_000}, two, "",
		},
		"a limit on a narrow link": {
			&Bandwidth{Links: there, Rate: 10_000},
			&ByteLimit{Links: there, Bytes: 65_536, Direction: "upstream"}, two, "no more passes",
		},
		"a narrow link that ends connections": {
			&ByteLimit{Links: there, Bytes: 65_536, Direction: "upstream"},
			&Bandwidth{Links: there, Rate: 400_000}, two, "end too early",
		},
		"two limits": {
			&ByteLimit{Links: there, Bytes: 65_536, Direction: "upstream"},
			&ByteLimit{Links: there, Bytes: 65_536, Direction: "upstream"}, two, "end too early",
		},
		"two jitters": {
			&Jitter{Links: there, UpTo: 40 * ms},
			&Jitter{Links: there, UpTo: 40 * ms}, two, "vary too much",
		},
		"a little latency with jitter": {
			&Jitter{Links: there, UpTo: 40 * ms},
			&Latency{Links: there, Delay: 80 * ms}, two, "vary too much",
		},
		"much latency with jitter": {
			&Jitter{Links: there, UpTo: 40 * ms},
			&Latency{Links: there, Delay: 450 * ms}, two, "",
		},
		"jitter with latency": {
			&Latency{Links: there, Delay: 80 * ms},
			&Jitter{Links: there, UpTo: 40 * ms}, two, "",
		},
		"a slow close with jitter": {
			&Jitter{Links: there, UpTo: 40 * ms},
			&SlowClose{Links: there, Delay: 200 * ms}, two, "vary too much",
		},
		"two latencies": {
			&Latency{Links: there, Delay: 80 * ms},
			&Latency{Links: there, Delay: 80 * ms}, two, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range []Spec{c.a, c.b} {
				if err := s.Validate(c.in); err != nil {
					t.Fatal(err)
				}
			}
			err := Conflicts(c.a, c.b, c.in)
			if (err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("got %v, want %q", err, c.reason)
			}
			if err != nil && (strings.Count(err.Error(), "\n") > 0 ||
				!strings.HasPrefix(err.Error(), c.b.Kind()+" on ") || !strings.Contains(err.Error(), c.a.Kind())) {
				t.Errorf("it is no sentence about both: %v", err)
			}
		})
	}
}

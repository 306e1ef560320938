package faults_test

import (
	"context"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// conforming is one fault of the catalogue with what proves it.
type conforming struct {
	name string
	spec fault.Spec
	// felt asks as a client would: nil when the client feels the fault, else what it saw instead. well is nil when the
	// client is served.
	felt, well func(ctx context.Context, l *lab.Lab) error
	// dies is a node that the fault is about: it dies while the fault is in force, and healing must not mind.
	dies string
}

// dead is what a client sees of a node that is down, through the hub: it is let in, and then it depends.
var dead = []probe.Symptom{probe.Closed, probe.Reset, probe.Silence}

var (
	there = fault.Links{From: west, To: east}
	redis = fault.Links{From: west, To: east, Service: "redis"}
)

// table has every fault that leaves the lab as it was.
var table = []conforming{
	{
		"partition, both ways", &fault.Partition{Between: []string{east, west}},
		sees(west, east, "postgres", probe.Refused), serves(west, east, "postgres"), "redis.us-east-1",
	},
	{
		"partition, one way", &fault.Partition{Links: there},
		both(sees(west, east, "s3", probe.Refused), serves(east, west, "s3")), serves(west, east, "s3"),
		"redis.us-east-1",
	},
	{
		"partition of one service", &fault.Partition{Links: redis},
		both(sees(west, east, "redis", probe.Refused), serves(west, east, "s3")), serves(west, east, "redis"),
		"redis.us-east-1",
	},
	{
		"blackhole", &fault.Blackhole{Links: there}, sees(west, east, "postgres", probe.NoConnection),
		serves(west, east, "postgres"), "redis.us-east-1",
	},
	{
		"stall", &fault.Stall{Links: there}, sees(west, east, "dynamodb", probe.Silence),
		serves(west, east, "dynamodb"),
		"redis.us-east-1",
	},
	{
		"refuse", &fault.Refuse{Links: fault.Links{From: topology.Clients, To: east, Service: "app"}}, shut(east),
		open(east), "app-1.us-east-1",
	},
	{
		"reset", &fault.Reset{Links: redis}, sees(west, east, "redis", probe.Reset), serves(west, east, "redis"),
		"redis.us-east-1",
	},
	{
		"latency", &fault.Latency{Links: there, Delay: 80 * time.Millisecond},
		takes(160*time.Millisecond, 190*time.Millisecond), takes(0, 60*time.Millisecond), "redis.us-east-1",
	},
	{
		"latency, one direction", &fault.Latency{Links: redis, Delay: 60 * time.Millisecond, Direction: "upstream"},
		takes(55*time.Millisecond, 100*time.Millisecond), takes(0, 30*time.Millisecond), "redis.us-east-1",
	},
	{
		"jitter", &fault.Jitter{Links: there, UpTo: 60 * time.Millisecond}, wavers(60 * time.Millisecond),
		takes(0, 60*time.Millisecond), "redis.us-east-1",
	},
	{
		"jitter, one direction", &fault.Jitter{Links: redis, UpTo: 60 * time.Millisecond, Direction: "upstream"},
		wavers(40 * time.Millisecond), takes(0, 30*time.Millisecond), "redis.us-east-1",
	},
	{
		"bandwidth", &fault.Bandwidth{Links: there, Rate: 200_000}, carries(160_000, 240_000), carries(1_000_000, 1e12),
		"redis.us-east-1",
	},
	{
		"bandwidth to PostgreSQL, downstream", &fault.Bandwidth{Links: fault.Links{
			From: west, To: east,
			Service: "postgres",
		}, Rate: 200_000, Direction: "downstream"}, serves(west, east, "postgres"),
		serves(west, east, "postgres"), "postgres.us-east-1",
	},
	{"bandwidth to objects, upstream", &fault.Bandwidth{
		Links: fault.Links{From: west, To: east, Service: "s3"},
		Rate:  200_000, Direction: "upstream",
	}, serves(west, east, "s3"), serves(west, east, "s3"), "s3.us-east-1"},
	{
		"byte limit, downstream", &fault.ByteLimit{Links: redis, Bytes: 65536, Direction: "downstream"}, ends(65536),
		serves(west, east, "redis"), "redis.us-east-1",
	},
	{"byte limit to the app, upstream", &fault.ByteLimit{
		Links: fault.Links{From: west, To: east, Service: "app"},
		Bytes: 65536, Direction: "upstream",
	}, serves(west, east, "app"), serves(west, east, "app"), "app-1.us-east-1"},
	{
		"slow close", &fault.SlowClose{Links: there, Delay: 300 * time.Millisecond},
		lingers(270*time.Millisecond, 400*time.Millisecond), lingers(0, 100*time.Millisecond), "redis.us-east-1",
	},
	{
		"flapping", &fault.Flapping{Links: redis, On: time.Second, Off: 700 * time.Millisecond},
		eventually(sees(west, east, "redis", probe.Refused)), eventually(serves(west, east, "redis")),
		"redis.us-east-1",
	},
	{
		"kill a node", &fault.Kill{Nodes: fault.Nodes{Node: "app-1.us-west-2"}}, both(shut(west), open(east)),
		open(west),
		"app-1.us-west-2",
	},
	{
		"kill the primary", &fault.Kill{Nodes: fault.Nodes{Service: "postgres", Role: "primary"}},
		at("postgres.us-east-1", dead...), at("postgres.us-east-1", probe.Fine), "postgres.us-east-1",
	},
	{
		"kill a service", &fault.Kill{Nodes: fault.Nodes{Service: "redis"}},
		both(at("redis.us-east-1", dead...), at("redis.us-west-2", dead...)),
		both(at("redis.us-east-1", probe.Fine), at("redis.us-west-2", probe.Fine)), "redis.us-west-2",
	},
	{
		"restart", &fault.Restart{Nodes: fault.Nodes{Service: "s3", Region: west}, Down: 300 * time.Millisecond},
		eventually(at("s3.us-west-2", probe.Fine)), at("s3.us-west-2", probe.Fine), "s3.us-west-2",
	},
	{
		"pause a node", &fault.Pause{Nodes: fault.Nodes{Node: "dynamodb.us-west-2"}},
		at("dynamodb.us-west-2", probe.Silence), at("dynamodb.us-west-2", probe.Fine), "",
	},
	{
		"pause a region", &fault.Pause{Nodes: fault.Nodes{Region: west}}, at("postgres.us-west-2", probe.Silence),
		both(at("postgres.us-west-2", probe.Fine), open(west)), "app-1.us-west-2",
	},
	{
		"fill the disk", &fault.FillDisk{Nodes: fault.Nodes{Node: "postgres.us-east-1"}},
		refuses("postgres.us-east-1",
			"create table full_disk as select repeat('x', 9000) from generate_series(1, 3000)", "53100"),
		at("postgres.us-east-1", probe.Fine), "postgres.us-east-1",
	},
	{
		"make the disk read-only", &fault.ReadOnlyDisk{Nodes: fault.Nodes{Service: "postgres", Role: "primary"}},
		refuses("postgres.us-east-1", "create table read_only (a int)", "Read-only file system"),
		at("postgres.us-east-1", probe.Fine), "postgres.us-east-1",
	},
	{"squeeze", &fault.Squeeze{Region: west, To: 20}, open(west), open(west), "app-1.us-west-2"},
	{"lose a region", &fault.LoseRegion{Region: west}, both(shut(west), open(east)), open(west), "app-1.us-west-2"},
}

// elsewhere are the faults that are proven in agents_test.go: of configuration, replication, the automation and control
// paths; and in the suites batch and analytics, which have apps with a pipeline and with many objects.
var elsewhere = []string{
	"corrupt_object", "cut_control", "delay_config", "delete_objects", "drop_records", "fail_step", "freeze_config",
	"hang_step", "kill_automation", "lag_replication", "overwrite_objects", "pause_replication", "purge_objects",
	"repeat_step", "roll_back_config", "throttle_replication",
}

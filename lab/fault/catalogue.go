package fault

import (
	"errors"
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
)

// Entry is one fault of the catalogue.
type Entry struct {
	Kind    string      `json:"kind"`
	On      string      `json:"on"`      // what it breaks
	Example string      `json:"example"` // as written in a scenario file
	Mimics  string      `json:"mimics"`  // the outage it stands for
	Shows   string      `json:"shows"`   // what its probe must see for it to count
	empty   func() Spec // its parameters
}

// catalogue holds the faults by name; it is read only.
var catalogue = []Entry{
	{
		Kind: "bandwidth", On: "links", Example: "bandwidth: {from: us-west-2, to: us-east-1, rate: 200000, direction: downstream}",
		Mimics: "a saturated transit line: rate bytes a second pass each link, in one direction or in both",
		Shows:  "the measured throughput is within 10 % of the rate",
		empty:  func() Spec { return &Bandwidth{} },
	},
	{
		Kind: "blackhole", On: "links", Example: "blackhole: {from: us-west-2, to: us-east-1, service: postgres}",
		Mimics: "a firewall or a withdrawn route that drops packets: nothing is refused, nothing answers",
		Shows:  "no answer on a connection that was open, and none to an attempt to connect",
		empty:  func() Spec { return &Blackhole{} },
	},
	{
		Kind: "byte_limit", On: "links", Example: "byte_limit: {from: us-west-2, to: us-east-1, bytes: 65536, direction: downstream}",
		Mimics: "a middlebox that ends connections after so many bytes",
		Shows:  "a connection ends within 10 % of the limit",
		empty:  func() Spec { return &ByteLimit{} },
	},
	{
		Kind: "fill_disk", On: "nodes", Example: "fill_disk: {node: postgres.us-east-1}",
		Mimics: "a data disk that logs, bloat or somebody's dump have filled to the last byte; the server lives",
		Shows:  "a write that needs another page fails with SQLSTATE 53100, no space left on device",
		empty:  func() Spec { return &FillDisk{} },
	},
	{
		Kind: "flapping", On: "links", Example: "flapping: {from: us-west-2, to: us-east-1, service: postgres, on: 2s, off: 500ms}",
		Mimics: "a loose cable or a route that is announced and withdrawn: cut for off, open for on, over and over",
		Shows:  "the measured on and off times are within 10 % of what was asked, twice in a row",
		empty:  func() Spec { return &Flapping{} },
	},
	{
		Kind: "kill", On: "nodes", Example: "kill: {service: postgres, role: primary}",
		Mimics: "a crashed process or machine: SIGKILL, by node, by role, or all nodes of a service; healing starts them again",
		Shows:  "the engine says down and the service does not answer",
		empty:  func() Spec { return &Kill{} },
	},
	{
		Kind: "latency", On: "links", Example: "latency: {from: us-west-2, to: us-east-1, delay: 80ms, jitter: 5ms}",
		Mimics: "a long way round after a cable cut: the delay is added in each direction, or in one",
		Shows:  "the measured round trip is within 10 % of what was asked",
		empty:  func() Spec { return &Latency{} },
	},
	{
		Kind: "lose_region", On: "regions", Example: "lose_region: {region: us-east-1}",
		Mimics: "a region-wide power or control-plane outage: its nodes are killed and its links cut at once",
		Shows:  "its clients get no answer, and the engine says that every node is down or frozen",
		empty:  func() Spec { return &LoseRegion{} },
	},
	{
		Kind: "partition", On: "links", Example: "partition: {between: [us-east-1, us-west-2]}",
		Mimics: "a backbone failure between two regions, both of which live on and serve their clients; with from and to, one way",
		Shows:  "no round trip is made in the named direction, and those in the other still are",
		empty:  func() Spec { return &Partition{} },
	},
	{
		Kind: "pause", On: "nodes, regions", Example: "pause: {node: postgres.us-east-1}",
		Mimics: "a gray failure: a process, or all of a region, hangs; connections are accepted and nobody answers",
		Shows:  "the engine says frozen, and a client connects and gets no answer",
		empty:  func() Spec { return &Pause{} },
	},
	{
		Kind: "read_only_disk", On: "nodes", Example: "read_only_disk: {service: postgres, role: primary}",
		Mimics: "a disk that fails and that the kernel makes read-only: sessions end, and nobody can open a table any more",
		Shows:  "a write fails with the kernel's own word, read-only file system",
		empty:  func() Spec { return &ReadOnlyDisk{} },
	},
	{
		Kind: "refuse", On: "links", Example: "refuse: {from: clients, to: us-east-1, service: app}",
		Mimics: "a crashed process or a closed port: connections are refused, open ones dropped",
		Shows:  "the connection is refused",
		empty:  func() Spec { return &Refuse{} },
	},
	{
		Kind: "reset", On: "links", Example: "reset: {from: us-west-2, to: us-east-1, service: redis}",
		Mimics: "a load balancer or firewall that forgets its connections: they are made, and reset at the first bytes",
		Shows:  "the connection is reset in the middle",
		empty:  func() Spec { return &Reset{} },
	},
	{
		Kind: "restart", On: "nodes", Example: "restart: {service: redis, region: us-east-1, down: 500ms}",
		Mimics: "a crash and an orchestrator that starts the process again",
		Shows:  "the engine says down and the service does not answer, and then does again",
		empty:  func() Spec { return &Restart{} },
	},
	{
		Kind: "slow_close", On: "links", Example: "slow_close: {from: us-west-2, to: us-east-1, service: redis, delay: 500ms}",
		Mimics: "connections that linger after the service has closed them, until a pool or a port range is used up",
		Shows:  "the measured time from goodbye to the end is within 10 % of what was asked",
		empty:  func() Spec { return &SlowClose{} },
	},
	{
		Kind: "squeeze", On: "regions", Example: "squeeze: {region: us-west-2, to: 20}",
		Mimics: "a standby that is smaller than it was said to be: its app nodes serve so many requests a second, and refuse the others",
		Shows:  "offered twice as many, they serve within 10 % of the figure",
		empty:  func() Spec { return &Squeeze{} },
	},
	{
		Kind: "stall", On: "links", Example: "stall: {from: us-west-2, to: us-east-1, service: s3}",
		Mimics: "a process that hangs behind a load balancer that does not: connections are made, then nothing comes",
		Shows:  "a connection is made and stays silent",
		empty:  func() Spec { return &Stall{} },
	},
}

// Catalogue lists the faults by name.
func Catalogue() []Entry { return slices.Clone(catalogue) }

// New gives the empty parameters of a kind, to decode into; false when there is no such fault.
func New(kind string) (Spec, bool) {
	i := slices.IndexFunc(catalogue, func(e Entry) bool { return e.Kind == kind })
	if i < 0 {
		return nil, false
	}
	return catalogue[i].empty(), true
}

// regionIn is a validation complaint about a region that the topology does not have.
func regionIn(t topology.Topology, parameter, name string) error {
	if name == "" {
		return errors.New(parameter + " is missing")
	}
	if _, ok := t.Region(name); !ok {
		names := make([]string, len(t.Regions))
		for i, r := range t.Regions {
			names[i] = r.Name
		}
		return fmt.Errorf("%s %q is not a region of the topology; it has %v", parameter, name, names)
	}
	return nil
}

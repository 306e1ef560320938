package fault

import "slices"

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
		Kind: "bandwidth", On: "links",
		Example: "bandwidth: {from: us-west-2, to: us-east-1, rate: 200000, direction: downstream}",
		Mimics:  "a saturated transit line: rate bytes a second pass each link, in one direction or in both",
		Shows:   "the measured throughput is within 10 % of the rate",
		empty:   func() Spec { return &Bandwidth{} },
	},
	{
		Kind: "blackhole", On: "links", Example: "blackhole: {from: us-west-2, to: us-east-1, service: postgres}",
		Mimics: "a firewall or a withdrawn route that drops packets: nothing is refused, nothing answers",
		Shows:  "no answer on a connection that was open, and none to an attempt to connect",
		empty:  func() Spec { return &Blackhole{} },
	},
	{
		Kind: "byte_limit", On: "links",
		Example: "byte_limit: {from: us-west-2, to: us-east-1, bytes: 65536, direction: downstream}",
		Mimics:  "a middlebox that ends connections after so many bytes",
		Shows:   "a connection ends within 10 % of the limit",
		empty:   func() Spec { return &ByteLimit{} },
	},
	{
		Kind: "corrupt_object", On: "objects", Example: "corrupt_object: {object: checkpoints/nightly/3.json}",
		Mimics: "a bit that turns over where nobody looks: in memory before it was written, on the disk, or in a copy",
		Shows:  "the object is read, and is another by a bit",
		empty:  func() Spec { return &CorruptObject{} },
	},
	{
		Kind: "cut_control", On: "control paths", Example: "cut_control: {region: us-east-1, of: nameservice}",
		Mimics: "a monitoring or control plane that is cut off from a region that serves on: health checks fail, and " +
			"nobody else notices",
		Shows: "the health check of who is cut off turns (the name service's, or the automation's looks at home), " +
			"and the way does not carry",
		empty: func() Spec { return &CutControl{} },
	},
	{
		Kind: "delay_config", On: "configuration", Example: "delay_config: {region: us-west-2, delay: 1m}",
		Mimics: "a slow rollout: a cache, a poll interval or a queue between a configuration and the nodes that need " +
			"it; a scenario's timescale divides the delay",
		Shows: "a publication is measured to reach every app node within 10 % of the delay",
		empty: func() Spec { return &DelayConfig{} },
	},
	{
		Kind: "delete_objects", On: "objects",
		Example: "delete_objects: {region: us-east-1, prefix: hot/, every: 2, older_than: 2s}",
		Mimics: "a lifecycle rule or a cleaning job that deletes what is needed still; where versions are kept, " +
			"replication deletes it everywhere",
		Shows: "a witness that was written beside them is gone; healing ends the cleaner, and brings nothing back",
		empty: func() Spec { return &DeleteObjects{} },
	},
	{
		Kind: "drop_records", On: "pipelines", Example: "drop_records: {stage: score, partition: \"03\", share: 5%}",
		Mimics: "a stage of a batch job that loses records and reports success: a page that was not fetched, a join " +
			"that found nobody, a row that was too long",
		Shows: "of records that the stage is given on trial, the share that is lost is within 10 % of what was " +
			"asked; a drill counts if the partition was written meanwhile, and records of it are missing",
		empty: func() Spec { return &DropRecords{} },
	},
	{
		Kind: "fail_step", On: "automation", Example: "fail_step: {step: promote, times: 3}",
		Mimics: "a call of the failover runbook that is refused or throttled a few times, as a cloud's control plane " +
			"does in an outage",
		Shows: "the automation says that it has the order; the step's failure is marked when it comes to it",
		empty: func() Spec { return &FailStep{} },
	},
	{
		Kind: "fill_disk", On: "nodes", Example: "fill_disk: {node: postgres.us-east-1}",
		Mimics: "a data disk that logs, bloat or somebody's dump have filled to the last byte; a primary lives, a " +
			"replica ends once it replays what needs more of it",
		Shows: "a write that needs another page fails with SQLSTATE 53100, no space left on device; the disk of a " +
			"replica that has ended takes no megabyte",
		empty: func() Spec { return &FillDisk{} },
	},
	{
		Kind: "flapping", On: "links",
		Example: "flapping: {from: us-west-2, to: us-east-1, service: postgres, on: 2s, off: 500ms}",
		Mimics:  "a loose cable or a route that is announced and withdrawn: cut for off, open for on, over and over",
		Shows:   "the measured on and off times are within 10 % of what was asked, twice in a row",
		empty:   func() Spec { return &Flapping{} },
	},
	{
		Kind: "freeze_config", On: "configuration", Example: "freeze_config: {region: us-west-2}",
		Mimics: "a configuration service that is down with the region it ran in: what is published does not reach " +
			"the nodes",
		Shows: "every app node has an older revision than the one that is published",
		empty: func() Spec { return &FreezeConfig{} },
	},
	{
		Kind: "hang_step", On: "automation", Example: "hang_step: {step: fence}",
		Mimics: "a failover runbook that waits for a call that never returns, attempt after attempt",
		Shows:  "the automation says that it has the order; step_hung is marked when it comes to the step",
		empty:  func() Spec { return &HangStep{} },
	},
	{
		Kind: "jitter", On: "links", Example: "jitter: {from: us-west-2, to: us-east-1, up_to: 40ms}",
		Mimics: "a congested path: each message is late by another time, so that timeouts and queues see bursts",
		Shows:  "round trips spread, and are longer on the average, within 10 % of what was asked",
		empty:  func() Spec { return &Jitter{} },
	},
	{
		Kind: "kill", On: "nodes", Example: "kill: {service: postgres, role: primary}",
		Mimics: "a crashed process or machine: SIGKILL, by node, by role, or all nodes of a service; healing starts " +
			"them again",
		Shows: "the engine says down and the service does not answer",
		empty: func() Spec { return &Kill{} },
	},
	{
		Kind: "kill_automation", On: "automation", Example: "kill_automation: {step: redirect}",
		Mimics: "the failover automation dies half way: what is done is done, and nobody goes on until it is started " +
			"again",
		Shows: "the automation says that it has the order, or is down; killed_at is marked when it comes to the step",
		empty: func() Spec { return &KillAutomation{} },
	},
	{
		Kind: "lag_replication", On: "replication",
		Example: "lag_replication: {store: postgres, region: us-west-2, lag: 2m}",
		Mimics: "a replica that falls behind, by a long transaction, a full queue or a cold cache; of postgres the " +
			"replay lags, which a promotion makes up for; " +
			"with prefix, one rule of the objects; a scenario's timescale divides the lag",
		Shows: "what is written at the source is measured to arrive, and of postgres to be replayed, within 10 % of " +
			"the lag",
		empty: func() Spec { return &LagReplication{} },
	},
	{
		Kind: "latency", On: "links", Example: "latency: {from: us-west-2, to: us-east-1, delay: 80ms}",
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
		Kind: "overwrite_objects", On: "objects",
		Example: "overwrite_objects: {region: us-east-1, prefix: hot/, every: 2, older_than: 2s}",
		Mimics: "a faulty writer or a bad migration that overwrites good objects with garbage, which replication " +
			"carries over as it does everything",
		Shows: "a listing says that a witness among them has another size; healing ends the writer, and brings " +
			"nothing back",
		empty: func() Spec { return &OverwriteObjects{} },
	},
	{
		Kind: "partition", On: "links", Example: "partition: {between: [us-east-1, us-west-2]}",
		Mimics: "a backbone failure between two regions, both of which live on and serve their clients; with from " +
			"and to, one way",
		Shows: "no round trip is made in the named direction, and those in the other still are",
		empty: func() Spec { return &Partition{} },
	},
	{
		Kind: "pause", On: "nodes, regions", Example: "pause: {node: postgres.us-east-1}",
		Mimics: "a gray failure: a process, or all of a region, hangs; connections are accepted and nobody answers",
		Shows:  "the engine says frozen, and a client connects and gets no answer",
		empty:  func() Spec { return &Pause{} },
	},
	{
		Kind: "pause_replication", On: "replication",
		Example: "pause_replication: {store: objects, region: us-west-2, prefix: hot/}",
		Mimics: "replication that stands still and tells nobody: a rule that somebody disabled, or of postgres a " +
			"replay that conflicts with a query, which a " +
			"promotion makes up for; with what: receipt, a receiver that stalls: nothing arrives, and the slot fills",
		Shows: "what is written at the source does not arrive (of postgres: is not replayed, or not received), for " +
			"many times as long as it took before",
		empty: func() Spec { return &PauseReplication{} },
	},
	{
		Kind: "purge_objects", On: "objects",
		Example: "purge_objects: {region: us-west-2, prefix: hot/, every: 2, older_than: 2s}",
		Mimics: "somebody with the keys of an administrator who deletes objects and all their versions; Object Lock " +
			"keeps the versions where it is on",
		Shows: "a witness that was written beside them is gone, and so are its versions, unless Object Lock is on; " +
			"healing brings nothing back",
		empty: func() Spec { return &PurgeObjects{} },
	},
	{
		Kind: "read_only_disk", On: "nodes", Example: "read_only_disk: {service: postgres, role: primary}",
		Mimics: "a disk that fails and that the kernel makes read-only: sessions end, and nobody can open a table " +
			"any more",
		Shows: "a write fails with the kernel's own word, read-only file system",
		empty: func() Spec { return &ReadOnlyDisk{} },
	},
	{
		Kind: "refuse", On: "links", Example: "refuse: {from: clients, to: us-east-1, service: app}",
		Mimics: "a crashed process or a closed port: connections are refused, open ones dropped",
		Shows:  "the connection is refused",
		empty:  func() Spec { return &Refuse{} },
	},
	{
		Kind: "repeat_step", On: "automation", Example: "repeat_step: {step: promote}",
		Mimics: "a runbook that is started twice, or a message that is delivered twice: every step has to stand that",
		Shows:  "the automation says that it has the order; the step's mark is there twice when it comes to it",
		empty:  func() Spec { return &RepeatStep{} },
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
		Kind: "roll_back_config", On: "configuration", Example: "roll_back_config: {region: us-west-2}",
		Mimics: "a deployment that is rolled back over a failover: the nodes are pointed at the region that is gone",
		Shows:  "every app node has a lower revision than it had",
		empty:  func() Spec { return &RollBackConfig{} },
	},
	{
		Kind: "slow_close", On: "links",
		Example: "slow_close: {from: us-west-2, to: us-east-1, service: redis, delay: 500ms}",
		Mimics:  "connections that linger after the service has closed them, until a pool or a port range is used up",
		Shows:   "the measured time from goodbye to the end is within 10 % of what was asked",
		empty:   func() Spec { return &SlowClose{} },
	},
	{
		Kind: "squeeze", On: "regions", Example: "squeeze: {region: us-west-2, to: 20}",
		Mimics: "a standby that is smaller than it was said to be: its app nodes serve so many requests a second, " +
			"and refuse the others",
		Shows: "offered twice as many, they serve within 10 % of the figure",
		empty: func() Spec { return &Squeeze{} },
	},
	{
		Kind: "stall", On: "links", Example: "stall: {from: us-west-2, to: us-east-1, service: s3}",
		Mimics: "a process that hangs behind a load balancer that does not: connections are made, then nothing comes",
		Shows:  "a connection is made and stays silent",
		empty:  func() Spec { return &Stall{} },
	},
	{
		Kind: "throttle_replication", On: "replication",
		Example: "throttle_replication: {store: items, region: us-west-2, rate: 20000}",
		Mimics:  "replication that can't keep up: a saturated line, or capacity units that are used up",
		Shows:   "of more than can arrive, what does is measured to be within 10 % of the rate",
		empty:   func() Spec { return &ThrottleReplication{} },
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

package scenarios

import (
	"strings"

	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// SchemaFile is where the schema of scenario files is published, in this repository.
const SchemaFile = "docs/schema/scenario.schema.json"

// Schema describes a scenario file, for editors: it is made of what reads one, and says of each key what it is about. What a file means is for Parse to
// say.
func Schema() *jsonschema.Schema {
	r := &reader{}
	s := r.scenario(&drill.Plan{}).takes
	s.Required = required
	s.Properties["timescale"].Minimum = new(1.0)
	describe(s, "", about)
	describe(s.Properties["steps"].Items.Properties["inject"], "", parameters)
	s.Draft, s.ID = jsonschema.Draft7, "https://raw.githubusercontent.com/regionfall/regionfall/main/"+SchemaFile
	s.Title, s.Description = "A scenario of Regionfall", "One incident or remedy: what to break in which lab, under which load, and what must hold. "+
		"Durations are of the real world, and divided by the timescale where nothing else is said."
	return s
}

// describe gives each part of a schema what is said about its path; a key of about that begins with a dot is about every path that ends so.
func describe(s *jsonschema.Schema, path string, about map[string]string) {
	text, known := about[path]
	if !known {
		text = about["."+lastKey(path)]
	}
	if s.Description == "" {
		s.Description = text
	}
	describeBelow(s, path, about)
}

func describeBelow(s *jsonschema.Schema, path string, about map[string]string) {
	for key, below := range s.Properties {
		describe(below, strings.TrimPrefix(path+"."+key, "."), about)
	}
	if s.Items != nil {
		describe(s.Items, path+"[]", about)
	}
	for _, either := range s.AnyOf { // what it is about is said once
		describeBelow(either, path, about)
	}
}

// about is what the keys of a scenario are about, by their paths. What a fault's are about is told by the catalogue, and by parameters.
var about = map[string]string{
	"name":      "What the scenario is called: a-z, 0-9 and -, beginning with a letter.",
	"summary":   "What it is about, in one line.",
	"story":     "The incident or the remedy, told in a few sentences.",
	"timescale": "One lab second stands for this many seconds, from 1 to 10000. What is scheduled is divided by it.",

	"topology":                          "The lab. What is not said is as in the preset.",
	"topology.preset":                   "What the other keys change; two-regions where nothing is said.",
	"topology.strategy":                 "Of disaster recovery, in the order of what it costs.",
	"topology.regions":                  "The first is home, where the primaries run; the second is the standby, which takes over.",
	"topology.regions[].name":           "Such as us-east-1.",
	"topology.regions[].app_nodes":      "How many nodes the app has there: 1 where nothing is said.",
	"topology.regions[].at_start":       "How many of them run before anything has happened: all where nothing is said. A failover starts the others.",
	"topology.regions[].weight":         "Its part of the answers, with the routing policy weighted.",
	"topology.regions[].follows":        "The region that its databases stream from; home where nothing is said.",
	"topology.commit":                   "Whether an acknowledgement waits for another region (remote) or not (local).",
	"topology.replication":              "When objects and items are copied to the other regions.",
	"topology.replication.objects":      "Those of S3.",
	"topology.replication.items":        "Those of DynamoDB.",
	"topology.aws":                      "What serves S3 and DynamoDB.",
	"topology.reads":                    "Where the app reads: where it writes, in its own region, or there once the session's writes have arrived.",
	"topology.latency":                  "Between two regions, each way. Physical: the timescale does not divide it.",
	"topology.latencies":                "Those of single pairs of regions.",
	"topology.latencies[].between":      "Two regions.",
	"topology.latencies[].latency":      "Each way. Physical: the timescale does not divide it.",
	"topology.services":                 "Parts of the app beside the one that takes requests; each has a node of its own in every region.",
	"topology.overrides":                "Values that somebody has written into a service's own section of a region's configuration.",
	"topology.overrides[].in":           "The region whose configuration it is.",
	"topology.overrides[].service":      "The service whose section it is.",
	"topology.overrides[].key":          "Such as postgres.",
	"topology.overrides[].to":           "The region that it leads to.",
	"topology.routing":                  "How the name service answers.",
	"topology.routing.policy":           "Which of the regions it answers.",
	"topology.routing.ttl":              "How long its answers are kept.",
	"topology.routing.check":            "By which it knows who is healthy.",
	"topology.automation":               "The failover automation, or off.",
	"topology.automation.check":         "By which it finds home lost.",
	"topology.automation.decide":        "How long the decision takes once the loss is detected: 0s for a machine, hours for people on call.",
	"topology.automation.step_timeout":  "The deadline of each step. Physical: the timescale does not divide it.",
	"topology.automation.preflight":     "Clients are redirected only when no node of the app refers to the lost region any more.",
	"topology.automation.shift":         "Clients are moved a share at a time, with the routing policy weighted.",
	"topology.automation.shift.share":   "Of all clients, moved at a time.",
	"topology.automation.shift.hold":    "How long what has been moved must hold.",
	"topology.automation.shift.success": "Of the region's requests that are answered well meanwhile, at least.",
	"topology.automation.shift.p99":     "Of the good answers meanwhile, at most. Physical: the timescale does not divide it.",
	"topology.app":                      "How much one node of the app can do, whatever the machine: workers over service_time.",
	"topology.app.workers":              "How many requests it works on at a time.",
	"topology.app.service_time":         "What each takes at least. Physical: the timescale does not divide it.",
	"topology.app.queue":                "How many wait for a worker before others are refused.",
	".interval":                         "How often it asks.",
	".threshold":                        "How many answers in a row change its mind.",
	"workload":                          "The load, offered whether or not it is served. Rates are per lab second.",
	"workload.writes":                   "Per lab second.",
	"workload.reads":                    "Per lab second, of what was acknowledged.",
	"workload.clients":                  "How many there are, each with a cache of names of its own.",
	"workload.timeout":                  "After which a call is given up. Physical: the timescale does not divide it.",
	"workload.clients_in":               "The regions that clients are in, in turn, with the routing policy geolocation.",
	"workload.stale_dns":                "Clients that keep an answer of the name service whatever its TTL says.",
	"workload.stale_dns.share":          "Of the clients.",
	"workload.stale_dns.for":            "How long they keep it.",
	"workload.retry":                    "What clients do about an operation that is not ok.",
	"workload.retry.times":              "How often they try again.",
	"workload.retry.after":              "How soon; twice as long after each time. Physical: the timescale does not divide it.",
	"steady_state":                      "What has to hold before anything is broken.",
	"steady_state.hold":                 "For how long all must hold.",
	"steady_state.within":               "By when it must have. Physical: the timescale does not divide it.",
	"steps":                             "What is done, in order. Each step does one of inject, heal, job and switchover.",
	"steps[].at":                        "After the steady state, or after what the step waits for.",
	"steps[].when":                      "What the step waits for: a mark of the lab, or recovered.",
	"steps[].inject":                    "A fault and its parameters.",
	"steps[].heal":                      "The fault of an earlier step, by its kind.",
	"steps[].job":                       "A job of the lab.",
	"steps[].switchover":                "The region that takes over from the one in charge, in order.",
	"objectives":                        "What is promised, and what it is judged by.",
	"objectives.recovery_point":         "How old lost writes may be; 0s for none lost.",
	"objectives.recovery_point.within":  "How old lost writes may be; 0s for none lost.",
	"objectives.recovery_time":          "How soon the service must be back.",
	"objectives.recovery_time.within":   "How soon the service must be back.",
	"objectives.recovery_time.window":   "For how long the service must hold throughout to be back.",
	"objectives.recovery_time.success":  "Of all operations that are ok, at least; 99% where nothing is said.",
	"objectives.recovery_time.latency":  "At one quantile, at most, such as {p95: 500ms}. Physical: the timescale does not divide it.",
	"objectives.recovery_time.capacity": "Of the offered load that is answered ok in time, at least; 95% where nothing is said.",
	"objectives.standby_capacity":       "Of the demand that must be sustained after the fault.",
	"objectives.consistency":            "What reads may see of writes.",
	"objectives.sessions":               "What each client finds again.",
	"objectives.local_reads":            "How quick reads are where their clients are.",
	"objectives.local_reads.p99":        "In each region, at most. Physical: the timescale does not divide it.",
	"objectives.stale_config":           "For how long after clients were redirected a node may refer to the lost region.",
	"objectives.stale_config.within":    "For how long after clients were redirected a node may refer to the lost region.",
	"objectives.write_gap":              "For how long no write may be acknowledged in a switchover.",
	"objectives.write_gap.within":       "For how long no write may be acknowledged in a switchover.",
	"objectives.stores":                 "In which acknowledged writes must be found; all three where nothing is said.",
	"objectives.ordered":                "Those that lose no write and keep a later one.",
	"objectives.min_acknowledged":       "How many writes must have been acknowledged before the first fault, for the drill to prove anything.",
	"observe":                           "How long the recovery is awaited after the last fault.",
	"tail":                              "How long the service is watched once it is back.",
	"expect":                            "What the drill must end with: pass, or exactly these findings.",
	"expect.fail":                       "The findings that must be made, and no others.",
	"expect.given":                      "What must have happened after the first fault, for the failure to be the one that is expected.",
}

// parameters are what those of faults are about.
var parameters = map[string]string{
	".region": "Of the topology.", ".service": "Of the links or nodes, such as postgres; all of them where nothing is said.", ".from": "A region, clients or global.", ".to": "A region, or global.",
	".between": "Two regions.", ".direction": "Upstream or downstream; both where nothing is said.", ".node": "Such as postgres.us-east-1.",
	".role": "Of the nodes of a service: primary or replica.", ".store": "That is replicated: postgres, objects or items.", ".prefix": "Of objects: one rule of theirs.",
	".table": "Of items.", ".lag": "That what arrives is behind.", ".rate": "In bytes a second.", ".bytes": "After which a connection ends.",
	".up_to": "What a message is late, at most.", ".step": "Of the failover: fence, promote, redirect and others.", ".times": "How often it fails.",
	".of": "Whose checks are cut off.", ".on": "For how long it is open.", ".off": "For how long it is cut.", ".down": "How long they stay down.",
	"squeeze.to": "Requests a second, of the whole region.", ".delay": "That is added.", "delay_config.delay": "Until what is published is in force.",
}

// Package history holds what one drill saw: every operation, every fault, every mark and every read of the stores, on
// one monotonic clock that starts with the recorder. Checkers (package measure) read nothing else.
package history

import "time"

// Interval is when something happened, as well as it is known. Both ends count from the recorder's start.
type Interval struct {
	Lo time.Duration `json:"lo_ns"`
	Hi time.Duration `json:"hi_ns"`
}

// Outcome is what the client of an operation knows about it. The zero value is Unknown: it never counts as ok.
type Outcome int

// The outcomes.
const (
	Unknown Outcome = iota // timed out, cut after sending, or an error that does not say
	OK                     // the caller was told ok: acknowledged
	Failed                 // known not to be applied
)

// Kind is what an operation does.
type Kind string

// The kinds.
const (
	Write Kind = "write" // something new
	Read  Kind = "read"  // of what was written
)

// Absent is the error of a read that did not find what was acknowledged: an answer, though not the one to be had. It is
// recorded whatever the protocol is, and whatever status an app says it by.
const Absent = "acknowledged write is absent"

// Op is one call, attempted at most once. Due is when the open-loop schedule wanted it (latency counts from there),
// Sent when its client got to it, Done when its answer was read or it was given up.
type Op struct {
	Seq      int64         `json:"seq"`
	Kind     Kind          `json:"kind"`
	ID       string        `json:"id"` // the verification written or read
	Client   int           `json:"client"`
	Due      time.Duration `json:"due_ns"`
	Sent     time.Duration `json:"sent_ns"`
	Done     time.Duration `json:"done_ns"`
	Outcome  Outcome       `json:"outcome"` // as text: ok, failed, unknown
	Status   int           `json:"status,omitempty"`
	Region   string        `json:"region,omitempty"` // who answered, by its own word; else the region it was sent to
	Node     string        `json:"node,omitempty"`
	Revision int           `json:"revision,omitempty"` // of the configuration in force at the node
	Timeline int           `json:"timeline,omitempty"` // of PostgreSQL
	// where a read was answered from, by the node's word: local, waited or primary
	Path string        `json:"path,omitempty"`
	Lag  time.Duration `json:"lag_ns,omitempty"` // how far behind that was, by its own word
	// 1 for the first repetition of an operation that was not ok, and so on; 0 for what was offered
	Retry int `json:"retry,omitempty"`
	// of this call: 1, or 0 for one that was never sent (and so failed); more is a bug of the harness
	Attempts int `json:"attempts"`
	// the service chose the id: each is a new one, whatever the status
	Given bool   `json:"given,omitempty"`
	Error string `json:"error,omitempty"`
	// what the answer to a read says was decided; nil: it says nothing of that kind
	Decided *Decided `json:"decided,omitempty"`
}

// Decided is what an answer says was decided.
type Decided struct {
	Decision string `json:"decision"`     // Approved, Denied or Pending
	Of       string `json:"of"`           // whom it is about
	By       string `json:"by,omitempty"` // the id of the write that it rests on; empty: of none
}

// The decisions.
const (
	Approved = "approved"
	Denied   = "denied"
	Pending  = "pending" // neither of them yet
)

func (d Decided) known() bool {
	return d.Decision == Approved || d.Decision == Denied || d.Decision == Pending
}

// FoundNothing says whether it is a read that was answered, and that did not find what it asked for.
func (op *Op) FoundNothing() bool {
	return op.Kind == Read && op.Outcome == Failed && op.Error == Absent
}

// Mark is a dated note of the harness or of an agent (lab/agent names them).
type Mark struct {
	At     Interval `json:"at"`
	Source string   `json:"source"` // node, or "harness"
	Name   string   `json:"name"`
	Detail string   `json:"detail,omitempty"`
	Count  *int     `json:"count,omitempty"` // such as of objects brought back; nil: it counts nothing
}

// Switchover is the name of a Fault that is none: the order that a region, its target, take over from one that lives.
// It is effective from the order on, and healed when the automation says that it is done, or not at all.
const Switchover = "switchover"

// Fault is the life of one fault: when it was ordered, when its probe turned bad, when it was seen healed.
type Fault struct {
	Name      string        `json:"name"`
	Target    string        `json:"target"`  // such as "us-east-1"
	Regions   []string      `json:"regions"` // that are lost, for lose_region
	Drops     *Drops        `json:"drops,omitempty"`
	Command   time.Duration `json:"command_ns"`
	Effective *Interval     `json:"effective,omitempty"`
	Healed    *Interval     `json:"healed,omitempty"`
	Confirmed bool          `json:"confirmed"`
	By        string        `json:"by,omitempty"` // what the probe saw
	// Lapsed says that it was not in force any more when it was to be healed, and between when it was last seen in
	// force and first seen not to be.
	Lapsed *Interval `json:"lapsed,omitempty"`
}

// Drops is what a stage of the app's pipeline was told to lose, for drop_records.
type Drops struct {
	Stage     string  `json:"stage"`
	Partition string  `json:"partition"`
	Share     float64 `json:"share"` // of what it is given
}

// Heading is what a recording says of itself, in its first line.
type Heading struct {
	ScenarioSHA256 string    `json:"scenario_sha256"`      // of the scenario's text as run, in hex
	AppSHA256      string    `json:"app_sha256,omitempty"` // of the text of the app's own file; empty: it has none
	Timescale      float64   `json:"timescale"`            // one lab second stands for so many
	Began          time.Time `json:"began"`                // UTC, by the wall clock; nothing is measured by it
}

// Closing is what a recording says of itself in its last line. Without it a file that lost its end at a line's end
// would look whole.
type Closing struct {
	Operations int `json:"operations"` // that were recorded
	Events     int `json:"events"`     // that were recorded before this line
}

// Machine is how the machine of the harness did in a stretch of time.
type Machine struct {
	At Interval `json:"at"`
	// Late is how much later than it was due a timer of the harness rang at worst.
	Late time.Duration `json:"late_ns"`
	// Waiting is for what share of the time something waited for a processor, by the kernel's pressure stall
	// information; null where it has none.
	Waiting *float64 `json:"waiting,omitempty"`
}

// Control is one question to a responder that has nothing to do, over the way that clients' operations take: what it
// needs too long for, no service could have done sooner.
type Control struct {
	Region string        `json:"region"` // where the responder is
	Due    time.Duration `json:"due_ns"`
	Sent   time.Duration `json:"sent_ns"`
	Done   time.Duration `json:"done_ns"`
	Error  string        `json:"error,omitempty"` // it was not answered
}

// FinalRead is what one store of the surviving region held: the ids of all writes in it, an id twice if it is
// there twice.
type FinalRead struct {
	Read   string   `json:"read"` // BeforeReturn or AfterReconciliation
	Store  string   `json:"store"`
	Region string   `json:"region"`
	At     Interval `json:"at"`
	IDs    []string `json:"ids"`
	Error  string   `json:"error,omitempty"` // the read failed: nothing is known
}

// ConfigSight is what a node of the app said of its configuration (GET /config), from the first answer that said so. At
// begins when the answer before it was asked for, or its own where there is none, and ends when it came: in between the
// node changed.
type ConfigSight struct {
	At       Interval         `json:"at"`
	Node     string           `json:"node"`
	Service  string           `json:"service"` // that the node plays in the app
	Region   string           `json:"region"`
	Revision int              `json:"revision,omitempty"` // in force; 0: none, or no answer
	Values   []ConfigValue    `json:"values,omitempty"`   // by key
	Live     []ConfigEndpoint `json:"live,omitempty"`     // where open connections lead
	Error    string           `json:"error,omitempty"`    // the node did not answer: it serves nobody
}

// ConfigValue is one key of a configuration: where its value leads, and where it comes from.
type ConfigValue struct {
	Key    string `json:"key"`
	Source string `json:"source"` // of the document: "region", or the section of a service
	ConfigEndpoint
}

// ConfigEndpoint is where a value or a connection leads.
type ConfigEndpoint struct {
	Store   string `json:"store,omitempty"` // of a connection
	Region  string `json:"region"`
	Address string `json:"address"`
}

// LagSight is how far one store of a region was behind another region by the copying itself: what a fault of the drill
// holds up does not count. It is recorded when it is more than it was, or much less. At is from when that was asked to
// when it was answered.
type LagSight struct {
	At    Interval `json:"at"`
	Store string   `json:"store"` // StoreObjects or StoreItems
	From  string   `json:"from"`  // the region copied from
	To    string   `json:"to"`
	// Behind is the longest that anything had waited to be copied, of late or still, as far as whoever copies has seen.
	// Null: nothing was copied yet.
	Behind *time.Duration `json:"behind_ns"`
}

// PipelineSight is an object of the app's pipeline that was not there before, or that was written again. At is from
// when the listing before was asked for to when the one that has it was answered.
type PipelineSight struct {
	At        Interval `json:"at"`
	Part      string   `json:"part"`                // PartInput, PartOutput or PartDone
	Stage     string   `json:"stage,omitempty"`     // that wrote it
	Partition string   `json:"partition,omitempty"` // that it is of
	Object    string   `json:"object"`              // its key
	Version   string   `json:"version"`             // changes when it is written again
}

// Portion is what one object of a pipeline held in the end: records, and by which keys they are known. It is read
// before the faults are healed, else where the store did not answer then, after the reconciliation.
type Portion struct {
	Read      string   `json:"read"` // BeforeReturn or AfterReconciliation
	At        Interval `json:"at"`
	Region    string   `json:"region"`
	Part      string   `json:"part"`            // PartInput, PartOutput, PartRejected or PartExpected
	Stage     string   `json:"stage,omitempty"` // that wrote it, or was to
	Partition string   `json:"partition"`
	Object    string   `json:"object"`
	Records   int      `json:"records"`
	SHA256    string   `json:"sha256"`          // of the records, one a line, sorted; in hex
	Keys      []string `json:"keys,omitempty"`  // of the records, sorted, one twice if it is there twice; not of PartExpected
	Error     string   `json:"error,omitempty"` // the object can't be read: nothing is known of what it holds
}

// The parts of a pipeline.
const (
	PartInput    = "input"    // what the first stage reads
	PartOutput   = "output"   // what a stage hands on
	PartRejected = "rejected" // what a stage sorts out
	PartExpected = "expected" // what an undisturbed run hands on
	PartDone     = "done"     // what says that the job is done
)

// JobOrdered is the name of the harness' mark of a job that was ordered; its detail is the job.
const JobOrdered = "job_ordered"

// The two readings of the stores, and the names of the stores.
const (
	BeforeReturn        = "before_return"
	AfterReconciliation = "after_reconciliation"

	StorePostgres = "postgres"
	StoreObjects  = "objects" // S3
	StoreItems    = "items"   // DynamoDB
	StoreRedis    = "redis"
	StoreCode     = "code" // whatever the Go code of who runs the drill reads
)

// Phase is a dated step of the drill itself.
type Phase struct {
	At   time.Duration `json:"at_ns"`
	Name string        `json:"name"` // see the constants
}

// The phases of a drill, in order.
const (
	PhaseWorkload = "workload"     // operations are offered from here on
	PhaseSteady   = "steady_state" // all probes held for the declared time
	PhaseStop     = "workload_stopped"
	PhaseEnd      = "end" // evidence is complete
)

// History is one drill. Its slices are only read by those who judge it: a Snapshot shares them with the recorder, and
// readings of the same stores share their ids.
type History struct {
	Ops    []Op
	Marks  []Mark
	Faults []Fault
	// Steps are those of the scenario that were begun, in that order; none where it was recorded before they were.
	Steps  []Step
	Reads  []FinalRead
	Phases []Phase
	// Configs are what nodes said of their configuration, each time something else.
	Configs []ConfigSight
	// Lags are how far stores were behind before anything was broken.
	Lags []LagSight
	// Backlogs are what waited to be copied by rules, just before each fault.
	Backlogs []Backlog
	// Manifests are those of the surviving region, held against the objects that they name.
	Manifests []ManifestRead
	// Sights are when objects of the app's pipeline were seen first, and Portions what they held in the end.
	Sights   []PipelineSight
	Portions []Portion
	// Heading is what the recording says of itself; the zero value is that of recordings which say nothing.
	Heading Heading
	// Stalls are when the harness itself stood still, as when its process was stopped: what was due then was sent late,
	// and what came was read late. Each is from when it was last seen to run to when it was again.
	Stalls []Interval
	// Machines are how the harness' machine did, a stretch after the other.
	Machines []Machine
	Controls []Control
	// Closing is how much was recorded; nil where the recording was never closed, or is of a time when that was not
	// written down.
	Closing *Closing
	// Truncated says that the recording was cut off (its harness was killed): what is here is a readable prefix.
	Truncated bool
}

// AddFault records f. A fault is recorded again as its life goes on: the last record of the same name, target and
// command time is the one that holds, in the place of the first.
func (h *History) AddFault(f Fault) {
	for i, old := range h.Faults {
		if old.Name == f.Name && old.Target == f.Target && old.Command == f.Command {
			h.Faults[i] = f
			return
		}
	}
	h.Faults = append(h.Faults, f)
}

// PhaseAt is when the named phase began, and whether it was reached. Of several the first counts.
func (h History) PhaseAt(name string) (time.Duration, bool) {
	for _, p := range h.Phases {
		if p.Name == name {
			return p.At, true
		}
	}
	return 0, false
}

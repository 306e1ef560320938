// Package drill runs a plan on a lab: bring up, steady state, break, observe, read, heal, reconcile, read again.
package drill

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// Plan is a scenario compiled: what to run, in lab time.
type Plan struct {
	Name    string
	Summary string
	Story   string // the incident or remedy told in a few sentences
	Source  string // the file's text, kept in the evidence
	// ObjectivesSource names the policy that the objectives are from; empty: nobody says.
	ObjectivesSource string
	// DocumentedTime and DocumentedPoint are what people write down for the recovery time and the recovery point, in
	// the time of the story; nil: nothing.
	DocumentedTime, DocumentedPoint *time.Duration

	Timescale float64
	Topology  topology.Topology // scaled
	Workload  workload.Spec
	App       *app.App          // that is drilled
	Protocol  workload.Protocol // of the app
	// Pipeline is what the app's jobs make of their input, and where; nil: the app says nothing of that.
	Pipeline *measure.Pipeline
	Steady   Steady
	Steps    []Step
	// Observe is how long after the last fault the drill waits at most for recovery; a drill that sees it ends Tail
	// later.
	Observe time.Duration
	Tail    time.Duration
	Judge   measure.Spec
	Expect  Expect
}

// Alone says whether the drill wants the machine for itself: it holds a physical figure against an objective of a few
// milliseconds, which another drill beside it would spoil. Others are judged at the lab's scale, where that is little.
func (p Plan) Alone() bool { return p.Judge.LocalReads > 0 }

// LoadOptions are those of a load of the plan, or of single calls as its clients would make them. Its ids and random
// values are others each time.
func (p Plan) LoadOptions(l Entrances, rec workload.Recorder) workload.Options {
	seed := rand.Uint64()
	subnets := map[string]netip.Prefix{}
	for _, region := range p.Workload.In {
		subnets[region] = p.Topology.ClientSubnet(region)
	}
	return workload.Options{
		Spec: p.Workload, Resolver: l.Resolver(), Record: topology.RecordName, Recorder: rec, Protocol: p.Protocol,
		Prefix: strconv.FormatUint(seed>>32, 36), Seed: seed, Subnets: subnets, StoreDoor: l.StoreDoor,
	}
}

// Steady is the steady state asked for before anything is broken.
type Steady struct {
	Hold   time.Duration // all probes hold for this long
	Within time.Duration // and are seen to before this; physical
}

// Step is one entry of the plan. Exactly one of what it may do is set.
type Step struct {
	Name  string        // by which other steps mean it; empty: none does
	At    time.Duration // after steady state (or, with When or After, after that)
	When  Condition     // empty: at once
	After string        // the name of a step above: when it was done, or its fault took effect; empty: none
	// Stage of the app's pipeline that has begun, in place of a condition; empty: none is waited for.
	Stage string
	// Inject breaks something, or several things at one moment, each of which is mended For later, or not before the
	// end; Heal mends what an earlier step injected, by the step's name or the fault's kind; Job runs a job of the lab
	// ("backup") or orders one of the app; Replicate runs a rule of replication; Restore brings versions back;
	// Switchover has a region take over from the other one; Failover is the same by a person's order to the automation,
	// whatever that has seen or decided; Note is what a person says, and does nothing.
	Inject     []fault.Spec
	For        time.Duration // after the fault took effect; 0: nothing is said
	Heal       string
	Job        string
	Replicate  string
	Restore    *Restore
	Switchover string
	Failover   string
	Note       string
	By         string // who orders it, or says it; empty: somebody
}

// Restore is what the objects of a rule are brought back to, in the surviving region: what they were so long before the
// last fault.
type Restore struct {
	Rule string
	To   time.Duration
}

// waitsFor is what the step waits for, in words; empty: nothing.
func (s Step) waitsFor() string {
	switch {
	case s.Stage != "":
		return "stage " + s.Stage
	case s.After != "":
		return "step " + s.After
	}
	return string(s.When)
}

// Condition is something that is waited for.
type Condition string

// The conditions. Besides these, the name of any mark of lab/agent is one.
const (
	Recovered Condition = "recovered" // the recovery time objective's window has been seen
)

// Expect is what the author of the scenario says the drill must find. The zero value expects pass.
type Expect struct {
	Fail     bool
	Findings []string // ids of findings that must be there with verdict fail
	// marks that must be left after the first fault: without them it is another failure than the one expected
	Given []string
}

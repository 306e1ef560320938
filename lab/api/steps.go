package api

import (
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
)

// The steps of a failover, by the names that faults and GET /state know them by.
const (
	StepDetect    = "detect"
	StepDecide    = "decide"
	StepFence     = "fence"
	StepRestore   = "restore"
	StepPromote   = "promote"
	StepRepoint   = "repoint"
	StepScaleOut  = "scale_out"
	StepPreflight = "preflight"
	StepRedirect  = "redirect"
	StepFollow    = "follow"
)

// The marks of the steps, each left when its step is done.
const (
	MarkDetected = "detected" // the health checks of the home region have failed often enough
	MarkDecided  = "decided"  // the witness agrees and the decision is taken
	MarkFenced   = "fenced"   // the old primary was fenced, or was unreachable (Detail says which)
	MarkRestored = "restored" // backup-restore: PostgreSQL is up from the base backup
	MarkPromoted = "promoted" // PostgreSQL and Redis of the standby are primaries
	// the region's configuration names no other region; the app nodes that run have it in force
	MarkRepointed  = "repointed"
	MarkScaledOut  = "scaled_out" // all app nodes of the region are to run, and those are ready that came in time
	MarkPreflight  = "preflight"  // no node of the region's app refers to the home region any more
	MarkShifted    = "shifted"    // a greater share of the clients than before is sent to the standby
	MarkRedirected = "redirected" // the name service answers the standby
	// the other regions' databases stream from the standby, and their apps write to it: all of them
	MarkFollowed = "followed"
)

// FailoverStep is one step of a failover.
type FailoverStep struct {
	Name string
	Mark string // left when it is done
	Part string // the mark that is left when a part of it is done, where it can be done in parts
	// Scheduled says that the scenario sets how long it takes, as with the interval of health checks. What is not
	// scheduled takes as long as the machine needs.
	Scheduled bool
	// Afterwards says that clients do not wait for it: it is no part of a recovery.
	Afterwards bool
	// In says whether the automation of a topology has the step; nil: that of every topology has.
	In func(t topology.Topology) bool
}

// failoverSteps are in their order. Fencing comes before anything that makes the standby take writes, redirecting
// clients after everything that they need, and what only other regions need after that.
var failoverSteps = []FailoverStep{
	{Name: StepDetect, Mark: MarkDetected, Scheduled: true},
	{Name: StepDecide, Mark: MarkDecided, Scheduled: true},
	{Name: StepFence, Mark: MarkFenced},
	{Name: StepRestore, Mark: MarkRestored, In: func(t topology.Topology) bool { return !t.Streams() }},
	{Name: StepPromote, Mark: MarkPromoted},
	{Name: StepRepoint, Mark: MarkRepointed},
	{Name: StepScaleOut, Mark: MarkScaledOut},
	{Name: StepPreflight, Mark: MarkPreflight, In: func(t topology.Topology) bool { return t.Automation.Preflight }},
	{Name: StepRedirect, Mark: MarkRedirected, Part: MarkShifted},
	{
		Name: StepFollow, Mark: MarkFollowed, Afterwards: true,
		In: func(t topology.Topology) bool { return len(t.Followers()) > 0 },
	},
}

// FailoverSteps are all steps that a failover can have, in their order.
func FailoverSteps() []FailoverStep { return slices.Clone(failoverSteps) }

// StepNames are the names of the steps that the automation of a topology has, in their order.
func StepNames(t topology.Topology) []string {
	var names []string
	for _, s := range failoverSteps {
		if s.In == nil || s.In(t) {
			names = append(names, s.Name)
		}
	}
	return names
}

// StepMarks are the marks of all steps in their order, those of parts of a step before that of the whole.
func StepMarks() []string {
	var marks []string
	for _, s := range failoverSteps {
		if s.Part != "" {
			marks = append(marks, s.Part)
		}
		marks = append(marks, s.Mark)
	}
	return marks
}

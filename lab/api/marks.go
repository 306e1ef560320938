package api

import "time"

// MarksReply answers GET /marks?after=SEQ&wait=DURATION on every agent (a long poll: it returns as soon as there is a
// mark with a higher number, or after wait). Now and At count from the agent's start on its monotonic clock, which no
// step of the wall clock moves; the harness bounds the offset to its own clock from when it asked and when it was
// answered.
type MarksReply struct {
	Agent string `json:"agent"` // such as "automation.us-west-2"
	// a random word per process start: after a restart the clock and the numbers begin anew
	Start string        `json:"start"`
	Now   time.Duration `json:"now_ns"`
	Marks []Mark        `json:"marks"`
}

// Mark is a dated note of something an agent did or saw.
type Mark struct {
	Seq    int           `json:"seq"` // from 1
	At     time.Duration `json:"at_ns"`
	Name   string        `json:"name"`
	Detail string        `json:"detail,omitempty"`
}

// The names of marks. The automation leaves a mark when a step is done; a step that fails leaves MarkFailed with its
// name in Detail.
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
	MarkFailed   = "step_failed"
	// MarkRedirectedAgain comes after the failover: the name service had forgotten the redirect, and was told again.
	MarkRedirectedAgain = "redirected_again"
	MarkFencedLate      = "fenced_on_return" // the old primary came back and was fenced then
	MarkHealth          = "health"           // name service: a target's health changed; Detail "us-east-1 unhealthy: …"
	// name service: the record's answer changed; Detail is the region, or all of them
	MarkAnswer = "answer"
	MarkBackup = "backup_done" // the backup job finished; Detail has the object and its size
)

// Marks of the automation before it has decided anything.
const (
	MarkCalledOff = "called_off" // the home region answered again before the decision was taken
	MarkHeld      = "held"       // a loss was detected, but the witness does not see it: no failover; Detail says why
)

// Marks of a step that a fault had a hand in; the detail of each is the step.
const (
	MarkHung     = "step_hung"
	MarkKilledAt = "killed_at"
)

// MarkOrdered is a failover or a switchover that a person ordered: nothing was detected, and nobody was asked.
const MarkOrdered = "ordered"

// Marks of a switchover, beside those that it has in common with a failover.
const (
	MarkDemoted   = "demoted"    // the old primary has ended in order and is a replica, with its whole log
	MarkSwitched  = "switched"   // done: the other region serves, and this one follows it
	MarkTakenBack = "taken_back" // a step failed, and the old primary is in service again
)

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

// MarkFailed is left by a step that fails, with its name in Detail. The mark of a step that is done has its place in
// FailoverSteps.
const MarkFailed = "step_failed"

// Marks after a failover, of what the region that was lost, or the name service, does then.
const (
	MarkRedirectedAgain = "redirected_again" // the name service had forgotten the redirect, and it was ordered again
	MarkFencedLate      = "fenced_on_return" // the old primary is back, and is fenced now
)

// Marks of the other agents.
const (
	MarkHealth = "health" // name service: a target's health changed; Detail "us-east-1 unhealthy: …"
	// name service: the record's answer changed; Detail is the region, or all of them
	MarkAnswer = "answer"
	// replicator: all was copied that a rule covered when it was run; Detail is the rule and how much
	MarkReplicated = "replicated"
	// replicator: a rule begins to copy, or ends; Detail is the rule
	MarkOpened = "replication_opened"
	MarkClosed = "replication_closed"
	// replicator: earlier versions of objects are back; Detail is how many
	MarkVersions = "versions_restored"
	MarkBackup   = "backup_done" // the backup job finished; Detail has the object and its size
)

// Marks of the supervisor of an app whose addresses stay (SupervisorConfig.Endpoints). The detail of each begins with
// the key of an endpoint that the app has used, such as "postgres".
const (
	MarkTurned = "endpoint_turned" // it leads elsewhere from now on, and what it carried is ended
	// for the first time since then a store has answered over it: the app has connected again, and to whom it should
	MarkReconnected = "endpoint_answered"
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

package agent

import "time"

// MarksReply answers GET /marks?after=SEQ&wait=DURATION on every agent (a long poll: it returns as soon as there is a mark with a
// higher number, or after wait). Now and At count from the agent's start on its monotonic clock; the harness bounds the offset to
// its own clock from when it asked and when it was answered.
type MarksReply struct {
	Agent string        `json:"agent"` // such as "automation.us-west-2"
	Start string        `json:"start"` // a random word per process start: after a restart the clock and the numbers begin anew
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

// The names of marks. The automation leaves a mark when a step is done; a step that fails leaves MarkFailed with its name in Detail.
const (
	MarkDetected   = "detected"   // the health checks of the home region have failed often enough
	MarkDecided    = "decided"    // the witness agrees and the decision is taken
	MarkFenced     = "fenced"     // the old primary was fenced, or was unreachable (Detail says which)
	MarkRestored   = "restored"   // backup-restore: PostgreSQL is up from the base backup
	MarkPromoted   = "promoted"   // PostgreSQL and Redis of the standby are primaries
	MarkRepointed  = "repointed"  // the region's configuration names no other region, and the app has it in force
	MarkRedirected = "redirected" // the name service answers the standby
	MarkFailed     = "step_failed"
	MarkFencedLate = "fenced_on_return" // the old primary came back and was fenced then
	MarkHealth     = "health"           // name service: a target's health changed; Detail "us-east-1 unhealthy: …"
	MarkAnswer     = "answer"           // name service: the record's answer changed; Detail is the region
	MarkBackup     = "backup_done"      // the backup job finished; Detail has the object and its size
)

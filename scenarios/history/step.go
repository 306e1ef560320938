package history

import "time"

// Step is one of the scenario's, once it was begun. A fault that it injects, or a move that it orders, has its command
// when the step began.
type Step struct {
	Action string `json:"action"`           // what it does: inject, heal, switchover, failover, job, replicate, restore or note
	Of     string `json:"of"`               // the fault's kind, the region, the job, the rule or the text
	Target string `json:"target,omitempty"` // of the fault
	By     string `json:"by,omitempty"`     // who ordered or said it
	// Waited says that it was due so long after something that it waited for; else it is counted from the steady
	// state.
	Waited bool          `json:"waited,omitempty"`
	Due    time.Duration `json:"due_ns"`
	Began  time.Duration `json:"began_ns"`
}

// Late is how much later than it was due it began.
func (s Step) Late() time.Duration { return max(0, s.Began-s.Due) }

// Words say what it does.
func (s Step) Words() string {
	if s.Action == ActionInject {
		return s.Of
	}
	return s.Action + " " + s.Of
}

// Actions of steps that others look for: that of one that injects a fault, and that of a person's order to fail over.
const (
	ActionInject   = "inject"
	ActionFailover = "failover"
)

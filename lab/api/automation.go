package api

// Phase is what the automation is at, as GET /state answers it.
type Phase string

// The phases.
const (
	PhaseWatching Phase = "watching" // the home region, as far as it knows, is there
	PhaseDeciding Phase = "deciding" // a loss was detected
	PhaseHeld     Phase = "held"     // and the witness does not agree
	PhaseActing   Phase = "acting"   // decided: the steps are under way
	PhaseDone     Phase = "done"     // the region has taken over
)

// AutomationState answers GET /state of the automation.
type AutomationState struct {
	State   Phase  `json:"state"`
	Step    string `json:"step,omitempty"`
	SinceMS int64  `json:"since_ms"` // how long state and step have been so
	Detail  string `json:"detail,omitempty"`
	// Home is how it saw the home region last; null before the first look. Once the steps have begun it does not look
	// any more.
	Home *HomeView `json:"home,omitempty"`
	// Serves is the region that it takes to be in service, empty while it finds out; Switchover the latest that was
	// ordered or found under way.
	Serves     string           `json:"serves"`
	Switchover *SwitchoverState `json:"switchover,omitempty"`
}

// HomeView is how the automation sees the home region.
type HomeView struct {
	Healthy bool   `json:"healthy"` // by as many looks in a row as it takes to change that
	Said    string `json:"said"`    // by those asked in the last look
}

// SwitchoverOrder is the body of POST /switchover: the region that is to serve.
type SwitchoverOrder struct {
	To string `json:"to"`
}

// StepFault tells the automation to do a step badly, until it is told to stop or its process ends.
type StepFault struct {
	Do    string `json:"do"`
	Times int    `json:"times,omitempty"` // fail: how many attempts
}

// What a step can be told to do.
const (
	OrderHang   = "hang"   // every attempt until its deadline
	OrderFail   = "fail"   // as many attempts as Times
	OrderRepeat = "repeat" // once more after it is done
	OrderKill   = "kill"   // end the process where the step would begin
)

// SwitchoverState is how far a switchover has come.
type SwitchoverState struct {
	To string `json:"to"`
	// Done says that it has ended. Failure is why it was not done, with what became of it; empty when clients are in
	// the other region, and this one follows it.
	Done    bool   `json:"done"`
	Failure string `json:"failure,omitempty"`
}

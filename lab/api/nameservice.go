package api

// Routing answers GET /health and PUT /primary of the name service.
type Routing struct {
	// with policy failover, the region that is answered while it is healthy
	Primary string `json:"primary"`
	Ordered bool   `json:"ordered"` // somebody has chosen the primary or weights since the start
	// the region that is answered now; of several, the first from the primary on
	Answer     string         `json:"answer"`
	Answers    []string       `json:"answers"`           // all that may be answered now, from the primary on
	Weights    map[string]int `json:"weights,omitempty"` // with policy weighted
	Whole      bool           `json:"whole,omitempty"`   // the primary gets everything, whatever the weights are
	Generation int            `json:"generation"`        // counts the answers, from 1 at the start
	Targets    []TargetHealth `json:"targets"`           // in the order of the settings
}

// TargetHealth is what the health checks of one region say.
type TargetHealth struct {
	Region string `json:"region"`
	// no check has passed yet: it counts as healthy for the first startGrace
	Unknown   bool   `json:"unknown,omitempty"`
	Healthy   bool   `json:"healthy"`
	SinceMS   int64  `json:"since_ms"`   // how long it has been so
	LastError string `json:"last_error"` // why the last check failed, or empty
	// LastFailure is why the last one failed that did, and Streak how many in a row have said the opposite of Healthy.
	LastFailure string `json:"last_failure,omitempty"`
	Streak      int    `json:"streak,omitempty"`
}

// PrimaryOrder is the body of PUT /primary.
type PrimaryOrder struct {
	Region string `json:"region"`
}

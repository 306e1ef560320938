package fault

import "time"

// Trip is one round trip through a link, as a client sees it.
type Trip struct {
	Err  error // nil: an answer came
	Took time.Duration
}

// Delay is latency added to a link, each way.
type Delay struct {
	Latency time.Duration
	Jitter  time.Duration
}

package history

// Backlog is what a rule of replication had not copied to a region, by what its replicator last saw.
type Backlog struct {
	At      Interval `json:"at"` // from when that was asked to when it was answered
	Rule    string   `json:"rule"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Objects int      `json:"objects"`
	Bytes   int64    `json:"bytes"`
	// BytesPerSecond is the rate of the pass that copied most, in lab time; 0: none copied anything.
	BytesPerSecond float64 `json:"bytes_per_second"`
}

// Backlog records what waited.
func (r *Recorder) Backlog(b Backlog) {
	r.event(eventBacklog, b, func(h *History) { h.Backlogs = append(h.Backlogs, b) })
}

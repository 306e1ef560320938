package history

import "encoding/json"

// The files of a recording.
const (
	OpsFile    = "ops.jsonl.gz" // one Op a line, flushed at least each 64 operations or 250 ms
	EventsFile = "events.jsonl" // one event a line, flushed line by line

	plainOpsFile = "ops.jsonl" // read where OpsFile is not there: histories written by hand
)

// The types of events.
const (
	eventMark      = "mark"
	eventFault     = "fault"
	eventStep      = "step"
	eventFinalRead = "final_read"
	eventPhase     = "phase"
	eventConfig    = "config"
	eventLag       = "lag"
	eventManifest  = "manifest"
	eventBacklog   = "backlog"
	eventSight     = "pipeline"
	eventPortion   = "portion"
	eventHeading   = "heading"
	eventStall     = "stall"
	eventMachine   = "machine"
	eventControl   = "control"
	eventClosing   = "closing"
)

// event is a line of the events file.
type event struct {
	Type string          `json:"type"`
	At   int64           `json:"at_ns"` // when it was recorded, on the recorder's clock
	Data json.RawMessage `json:"data"`
}

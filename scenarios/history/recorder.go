package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Recorder keeps what one drill sees, in memory and, as it happens, in two files. It is safe for concurrent use:
// recording an operation never waits for the disk, because clients that measure latency call it.
type Recorder struct {
	start time.Time
	ops   *opsWriter // nil: memory only

	mu       sync.Mutex
	recorded History
	closed   bool
	err      error // of the events; the first

	lines   sync.Mutex // orders the lines of events; held while writing
	events  *os.File   // nil: memory only
	written int        // lines of events
}

// NewRecorder starts the clock and records into dir, which is made if needed; an earlier recording there is
// overwritten. With an empty dir it keeps everything in memory only. The caller ends it with Close.
func NewRecorder(dir string) (*Recorder, error) {
	r := &Recorder{start: time.Now()}
	if dir == "" {
		return r, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("record history: %w", err)
	}
	events, err := os.Create(filepath.Join(dir, EventsFile))
	if err != nil {
		return nil, fmt.Errorf("record history: %w", err)
	}
	r.ops, err = newOpsWriter(filepath.Join(dir, OpsFile), r.opsFrom)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("record history: %w", err), events.Close())
	}
	r.events = events
	return r, nil
}

// Now is the time since the recorder started, on the monotonic clock.
func (r *Recorder) Now() time.Duration { return time.Since(r.start) }

// Op records a finished operation.
func (r *Recorder) Op(op Op) {
	r.mu.Lock()
	r.recorded.Ops = append(r.recorded.Ops, op)
	n := len(r.recorded.Ops)
	if r.closed && r.ops != nil {
		r.keepError(fmt.Errorf("record operation %d: the recorder is closed", op.Seq))
	}
	r.mu.Unlock()
	if r.ops != nil {
		r.ops.notify(n)
	}
}

// Mark records a dated note.
func (r *Recorder) Mark(m Mark) {
	r.event(eventMark, m, func(h *History) { h.Marks = append(h.Marks, m) })
}

// Fault records a fault as it is known now; it is called again as the fault's life goes on (see History.AddFault).
func (r *Recorder) Fault(f Fault) {
	r.event(eventFault, f, func(h *History) {
		h.Faults = slices.Clone(h.Faults) // a snapshot may hold the old ones
		h.AddFault(f)
	})
}

// Step records that a step of the scenario was begun.
func (r *Recorder) Step(s Step) {
	r.event(eventStep, s, func(h *History) { h.Steps = append(h.Steps, s) })
}

// Read records what a store held.
func (r *Recorder) Read(read FinalRead) {
	r.event(eventFinalRead, read, func(h *History) { h.Reads = append(h.Reads, read) })
}

// Config records what a node said of its configuration.
func (r *Recorder) Config(c ConfigSight) {
	r.event(eventConfig, c, func(h *History) { h.Configs = append(h.Configs, c) })
}

// Lag records how far a store was behind.
func (r *Recorder) Lag(l LagSight) {
	r.event(eventLag, l, func(h *History) { h.Lags = append(h.Lags, l) })
}

// Sight records an object of a pipeline that was seen for the first time.
func (r *Recorder) Sight(s PipelineSight) {
	r.event(eventSight, s, func(h *History) { h.Sights = append(h.Sights, s) })
}

// Portion records what an object of a pipeline held in the end.
func (r *Recorder) Portion(p Portion) {
	r.event(eventPortion, p, func(h *History) { h.Portions = append(h.Portions, p) })
}

// Heading records what the recording says of itself. Began is when the recorder started, whatever h says.
func (r *Recorder) Heading(h Heading) {
	h.Began = r.start.UTC().Round(0)
	r.event(eventHeading, h, func(to *History) { to.Heading = h })
}

// Stall records that the harness stood still.
func (r *Recorder) Stall(at Interval) {
	r.event(eventStall, at, func(h *History) { h.Stalls = append(h.Stalls, at) })
}

// Machine records how the harness' machine did.
func (r *Recorder) Machine(m Machine) {
	r.event(eventMachine, m, func(h *History) { h.Machines = append(h.Machines, m) })
}

// Control records a question to a responder that has nothing to do.
func (r *Recorder) Control(c Control) {
	r.event(eventControl, c, func(h *History) { h.Controls = append(h.Controls, c) })
}

// Phase records that the drill enters a phase now.
func (r *Recorder) Phase(name string) {
	p := Phase{At: r.Now(), Name: name}
	r.event(eventPhase, p, func(h *History) { h.Phases = append(h.Phases, p) })
}

// Snapshot is what was recorded so far. It shares memory with the recorder and costs next to nothing; later records
// don't show in it.
func (r *Recorder) Snapshot() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	return History{
		Ops: slices.Clip(r.recorded.Ops), Marks: slices.Clip(r.recorded.Marks), Faults: slices.Clip(r.recorded.Faults),
		Steps: slices.Clip(r.recorded.Steps),
		Reads: slices.Clip(r.recorded.Reads), Phases: slices.Clip(r.recorded.Phases),
		Configs: slices.Clip(r.recorded.Configs),
		Lags:    slices.Clip(r.recorded.Lags), Manifests: slices.Clip(r.recorded.Manifests),
		Backlogs: slices.Clip(r.recorded.Backlogs),
		Sights:   slices.Clip(r.recorded.Sights),
		Portions: slices.Clip(r.recorded.Portions),
		Heading:  r.recorded.Heading, Stalls: slices.Clip(r.recorded.Stalls),
		Machines: slices.Clip(r.recorded.Machines), Controls: slices.Clip(r.recorded.Controls),
		Closing: r.recorded.Closing,
	}
}

// Err is what went wrong with writing so far, such as a full disk; nil when all that was recorded is, or can still be,
// written.
func (r *Recorder) Err() error {
	r.mu.Lock()
	err := r.err
	r.mu.Unlock()
	if r.ops != nil {
		err = errors.Join(err, r.ops.failure())
	}
	return err
}

// Close writes what is pending, says how much was recorded and ends the files. It returns everything that went wrong
// with writing since the start; a second call returns the same.
func (r *Recorder) Close() error {
	r.mu.Lock()
	again := r.closed
	r.closed = true
	r.mu.Unlock()
	if r.ops == nil || again {
		return r.Err()
	}
	r.ops.close()
	r.lines.Lock()
	var err error
	if last, whole := r.closing(); whole {
		err = r.line(eventClosing, last)
	}
	err = errors.Join(err, r.events.Close())
	r.lines.Unlock()
	r.mu.Lock()
	if err != nil {
		r.keepError(fmt.Errorf("record events: %w", err))
	}
	r.mu.Unlock()
	return r.Err()
}

// closing is how much was recorded, and whether all of it could be written. The caller holds lines.
func (r *Recorder) closing() (last Closing, whole bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, whole = Closing{Operations: len(r.recorded.Ops), Events: r.written}, r.err == nil
	if whole {
		r.recorded.Closing = &last
	}
	return last, whole
}

// opsFrom are the operations recorded from the n-th on.
func (r *Recorder) opsFrom(n int) []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clip(r.recorded.Ops[n:])
}

// event puts a record into memory and into the file, in the same order.
func (r *Recorder) event(kind string, data any, add func(*History)) {
	r.lines.Lock()
	defer r.lines.Unlock()
	r.mu.Lock()
	add(&r.recorded)
	write := r.events != nil && r.err == nil
	if r.closed && r.events != nil {
		r.keepError(fmt.Errorf("record %s: the recorder is closed", kind))
		write = false
	}
	r.mu.Unlock()
	if !write {
		return
	}
	err := r.line(kind, data)
	if err == nil {
		return
	}
	r.mu.Lock()
	r.keepError(fmt.Errorf("record %s: %w", kind, err))
	r.mu.Unlock()
}

func (r *Recorder) line(kind string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	line, err := json.Marshal(event{Type: kind, At: int64(r.Now()), Data: raw})
	if err != nil {
		return err
	}
	_, err = r.events.Write(append(line, '\n'))
	r.written++
	return err
}

// keepError keeps the first error: later ones follow from it. The caller holds mu.
func (r *Recorder) keepError(err error) {
	if r.err == nil {
		r.err = err
	}
}

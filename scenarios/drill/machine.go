package drill

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const (
	// tickEvery is how often the harness looks whether it still runs.
	tickEvery = 10 * time.Millisecond
	// stallThreshold is how late a tick has to be to show that the harness stood still.
	stallThreshold = 100 * time.Millisecond
	// reportEvery is how often the state of the machine is recorded.
	reportEvery = time.Second
	// maxUnrecorded is how much may wait to be recorded: some thirty seconds of a disk that takes nothing.
	maxUnrecorded = 256
)

// monitor is how the harness judges itself: whether it stood still, and how its machine did.
//
// It looks at the monotonic clock, by which all is measured, and never at the wall clock: a step of that is no stall.
// While the process is stopped, or is given no processor, the monotonic clock goes on, and the next tick comes late.
//
// While a machine sleeps that clock stands still too, on Linux, and no tick comes late; but what is measured may have
// gone on meanwhile, as with an engine on another machine. The wall clock would show it, and a step of the wall clock
// looks just the same. The time since the machine was booted shows it as well: it goes on in sleep, and nobody can set
// it. On the recorder's clock such a stall is as short as a tick.
type monitor struct {
	now func() time.Duration // the recorder's clock
	// the time since the boot, sleep included; false where the system does not tell
	booted func() (time.Duration, bool)
	// for how long something has waited for a processor since the boot; false where the system does not tell
	pressure func() (time.Duration, bool)
	stall    func(at history.Interval, lasted time.Duration)
	report   func(history.Machine)
}

// followMachine records how the harness and its machine do until it is stopped, which may be done again.
func followMachine(rec *history.Recorder, say func(format string, args ...any)) (stop func()) {
	m := &monitor{
		now: rec.Now, booted: sinceBoot, pressure: cpuPressure, report: rec.Machine,
		stall: func(at history.Interval, lasted time.Duration) {
			rec.Stall(at)
			say("the harness stood still for %s", lasted.Round(time.Millisecond))
		},
	}
	over, done, first := make(chan struct{}), make(chan struct{}), m.read()
	go func() { defer close(done); m.run(first, over) }()
	return sync.OnceFunc(func() { close(over); <-done })
}

// run looks from a first reading on until it is over. What it sees is recorded by a goroutine of its own: a disk that
// is slow must not look like a harness that stands still.
func (m *monitor) run(last reading, over <-chan struct{}) {
	records := make(chan func(), maxUnrecorded)
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		for record := range records {
			record()
		}
	}()
	defer func() { close(records); <-recorded }()

	current := m.begin(last)
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	for ended := false; !ended; {
		select {
		case <-over:
			ended = true // after a last look: the harness may have stood still until now
		case <-timer.C:
		}
		next := m.read()
		late := next.lateAfter(last)
		if late >= stallThreshold {
			at := history.Interval{Lo: last.at, Hi: next.at} // it ran at the tick before, and does so now
			records <- func() { m.stall(at, late) }
		}
		current.late = max(current.late, late)
		if ended || next.at-current.from.at >= reportEvery {
			report := m.end(current, next)
			records <- func() { m.report(report) }
			current = m.begin(next)
		}
		last = next
		timer.Reset(tickEvery)
	}
}

// reading is what the clocks showed at a tick.
type reading struct{ at, booted time.Duration }

// read reads both clocks close together: what comes in between would look like sleep.
func (m *monitor) read() (r reading) {
	const tries, together = 3, time.Millisecond
	for range tries {
		r.at = m.now()
		r.booted, _ = m.booted()
		if m.now()-r.at < together {
			break
		}
	}
	return r
}

// lateAfter is how much later than it was due the tick came at which r was read, or how long the machine slept since
// the one before it.
func (r reading) lateAfter(before reading) time.Duration {
	passed := r.at - before.at
	return max(0, passed-tickEvery, r.booted-before.booted-passed)
}

// monitored is a period that is being monitored.
type monitored struct {
	from    reading
	late    time.Duration
	waited  time.Duration // by its beginning
	waiting bool          // whether that is known
}

func (m *monitor) begin(from reading) monitored {
	waited, known := m.pressure()
	return monitored{from: from, waited: waited, waiting: known}
}

func (m *monitor) end(s monitored, at reading) history.Machine {
	report := history.Machine{At: history.Interval{Lo: s.from.at, Hi: at.at}, Late: s.late}
	passed := at.at - s.from.at
	if waited, known := m.pressure(); known && s.waiting && passed > 0 {
		report.Waiting = new(min(1, float64(waited-s.waited)/float64(passed)))
	}
	return report
}

// cpuPressure reads the kernel's pressure stall information. Other systems have none, nor has a kernel that was told to
// keep none.
func cpuPressure() (time.Duration, bool) {
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0, false
	}
	return parsePressure(string(text))
}

// parsePressure finds the total of microseconds in a line such as "some avg10=0.12 avg60=0.08 avg300=0.05
// total=123456".
func parsePressure(text string) (time.Duration, bool) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "some" {
			continue
		}
		for _, f := range fields {
			if total, ok := strings.CutPrefix(f, "total="); ok {
				us, err := strconv.ParseInt(total, 10, 64)
				return time.Duration(us) * time.Microsecond, err == nil
			}
		}
	}
	return 0, false
}

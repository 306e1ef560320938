// Package scenarios reads scenario files: one incident or remedy each, in YAML that people read aloud, compiled to a plan that a drill
// runs. The library is embedded.
//
// Times in a file are of the real world ("15m", "2h") and are divided by the file's timescale when it is compiled: steps' at, hold,
// objectives, window, observe, tail, TTL, how long stale_dns keeps an answer, intervals of health checks, decide, the lag of lag_replication and
// the delay of delay_config. Three kinds of values are of
// the lab as they stand, because what they are about can't be hurried: the workload's rates and timeout, when it tries again and an app's
// service time, times on the wire (latency of links, of the faults latency and jitter, and of objectives, local_reads among them), and deadlines of the machinery
// (steady_state.within, step_timeout).
package scenarios

import (
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// What holds when a file doesn't say.
const (
	defaultPreset    = "two-regions"
	defaultWithin    = time.Minute
	defaultMinAcked  = 50
	defaultSuccess   = 0.99
	defaultQuantile  = 0.95
	defaultLatency   = 500 * time.Millisecond
	defaultCapacity  = 0.95
	defaultHoldLab   = 2 * time.Second         // of lab time
	defaultWindowLab = 1500 * time.Millisecond // of lab time
	observeFactor    = 1.25                    // of the recovery time objective: a fail must be seen to be one
)

// Scenario is a file that has been read and found good.
type Scenario struct {
	src  *source
	real drill.Plan // in real-world time, as the file has it
}

// Parse reads a scenario. name is what complaints call the file. The error joins one *Problem for everything that is wrong; a
// scenario that Parse returns compiles at the file's own timescale.
func Parse(name string, src []byte) (*Scenario, error) {
	where, root, err := parseSyntax(isScenario, name, src)
	if err != nil {
		return nil, err
	}
	r := &reader{source: where, bad: map[string]bool{}, meant: map[string]bool{}}
	s := &Scenario{src: where, real: defaults()}
	s.real.Source = string(src)
	r.scenario(&s.real).read(root, "")
	r.meaning(&s.real)
	if len(r.problems) > 0 {
		return nil, join(r.problems)
	}
	if _, err := s.Compile(); err != nil {
		return nil, err
	}
	return s, nil
}

func defaults() drill.Plan {
	preset, _ := topology.Preset(defaultPreset)
	return drill.Plan{
		Topology: preset,
		Workload: workload.Spec{Writes: 30, Reads: 15, Clients: 8, Timeout: time.Second},
		Steady:   drill.Steady{Within: defaultWithin},
		Judge: measure.Spec{
			Stores: stores(),
			// Of the three only PostgreSQL writes one log; objects and items are copied in any order.
			Ordered:  []string{history.StorePostgres},
			MinAcked: defaultMinAcked,
		},
	}
}

// Name is the scenario's name.
func (s *Scenario) Name() string { return s.real.Name }

// Summary says in one line what the scenario is about.
func (s *Scenario) Summary() string { return s.real.Summary }

// Timescale is how many seconds one lab second stands for.
func (s *Scenario) Timescale() float64 { return s.real.Timescale }

// WithTimescale is the same scenario at another timescale. Whether it can be run at that scale is for Compile to say.
func (s *Scenario) WithTimescale(n float64) *Scenario {
	other := *s
	other.real.Timescale = n
	return &other
}

// Compile gives the plan in lab time. The error joins one *Problem for everything that can't be run or measured at this timescale.
func (s *Scenario) Compile() (drill.Plan, error) {
	if n := s.real.Timescale; !(n >= 1 && n <= maxTimescale) { // written so that NaN is refused too
		return drill.Plan{}, s.src.problem("timescale",
			"timescale: %g must be 1 to %d: one lab second stands for that many seconds", n, maxTimescale)
	}
	l := &labCheck{source: s.src, real: s.real, plan: scaled(s.real)}
	l.check()
	if err := join(l.problems); err != nil {
		return drill.Plan{}, err
	}
	return l.plan, nil
}

// Problems are the complaints in an error of this package, in the order of the file; none when err is of another kind.
func Problems(err error) []*Problem {
	var all []*Problem
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			all = append(all, Problems(e)...)
		}
		return all
	}
	var p *Problem
	if errors.As(err, &p) {
		all = append(all, p)
	}
	return all
}

package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// DelayConfig has what is published reach the nodes of a region late. The timescale of a scenario divides the delay.
type DelayConfig struct {
	Configured `yaml:",inline"`
	Delay      time.Duration `yaml:"delay" scale:"scaled" about:"The time until a published configuration is in force."`
}

// Kind is delay_config.
func (*DelayConfig) Kind() string { return "delay_config" }

// Takes is what a publication takes.
func (f *DelayConfig) Takes(topology.Topology) Time { return Time{Seen: looks * f.Delay} }

// The bounds of a delay: below, a busy machine is as late by itself; above, a drill is over before it has been seen.
const (
	minConfigDelay = 500 * time.Millisecond
	maxConfigDelay = 5 * time.Minute
)

// Validate asks for a region and a delay.
func (f *DelayConfig) Validate(t topology.Topology) error {
	return errors.Join(f.validate(t), wholeMS("delay", f.Delay, minConfigDelay, maxConfigDelay))
}

// Scaled is the fault at a timescale.
func (f *DelayConfig) Scaled(timescale float64) Spec {
	s := *f
	s.Delay = scaled(f.Delay, timescale)
	return &s
}

// For makes the fault ready.
func (f *DelayConfig) For(l Lab) (Fault, error) {
	d, err := f.delivery(l, f.Kind()+" "+f.Delay.String(), api.DeliveryOrder{Do: api.DeliverLate, Delay: f.Delay})
	if err != nil {
		return nil, err
	}
	return &lateConfig{delivery: d, asked: f.Delay}, nil
}

// lateConfig is a delivery that takes its time.
type lateConfig struct {
	*delivery
	asked time.Duration
	// what it takes without the fault: the least that was measured; 0 where another process took the baseline
	base time.Duration
}

// Slow is how long it takes to see one publication arrive, or a few.
func (f *lateConfig) Slow() time.Duration { return 3 * f.asked }

// Baseline measures how long a publication takes.
func (f *lateConfig) Baseline(ctx context.Context) (bool, string, error) {
	took, observed, err := f.measure(ctx)
	switch {
	case err != nil:
		return false, "", err
	case took > f.asked/2:
		return false, "", fmt.Errorf("%s as it is: a delay could not be seen", observed)
	case f.base == 0 || took < f.base:
		f.base = took
	}
	return false, observed, nil
}

// InForce measures how long a publication takes.
func (f *lateConfig) InForce(ctx context.Context) (bool, string, error) {
	took, observed, err := f.measure(ctx)
	if err != nil {
		return false, "", err
	}
	return inForce((took - f.base).Seconds(), f.asked.Seconds(), false, observed)
}

// Gone measures how long a publication takes, where there is something left to see. The replicator has no order of
// this fault any more; that it can't publish is another matter.
func (f *lateConfig) Gone(ctx context.Context) (bool, string, error) {
	if over, observed, err := f.over(ctx); over || err != nil {
		return over, observed, err
	}
	took, observed, err := f.measure(ctx)
	switch {
	case errors.Is(err, errUnpublished):
		return true, "let go, and " + err.Error(), nil
	case err != nil:
		return false, "", err
	}
	return gone((took - f.base).Seconds(), f.asked.Seconds(), false, observed)
}

var errUnpublished = errors.New("nothing can be published")

// measure publishes a copy of what is published, and waits until the app nodes have it.
func (f *lateConfig) measure(ctx context.Context) (took time.Duration, observed string, err error) {
	start := time.Now()
	revision, err := f.publish(ctx)
	if err != nil {
		return 0, "", fmt.Errorf("%w: %w", errUnpublished, err)
	}
	if err = f.reached(ctx, revision, f.Slow()+baselineWithin); err != nil {
		return 0, "", err
	}
	took = time.Since(start)
	return took, fmt.Sprintf("revision %d took %s (asked: %s)", revision, took.Round(time.Millisecond), f.asked), nil
}

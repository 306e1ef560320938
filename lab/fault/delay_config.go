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
	Delay      time.Duration `yaml:"delay"`
}

// Kind is delay_config.
func (*DelayConfig) Kind() string { return "delay_config" }

// The bounds of a delay: below, a busy machine is as late by itself; above, a drill is over before it has been seen.
const (
	leastConfigDelay = 500 * time.Millisecond
	mostConfigDelay  = 5 * time.Minute
)

// Validate asks for a region and a delay.
func (f *DelayConfig) Validate(t topology.Topology) error {
	return errors.Join(f.validate(t), wholeMS("delay", f.Delay, leastConfigDelay, mostConfigDelay))
}

// Scaled is the fault at a timescale.
func (f *DelayConfig) Scaled(timescale float64) Spec {
	s := *f
	s.Delay = scaled(f.Delay, timescale)
	return &s
}

// For makes the fault ready.
func (f *DelayConfig) For(l Lab) (Fault, error) {
	d, err := f.delivery(l, f.Kind()+" "+f.Delay.String(), api.DeliveryOrder{Do: "delay", Delay: f.Delay})
	if err != nil {
		return nil, err
	}
	return &lateConfig{delivery: d, asked: f.Delay}, nil
}

// lateConfig is a delivery that takes its time.
type lateConfig struct {
	*delivery
	asked time.Duration
	base  time.Duration // what it takes without the fault: the least that was measured
	bases int           // how often it was
}

// Slow is how long it takes to see one publication arrive, or a few.
func (f *lateConfig) Slow() time.Duration { return 3 * f.asked }

// InForce publishes a copy of what is published, and measures how long the app nodes take to have it.
func (f *lateConfig) InForce(ctx context.Context) (bool, string, error) {
	if over, saw, err := f.over(ctx); over || err != nil {
		return false, saw, err
	}
	start := time.Now()
	revision, err := f.publish(ctx)
	if err != nil && f.healed { // the replicator is told nothing any more; that it can't publish is another matter
		return false, "let go, and nothing can be published: " + err.Error(), nil
	}
	if err == nil {
		err = f.reached(ctx, revision, f.Slow()+beforeWithin)
	}
	if err != nil {
		return false, "", err
	}
	took := time.Since(start)
	saw := fmt.Sprintf("revision %d took %s (asked: %s)", revision, took.Round(time.Millisecond), f.asked)
	if f.bases < agreeing && !f.healed {
		if took > f.asked/2 {
			return false, "", fmt.Errorf("%s as it is: a delay could not be seen", saw)
		}
		if f.bases == 0 || took < f.base {
			f.base = took
		}
		f.bases++
		return false, saw, nil
	}
	return compare((took - f.base).Seconds(), f.asked.Seconds(), false, f.healed, saw)
}

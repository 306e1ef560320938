package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// ThrottleReplication lets so many bytes a second arrive.
type ThrottleReplication struct {
	Replicated `yaml:",inline"`
	Rate       int `yaml:"rate" about:"The bytes a second that arrive."` // bytes a second: of the log, or of the contents of objects or items
}

// Kind is throttle_replication.
func (*ThrottleReplication) Kind() string { return "throttle_replication" }

// Takes is for how long what arrives is counted.
func (*ThrottleReplication) Takes(topology.Topology) Time {
	return Time{Seen: looks * (floodSkip + floodCount)}
}

// The bounds of a rate of objects and items: below, the drill is over before it shows; above, the replicators are no
// faster.
const (
	minStoreRate = 1_000
	maxStoreRate = 200_000
)

// Validate asks for a store, a region and a rate.
func (f *ThrottleReplication) Validate(t topology.Topology) error {
	lowest, highest := minStoreRate, maxStoreRate
	if f.Store == storePostgres {
		lowest, highest = minRate, maxRate
	}
	err := f.validate(t)
	if f.Rate < lowest || f.Rate > highest || f.Rate%1000 != 0 {
		err = errors.Join(err, invalid("rate", "is %d bytes a second; it must be whole thousands from %d to %d", f.Rate,
			lowest, highest))
	}
	return err
}

func (f *ThrottleReplication) replicates() (Replicated, impairment) {
	return f.Replicated, impairment{Do: doThrottle, Rate: int64(f.Rate)}
}

// For makes the fault ready.
func (f *ThrottleReplication) For(l Lab) (Fault, error) {
	_, by := f.replicates()
	s, err := f.stream(l, f.Kind(), by)
	if err != nil {
		return nil, err
	}
	return &throttledStream{replication: replication{stream: s}, asked: float64(f.Rate)}, nil
}

// throttledStream is a stream on which little arrives.
type throttledStream struct {
	replication
	asked float64 // bytes a second
}

// Vouched is that the order has been taken. What was saved up on the way still comes.
func (*throttledStream) Vouched() bool { return false }

// Of a measurement of a rate: how much is written, in what would arrive in so long at the rate; how long of it is
// waited through, as what was saved up on the way comes first; and for how long it is measured then.
const (
	floodFor   = 4 * time.Second
	floodSkip  = time.Second
	floodCount = 2 * time.Second
)

// Slow is how long it takes to see the rate, or a few times.
func (t *throttledStream) Slow() time.Duration { return 4 * floodFor }

// Baseline writes more than can arrive at the rate, and measures what does.
func (t *throttledStream) Baseline(ctx context.Context) (bool, string, error) { return t.InForce(ctx) }

// InForce writes more than can arrive at the rate, and measures what does.
func (t *throttledStream) InForce(ctx context.Context) (bool, string, error) {
	got, observed, err := t.measure(ctx)
	if err != nil {
		return false, "", err
	}
	return inForce(got, t.asked, true, observed)
}

// Gone measures the same, where there is something left to see.
func (t *throttledStream) Gone(ctx context.Context) (bool, string, error) {
	if over, observed, err := t.over(ctx); over || err != nil {
		return over, observed, err
	}
	got, observed, err := t.measure(ctx)
	if err != nil {
		return false, "", err
	}
	return gone(got, t.asked, true, observed)
}

func (t *throttledStream) measure(ctx context.Context) (float64, string, error) {
	got, err := rate(ctx, t.stream, int64(t.asked*floodFor.Seconds()))
	return got, fmt.Sprintf("%.0f bytes/s arrive (asked: %.0f)", got, t.asked), err
}

// rate is how many bytes a second arrive of a flood, from one arrival to another, or all of them since the start
// where they came faster than that.
func rate(ctx context.Context, s trial, bytes int64) (float64, error) {
	type sample struct {
		at    time.Time
		bytes int64
	}
	look := func() (sample, error) {
		sum, err := s.total(ctx)
		return sample{at: time.Now(), bytes: sum}, err
	}
	zero, err := look()
	if err != nil {
		return 0, err
	}
	clean, err := s.flood(ctx, bytes)
	if err != nil {
		return 0, err
	}
	defer clean()
	tick := time.NewTicker(4 * askEvery)
	defer tick.Stop()
	// from is where the measurement begins: the first arrival that is not of what was saved up
	last, from := zero, sample{}
	for {
		now, err := look()
		if err != nil {
			return 0, err
		}
		more, all := now.bytes > last.bytes, now.bytes-zero.bytes >= bytes
		if more {
			last = now
			if from.at.IsZero() && now.at.Sub(zero.at) >= floodSkip && !all {
				from = now
			}
		}
		switch {
		case all && from.at.IsZero():
			return float64(bytes) / now.at.Sub(zero.at).Seconds(), nil
		case !from.at.IsZero() && last.at.After(from.at) && (all || now.at.Sub(from.at) >= floodCount):
			return float64(last.bytes-from.bytes) / last.at.Sub(from.at).Seconds(), nil
		case now.at.Sub(zero.at) > 2*floodFor:
			return 0, fmt.Errorf("of %d bytes that were written %d arrived in %s", bytes, last.bytes-zero.bytes,
				2*floodFor)
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

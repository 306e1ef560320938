package fault

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Jitter delays what passes by a random time in each direction, evenly from nothing to UpTo. It is physical time: a timescale does not
// divide it.
type Jitter struct {
	Where     `yaml:",inline"`
	Direction string        `yaml:"direction" otherwise:"both" about:"Upstream or downstream."`
	UpTo      time.Duration `yaml:"up_to" about:"What a message is late, at most."`
}

// Kind is jitter.
func (*Jitter) Kind() string { return "jitter" }

// Validate asks for links and a jitter that can be told from noise.
func (f *Jitter) Validate(t topology.Topology) error {
	_, derr := stream(f.Direction)
	err := errors.Join(f.validate(t), derr, wholeMS("up_to", f.UpTo, 20*time.Millisecond, 500*time.Millisecond))
	if f.UpTo%(2*time.Millisecond) != 0 {
		err = errors.Join(err, invalid("up_to", "is %s; it is in even milliseconds", f.UpTo))
	}
	return err
}

func (f *Jitter) streams() string { return f.Direction }

// For makes the fault ready.
func (f *Jitter) For(l Lab) (Fault, error) {
	m, err := f.measured(l, f.Direction, func(s probe.Stream) []toxic.Toxic { return toxic.Latency(s, f.UpTo/2, f.UpTo/2) })
	if err != nil {
		return nil, err
	}
	j := &jittered{measured: m, upTo: f.UpTo.Seconds() * 1000, ways: float64(len(m.how.Toxics))}
	j.add, j.unit, j.asked, j.measure = true, "ms", j.upTo, j.spread
	return j, nil
}

// Of a measurement of jitter: how many round trips, and how many at once, which is few because they wait for one another on a busy machine.
// A spread is known to 1/√(2·trips) or so of itself.
const (
	jitterTrips  = 200
	jitterAtOnce = 4
)

type jittered struct {
	measured
	upTo, ways float64 // milliseconds, directions

	before struct{ least, mean, late, spread float64 } // of the base: late is what nine of ten round trips did not exceed
}

// Slow is how long a few measurements take.
func (j *jittered) Slow() time.Duration {
	return time.Duration(5 * jitterTrips / jitterAtOnce * j.upTo * float64(time.Millisecond))
}

// spread is the greatest delay of one direction, from how much round trips vary: a delay that is evenly spread over up to U has the
// variance U²/12, and those of two directions add up, as does that of the base. What the delay adds on the average, half of U in each
// direction, has to be right as well.
//
// How much of the base's own share is in a later measurement, nobody knows: all of it, where the machine is as busy as before, or none. So
// there is an interval for each figure, and of that the value that is nearest to what was asked; once the fault is healed, the least.
func (j *jittered) spread(ctx context.Context, l Link) (float64, error) {
	took, err := roundTrips(ctx, l, jitterTrips, jitterAtOnce)
	if err != nil {
		return 0, err
	}
	if j.based() { // what took longer than jitter can make it, the machine did
		longest := j.before.late + j.ways*j.upTo*(1+tolerance)
		took = slices.DeleteFunc(took, func(t float64) bool { return t > longest })
	}
	if len(took) < jitterTrips*3/4 {
		return 0, fmt.Errorf("%d of %d round trips took longer than jitter can make them", jitterTrips-len(took), jitterTrips)
	}
	mean, variance := moments(took)
	most := math.Sqrt(variance * 12 / j.ways)
	if !j.based() {
		if j.bases == 0 || most < j.before.spread { // the calmer one counts
			slices.Sort(took)
			j.before.least, j.before.mean, j.before.late, j.before.spread = took[0], mean, took[len(took)*9/10], most
		}
		return 0, nil
	}
	least := math.Sqrt(max(0, most*most-j.before.spread*j.before.spread))
	if j.healed {
		return least, nil
	}
	asked := j.ways * j.upTo / 2
	added := min(max(asked, mean-j.before.mean), mean-j.before.least)
	if most > j.upTo/2 && math.Abs(added-asked) > asked*tolerance {
		return 0, fmt.Errorf("%s are added on the average (asked: %s)", j.text(added), j.text(asked))
	}
	return min(max(j.upTo, least), most), nil
}

func moments(values []float64) (mean, variance float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		variance += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	return mean, variance
}

// roundTrips are so many round trips in milliseconds, so many at once.
func roundTrips(ctx context.Context, l Link, count, atOnce int) ([]float64, error) {
	took := make([]float64, count)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range took {
		g.Go(func() error {
			a, err := l.Ask(ctx, probe.Question{Way: probe.RoundTrip, Within: 12 * time.Second})
			if err == nil {
				err = a.Err()
			}
			took[i] = a.Took.Seconds() * 1000
			return err
		})
	}
	return took, g.Wait()
}

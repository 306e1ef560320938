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

// Jitter delays what passes by a random time in each direction, evenly from nothing to UpTo. It is physical time: a
// timescale does not divide it.
type Jitter struct {
	Links     `yaml:",inline"`
	Direction string        `yaml:"direction" otherwise:"both" about:"The direction that is impaired: upstream, downstream or both."`
	UpTo      time.Duration `yaml:"up_to" about:"The longest time by which a message is late."`
}

// Kind is jitter.
func (*Jitter) Kind() string { return "jitter" }

// Takes is what the round trips do.
func (f *Jitter) Takes(topology.Topology) Time {
	const oneAfterTheOther = jitterTrips / jitterAtOnce
	return Time{Seen: looks * oneAfterTheOther * time.Duration(ways(f.Direction)) * f.UpTo / 2}
}

// Validate asks for links and a jitter that can be told from noise.
func (f *Jitter) Validate(t topology.Topology) error {
	_, derr := streamOf(f.Direction)
	err := errors.Join(f.validate(t), derr, wholeMS("up_to", f.UpTo, 20*time.Millisecond, 500*time.Millisecond))
	if f.UpTo%(2*time.Millisecond) != 0 {
		err = errors.Join(err, invalid("up_to", "is %s; it is in even milliseconds", f.UpTo))
	}
	return err
}

func (f *Jitter) streams() string { return f.Direction }

// For makes the fault ready.
func (f *Jitter) For(l Lab) (Fault, error) {
	m, err := f.measured(l, f.Direction, func(s probe.Stream) []toxic.Toxic {
		return toxic.Latency(s, f.UpTo/2,
			f.UpTo/2)
	})
	if err != nil {
		return nil, err
	}
	j := &jittered{measured: m, upTo: f.UpTo.Seconds() * 1000, ways: float64(len(m.state.Toxics))}
	j.add, j.unit, j.asked, j.measure, j.gone = true, "ms", j.upTo, j.spread, jitterGone
	return j, nil
}

// Of a measurement of jitter: how many round trips, and how many at once, which is few because they wait for one
// another on a busy machine. A spread is known to 1/√(2·trips) or so of itself.
const (
	jitterTrips  = 200
	jitterAtOnce = 4
)

// How much of itself the spread of round trips may be without the fault, and from how little of it on the fault is
// gone. Of a calm machine whose base was a busy one's, √(1-jitterNoise²) is left while the fault is there: 0.87, and
// 0.75 is three times as far off as a spread is known.
const (
	jitterNoise = 0.5
	jitterGone  = 0.75
)

type jittered struct {
	measured
	upTo, ways float64 // milliseconds, directions

	before *noise // nil where another process took the baseline
}

// noise is what round trips are like without the fault, in milliseconds: late is what nine of ten do not exceed.
type noise struct{ shortest, mean, late, spread float64 }

// Slow is how long a few measurements take.
func (j *jittered) Slow() time.Duration {
	return time.Duration(5 * jitterTrips / jitterAtOnce * j.upTo * float64(time.Millisecond))
}

// Baseline makes round trips. The calmer of two looks counts.
func (j *jittered) Baseline(ctx context.Context) (bool, string, error) {
	took, err := roundTrips(ctx, j.witness[0], jitterTrips, jitterAtOnce)
	if err != nil {
		if j.before == nil && !errors.Is(err, ErrWitness) {
			j.witness = append(j.witness[1:], j.witness[0])
		}
		return false, "", err
	}
	mean, spread := j.spreadOf(took)
	if j.before == nil || spread < j.before.spread {
		slices.Sort(took)
		j.before, j.base = &noise{shortest: took[0], mean: mean, late: took[len(took)*9/10], spread: spread},
			new(float64)
	}
	if j.before.spread > j.upTo*jitterNoise {
		return false, "", fmt.Errorf("round trips over %s vary by %s as it is: a jitter of %s could not be seen",
			j.witness[0].Path().Name, j.text(j.before.spread), j.text(j.upTo))
	}
	return false, j.text(spread) + " before", nil
}

// Gone measures the least that the spread can be, with all of the base's own share in it.
func (j *jittered) Gone(ctx context.Context) (bool, string, error) {
	return j.goneBy(ctx, func(ctx context.Context, l Link) (float64, error) {
		took, err := j.roundTripsOf(ctx, l)
		if err != nil {
			return 0, err
		}
		_, largest := j.spreadOf(took)
		return j.ownSpread(largest), nil
	})
}

// spread is the greatest delay of one direction, from how much round trips vary. What the delay adds on the average,
// half of it in each direction, has to be right as well.
//
// How much of the base's own share is in a later measurement, nobody knows: all of it, where the machine is as busy
// as before, or none. So there is an interval for each figure, and of that the value that is nearest to what was
// asked.
func (j *jittered) spread(ctx context.Context, l Link) (float64, error) {
	took, err := j.roundTripsOf(ctx, l)
	if err != nil {
		return 0, err
	}
	mean, largest := j.spreadOf(took)
	asked := j.ways * j.upTo / 2
	added := min(max(asked, mean-j.before.mean), mean-j.before.shortest)
	if largest > j.upTo/2 && math.Abs(added-asked) > asked*tolerance {
		return 0, fmt.Errorf("%s are added on the average (asked: %s)", j.text(added), j.text(asked))
	}
	return min(max(j.upTo, j.ownSpread(largest)), largest), nil
}

// roundTripsOf are the round trips of a measurement. What took longer than jitter can make it, the machine did.
func (j *jittered) roundTripsOf(ctx context.Context, l Link) ([]float64, error) {
	took, err := roundTrips(ctx, l, jitterTrips, jitterAtOnce)
	if err != nil || j.before == nil {
		return took, err
	}
	longest := j.before.late + j.ways*j.upTo*(1+tolerance)
	took = slices.DeleteFunc(took, func(t float64) bool { return t > longest })
	if len(took) < jitterTrips*3/4 {
		return nil, fmt.Errorf("%d of %d round trips took longer than jitter can make them", jitterTrips-len(took),
			jitterTrips)
	}
	return took, nil
}

// spreadOf is the mean of round trips, and how far one direction spreads them, if the base spreads nothing: a delay
// that is evenly spread over up to U has the variance U²/12, and those of two directions add up, as does that of the
// base.
func (j *jittered) spreadOf(took []float64) (mean, spread float64) {
	mean, variance := moments(took)
	return mean, math.Sqrt(variance * 12 / j.ways)
}

// ownSpread is the spread without all of the base's own share.
func (j *jittered) ownSpread(largest float64) float64 {
	if j.before == nil {
		return largest
	}
	return math.Sqrt(max(0, largest*largest-j.before.spread*j.before.spread))
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

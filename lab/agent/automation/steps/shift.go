package steps

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// shift is a redirect that moves clients a share at a time, by weights, and the next share when what has been moved has
// held. A share that does not hold is taken back, and tried again by the next attempt once what is left has held: until
// then the region serves those well that it can carry.
type shift struct {
	Redirect
	from    string // the region that clients are taken from
	plan    topology.Shift
	ttl     time.Duration // of the record
	lasts   time.Duration // all shares, one after the other
	metrics metrics
	marks   *runtime.Marks
	always  float64 // the share that is sent here always
	holds   float64 // the greatest share known to hold: to begin with, always
	sent    float64 // the greatest share that was sent here, and has its mark
}

func newShift(cfg api.AutomationConfig, names world.Names, m *runtime.Marks) *shift {
	return &shift{
		Redirect: Redirect{Names: names, Region: cfg.Region}, from: cfg.Home, plan: cfg.Shift.Shift, ttl: cfg.Shift.TTL,
		lasts: cfg.Shift.Lasts, marks: m,
		always: cfg.Shift.Always, holds: cfg.Shift.Always,
		metrics: metrics{nodes: cfg.Shift.Metrics, besides: cfg.Shift.BesidesClients, within: cfg.Shift.P99},
	}
}

// Run goes on from the share that clients are sent here by. One that an earlier process has sent here, and may not have
// seen hold, has to hold first.
func (s *shift) Run(ctx context.Context) (string, error) {
	share, err := s.now(ctx)
	if err != nil {
		return "", err
	}
	for said := ""; share < 1 || share > s.holds; {
		if share <= s.holds {
			share = min(1, round(share+s.plan.Share))
		}
		if said, err = s.try(ctx, share, said); err != nil {
			return "", err
		}
		s.holds = max(s.holds, share)
		if share == 1 {
			break
		}
	}
	return s.Redirect.Run(ctx)
}

// try sends a share here, and takes it back if it does not hold. Before are what the app answered to the share before.
func (s *shift) try(ctx context.Context, share float64, before string) (said string, err error) {
	if err := s.send(ctx, share); err != nil {
		return "", err
	}
	if share > s.sent {
		s.sent = share
		if before != "" {
			before = "; before, " + before
		}
		s.marks.Leave(api.MarkShifted, percent(share)+" of the clients"+before)
	}
	said, err = s.hold(ctx, share)
	if err == nil || ctx.Err() != nil {
		return said, err
	}
	back := max(s.always, min(s.holds, round(share-s.plan.Share)))
	err = fmt.Errorf("with %s of the clients %s does not hold, %w: %s of them are sent here again", percent(share),
		s.Region, err, percent(back))
	if failed := s.send(ctx, back); failed != nil {
		return "", errors.Join(err, failed)
	}
	// The next attempt begins when those who are left are served.
	s.holds = back
	if _, failed := s.hold(ctx, back); failed != nil {
		s.holds = max(s.always, round(back-s.plan.Share))
	}
	return "", err
}

// now is the share that clients are sent here by.
func (s *shift) now(ctx context.Context) (float64, error) {
	record, err := s.Names.Routing(ctx)
	if err != nil {
		return 0, err
	}
	return s.share(record), nil
}

// share is that of the questions to the name service which are answered with the region.
func (s *shift) share(record api.Routing) float64 {
	switch {
	case record.Whole && record.Primary == s.Region:
		return 1
	case record.Whole:
		return 0
	}
	sum := 0
	for _, weight := range record.Weights {
		sum += weight
	}
	return round(float64(record.Weights[s.Region]) / float64(max(sum, 1)))
}

// send gives the regions their weights, in percent.
func (s *shift) send(ctx context.Context, share float64) error {
	here := int(math.Round(share * 100))
	return s.Names.SetWeights(ctx, map[string]int{s.Region: here, s.from: 100 - here})
}

// hold waits until clients have learnt of a share, and judges what the app answers from then on. Where nobody asks
// anything, nothing speaks against going on. The error says why it does not hold.
func (s *shift) hold(ctx context.Context, share float64) (said string, err error) {
	if err := runtime.Pause(ctx, s.ttl); err != nil {
		return "", err
	}
	before, _ := s.metrics.read(ctx) // an app that nobody has asked yet may count nothing
	if err := runtime.Pause(ctx, s.plan.Hold); err != nil {
		return "", err
	}
	after, err := s.metrics.read(ctx)
	if err != nil {
		return "", err
	}
	now, err := s.now(ctx)
	if err != nil {
		return "", err
	}
	if math.Abs(now-share) > 0.01 { // as after the name service was started again
		return "", fmt.Errorf("%s of them were sent here meanwhile", percent(now))
	}
	got := after.since(before)
	said = fmt.Sprintf("%d of %d requests answered well, %d of those within %s", got.well, got.all, got.quick,
		s.plan.P99)
	if float64(got.well) < s.plan.Success*float64(got.all) || float64(got.quick) < quantile*float64(got.well) {
		return "", errors.New(said)
	}
	return said, nil
}

// quantile is which part of the good answers must be quick.
const quantile = 0.99

func round(share float64) float64 { return math.Round(share*100) / 100 }

func percent(share float64) string { return fmt.Sprintf("%.3g %%", share*100) }

package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// shift is a redirect that moves clients a share at a time, by weights, and the next share when what has been moved has held. A share that does not
// hold is taken back, and tried again by the next attempt: until it holds, the region serves those well that it can carry.
type shift struct {
	redirect
	from    string // the region that clients are taken from
	how     topology.Shift
	metrics metrics
	marks   *Marks
	held    float64 // the greatest share known to hold: to begin with, what is sent here always
}

func newShift(cfg AutomationConfig, names nameClient, m *Marks) *shift {
	return &shift{
		redirect: redirect{names: names, region: cfg.Region}, from: cfg.Home, how: cfg.Shift, marks: m, held: cfg.ShiftFrom,
		metrics: metrics{nodes: cfg.Metrics, besides: cfg.BesidesClients, within: cfg.Shift.P99},
	}
}

// Lasts is how long all shares hold, one after the other.
func (s *shift) Lasts() time.Duration {
	return time.Duration(math.Ceil(1/s.how.Share)) * s.how.Hold
}

// Do goes on from the share that clients are sent here by. One that an earlier process has sent here, and may not have seen hold, has to hold first.
func (s *shift) Do(ctx context.Context) (string, error) {
	record, err := s.names.health(ctx)
	if err != nil {
		return "", err
	}
	share := s.share(record)
	if share == 1 && record.Whole {
		return s.redirect.Do(ctx)
	}
	for {
		if share <= s.held {
			share = min(1, math.Round((share+s.how.Share)*100)/100)
		}
		if err := s.send(ctx, share); err != nil {
			return "", err
		}
		said, err := s.hold(ctx)
		switch {
		case errors.Is(err, errDoesNotHold):
			err = fmt.Errorf("with %s of the clients %s %w: %s of them are sent here again", percent(share), s.region, err, percent(s.held))
			return "", errors.Join(err, s.send(ctx, s.held))
		case err != nil:
			return "", err
		}
		s.held = share
		s.marks.Leave(MarkShifted, percent(share)+" of the clients: "+said)
		if share == 1 {
			return s.redirect.Do(ctx)
		}
	}
}

// share is that of the questions to the name service which are answered with the region.
func (s *shift) share(record RecordHealth) float64 {
	switch {
	case record.Whole && record.Primary == s.region:
		return 1
	case record.Whole:
		return 0
	}
	sum := 0
	for _, weight := range record.Weights {
		sum += weight
	}
	return float64(record.Weights[s.region]) / float64(max(sum, 1))
}

// send gives the regions their weights, in percent.
func (s *shift) send(ctx context.Context, share float64) error {
	here := int(math.Round(share * 100))
	return s.names.weigh(ctx, map[string]int{s.region: here, s.from: 100 - here})
}

var errDoesNotHold = errors.New("does not hold")

// hold waits, and judges what the app has answered meanwhile. Where nobody has asked anything, nothing speaks against going on.
func (s *shift) hold(ctx context.Context) (said string, err error) {
	before, err := s.metrics.read(ctx)
	if err != nil {
		return "", err
	}
	if err := pause(ctx, s.how.Hold); err != nil {
		return "", err
	}
	after, err := s.metrics.read(ctx)
	if err != nil {
		return "", err
	}
	got := after.since(before)
	said = fmt.Sprintf("%d of %d requests answered well, %d of those within %s", got.well, got.all, got.quick, s.how.P99)
	if float64(got.well) < s.how.Success*float64(got.all) || float64(got.quick) < quantile*float64(got.well) {
		return "", fmt.Errorf("%w, %s", errDoesNotHold, said)
	}
	return said, nil
}

// quantile is which part of the good answers must be quick.
const quantile = 0.99

func percent(share float64) string { return fmt.Sprintf("%.3g %%", share*100) }

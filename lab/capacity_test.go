package lab

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/regionfall/regionfall/lab/probe"
)

// knee is how many requests a second the service serves.
const knee = 100

// offering is that service, asked by a machine that can send so many.
func offering(machine float64) func(rate float64) (probe.Answer, error) {
	return func(rate float64) (probe.Answer, error) {
		a := probe.Answer{OnTime: min(rate, machine), Rate: min(rate, machine, knee)}
		if rate > machine {
			a.Unoffered = "it was late"
		}
		return a, nil
	}
}

func TestTheKneeIsTheServices(t *testing.T) {
	c := Capacity{Region: "us-west-2"}
	answers := 0
	if err := c.find(t.Context(), offering(1e9), func(CapacityStep) { answers++ }); err != nil {
		t.Fatal(err)
	}
	if !c.Reached || c.Limit != "" || math.Abs(c.Knee-knee) > 1e-9 || answers != len(c.Steps) {
		t.Errorf("found %+v, told of %d steps", c, answers)
	}
}

func TestWhatThisMachineCannotOfferIsNoKnee(t *testing.T) {
	c := Capacity{Region: "us-west-2"}
	if err := c.find(t.Context(), offering(60), nil); err != nil {
		t.Fatal(err)
	}
	if c.Reached || c.Limit != "this machine can't offer so much: it was late" || c.Knee < 50 || c.Knee > 60 {
		t.Errorf("found %+v", c)
	}
	if n := len(c.Steps); !c.Steps[n-1].Short || !c.Steps[n-2].Short || c.Steps[n-3].Short ||
		c.Steps[n-1].Offered != c.Steps[n-2].Offered {
		t.Errorf("the last rate was not offered twice: %+v", c.Steps)
	}
}

// A machine that stood still for a moment offers the rate once more.
func TestAMachineThatWasLateOnceGoesOn(t *testing.T) {
	c := Capacity{Region: "us-west-2", Declared: knee}
	n := 0
	err := c.find(t.Context(), func(rate float64) (probe.Answer, error) {
		if n++; n%2 == 1 {
			return probe.Answer{
				Rate: rate / 3, Unoffered: "it was late", Symptom: probe.Closed,
				Said: "too many open files",
			}, nil
		}
		return offering(1e9)(rate)
	}, nil)
	if err != nil || !c.Reached || c.Limit != "" || math.Abs(c.Knee-knee) > 1e-9 {
		t.Errorf("found %+v, %v", c, err)
	}
}

func TestASearchThatFailsSaysWhy(t *testing.T) {
	c := Capacity{Region: "us-west-2"}
	err := c.find(t.Context(), func(float64) (probe.Answer, error) {
		return probe.Answer{Symptom: probe.Refused, Said: "app at door:80"}, nil
	}, nil)
	if err == nil || err.Error() != "offer us-west-2 10 requests a second: refused (app at door:80)" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("somebody left")
	cancel(gone)
	if err := c.find(ctx, offering(1e9), nil); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

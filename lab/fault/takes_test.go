package fault_test

import (
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
)

// What waits for silence, or measures, says how long that takes; what is seen at once says nothing.
func TestFaultsSayHowLongTheyTake(t *testing.T) {
	two, ok := topology.Preset("two-regions")
	if !ok {
		t.Fatal("there is no such preset")
	}
	check := two.Routing.Check
	for text, want := range map[string]fault.Time{
		"lose_region: {region: us-east-1}":                                            {},
		"partition: {between: [us-east-1, us-west-2]}":                                {},
		"blackhole: {from: us-west-2, to: us-east-1, service: postgres}":              {Seen: 2 * time.Second},
		"latency: {from: us-west-2, to: us-east-1, delay: 80ms}":                      {Seen: 1600 * time.Millisecond},
		"latency: {from: us-west-2, to: us-east-1, delay: 80ms, direction: upstream}": {Seen: 800 * time.Millisecond},
		"jitter: {from: us-west-2, to: us-east-1, up_to: 40ms}":                       {Seen: 4 * time.Second},
		"bandwidth: {from: us-west-2, to: us-east-1, rate: 200000}":                   {Seen: time.Second},
		"lag_replication: {store: postgres, region: us-west-2, lag: 2m}":              {Seen: 4 * time.Second}, // at x60
		"restart: {service: redis, region: us-east-1}":                                {Seen: 200 * time.Millisecond},
		"squeeze: {region: us-west-2, to: 20}":                                        {Before: 3 * time.Second, Seen: 3 * time.Second},
		"cut_control: {region: us-east-1, of: nameservice}": {
			Seen: time.Duration(check.Threshold+1) * check.Interval,
		},
	} {
		if got := fault.Takes(readCase(t, text), two); got != want {
			t.Errorf("%s takes %+v, want %+v", text, got, want)
		}
	}
}

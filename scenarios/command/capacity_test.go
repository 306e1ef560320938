package command

import (
	"testing"

	"github.com/regionfall/regionfall/lab"
)

func TestWhatIsSaidOfACapacity(t *testing.T) {
	for want, c := range map[string]lab.Capacity{
		"us-west-2 serves 12.5/s": {Knee: 12.5, Reached: true},
		"us-west-2 serves 12.5/s; 10/s are declared for the nodes it has at the start": {
			Knee: 12.5, Reached: true,
			Declared: 10,
		},
		"us-west-2 serves all that was offered, up to 931.3/s": {Knee: 931.3, Declared: 10},
		"us-west-2 serves at least 466.0/s: this machine could not ask for more (it was late)": {
			Knee: 466, Declared: 10, Limit: "it was late",
		},
	} {
		c.Region = "us-west-2"
		if got := kneeLine(c); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	if got, want := stepLine(lab.CapacityStep{Offered: 10, OnTime: 10, Served: 9.5}),
		"    10.0/s offered       9.5/s served"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got, want := stepLine(lab.CapacityStep{Offered: 500, OnTime: 312.25, Served: 310, Short: true}),
		"   500.0/s offered     310.0/s served  (this machine sent 312.2/s in time)"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

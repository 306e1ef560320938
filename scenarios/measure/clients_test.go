package measure

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// In the good drill operation i is due at 0.5 s + i x 0.1 s and sent a millisecond later; the fault is between 3.00 and 3.02 s.
func TestTheLastClientToMove(t *testing.T) {
	at := func(v float64) *float64 { return &v }
	three := func(d *drill) { // 25 is the first in the outage, 37 the first that the standby answers
		for i := range d.Ops {
			d.Ops[i].Client = i % 3
		}
	}
	for name, c := range map[string]struct {
		edit func(d *drill)
		want *Clients
	}{
		"one client":                      {func(*drill) {}, &Clients{Count: 1, Moved: 1, LoMS: at(1081), HiMS: at(1201)}}, // 36 was sent at 4.101, 37 at 4.201
		"three clients, which take turns": {three, &Clients{Count: 3, Moved: 3, LoMS: at(1081), HiMS: at(1401)}},           // 36 and 39 are of the same
		"one that goes on asking there": {func(d *drill) {
			three(d)
			d.bad(57)
		}, &Clients{Count: 3, Moved: 2, LoMS: at(3181), Censored: true}},
		"one that comes back and leaves again": {func(d *drill) {
			three(d)
			d.bad(54)
		}, &Clients{Count: 3, Moved: 3, LoMS: at(2881), HiMS: at(3201)}},
		"one that was never there": {func(d *drill) {
			for i := 40; i < 60; i++ {
				d.Ops[i].Client = 7
			}
		}, &Clients{Count: 1, Moved: 1, LoMS: at(1081), HiMS: at(1201)}},
		"no region is lost": {(*drill).partition, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := goodDrill()
			c.edit(d)
			if diff := cmp.Diff(c.want, MeasureClients(d.History, d.spec)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

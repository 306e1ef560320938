package measure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// In the good drill operation i is due at 0.5 s + i x 0.1 s and sent a millisecond later; the fault is between 3.00 and
// 3.02 s.
func TestTheLastClientToMove(t *testing.T) {
	lo := func(n int) *Low { return new(Low(time.Duration(n) * msec)) }
	hi := func(n int) *High { return new(High(time.Duration(n) * msec)) }
	three := func(d *drill) { // 25 is the first in the outage, 37 the first that the standby answers
		for i := range d.Ops {
			d.Ops[i].Client = i % 3
		}
	}
	for name, c := range map[string]struct {
		edit func(d *drill)
		want *Clients
	}{
		// 36 was sent at 4.101, 37 at 4.201
		"one client": {
			func(*drill) {},
			&Clients{Count: 1, Moved: 1, Interval: Interval{lo(1081), hi(1201)}},
		},
		// 36 and 39 are of the same
		"three clients, which take turns": {three, &Clients{
			Count: 3, Moved: 3,
			Interval: Interval{lo(1081), hi(1401)},
		}},
		"one that goes on asking there": {func(d *drill) {
			three(d)
			d.bad(57)
		}, &Clients{Count: 3, Moved: 2, Interval: Interval{Lo: lo(3181)}, Censored: true}},
		"one that comes back and leaves again": {func(d *drill) {
			three(d)
			d.bad(54)
		}, &Clients{Count: 3, Moved: 3, Interval: Interval{lo(2881), hi(3201)}}},
		"one that was never there": {func(d *drill) {
			for i := 40; i < 60; i++ {
				d.Ops[i].Client = 7
			}
		}, &Clients{Count: 1, Moved: 1, Interval: Interval{lo(1081), hi(1201)}}},
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

// Of several losses the last client left each later than those before it in the list; one that never left is the last.
func TestTheLossThatClientsLeftLast(t *testing.T) {
	const s = time.Second
	inOrder(t, []Clients{
		{Interval: Interval{Hi: new(High(5 * s))}},
		{Interval: fromTo(3*s, 6*s)},
		{Interval: fromTo(2*s, 8*s)},
		{Censored: true},
		{Censored: true, Interval: more(4 * s)},
		{Censored: true, Interval: more(6 * s)},
	}, Clients.later)
}

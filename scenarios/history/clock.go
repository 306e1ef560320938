package history

import (
	"fmt"
	"math"
	"time"
)

// drift is how much two monotonic clocks may run apart per unit of time. Containers on one kernel share a clock; an
// engine in a virtual machine or on another host has a crystal of its own.
const drift = 100e-6

// ClockSync bounds the offset between a remote monotonic clock (an agent's) and the recorder's from exchanges: the
// remote read its clock somewhere between being asked and having answered, and so offset = recorder - remote lies
// between asked - remote and answered - remote. Every exchange narrows the bounds; time passing widens them by the
// drift two clocks may have. The zero value knows nothing. It is not safe for concurrent use.
type ClockSync struct {
	offset Interval
	seen   time.Duration // remote time the bounds hold for
	synced bool
}

// Synced says whether there was an exchange, and so whether Interval knows anything.
func (c *ClockSync) Synced() bool { return c.synced }

// Exchange learns from one question: asked and answered on the recorder's clock, remote on the remote's. Bounds that
// don't meet the earlier ones mean that a clock jumped or the remote was restarted: that is an error, and the earlier
// bounds are forgotten. An answer before its question is an error, and nothing is learned.
func (c *ClockSync) Exchange(asked, remote, answered time.Duration) error {
	if answered < asked {
		return fmt.Errorf("bound clock offset: answered at %v, before it was asked at %v", answered, asked)
	}
	fresh := Interval{Lo: asked - remote, Hi: answered - remote}
	if !c.synced {
		c.offset, c.seen, c.synced = fresh, remote, true
		return nil
	}
	old := c.at(remote)
	met := Interval{Lo: max(old.Lo, fresh.Lo), Hi: min(old.Hi, fresh.Hi)}
	if !met.Valid() {
		c.offset, c.seen = fresh, remote
		return fmt.Errorf("bound clock offset: a clock jumped: the offset was between %v and %v, now it is between "+
			"%v and %v",
			old.Lo, old.Hi, fresh.Lo, fresh.Hi)
	}
	c.offset, c.seen = met, remote
	return nil
}

// Interval is when, on the recorder's clock, the remote's clock showed the given time. Before the first exchange that
// is any time since the recorder started.
func (c *ClockSync) Interval(remote time.Duration) Interval {
	if !c.synced {
		return Interval{Lo: 0, Hi: math.MaxInt64}
	}
	offset := c.at(remote)
	return Interval{Lo: remote + offset.Lo, Hi: remote + offset.Hi}
}

// at is the offset's bounds when the remote's clock shows the given time.
func (c *ClockSync) at(remote time.Duration) Interval {
	apart := time.Duration(math.Ceil(math.Abs(float64(remote-c.seen)) * drift))
	return Interval{Lo: c.offset.Lo - apart, Hi: c.offset.Hi + apart}
}

package calibration

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// What is planted is when requests arrive at the service from which they fare otherwise. The judge speaks of its
// clients: an operation belongs to the time at which it was due, and a write is acknowledged when its client hears so.
// In between are the ways there and back, a millisecond where nothing else runs; how long they took is seen by the
// operations next to the planted instant.

// near is how far from an instant operations are looked at.
const near = 60 * ms

// asDue is when operations were due that arrived at an instant.
func (d *drill) asDue(at history.Interval) history.Interval {
	there := time.Duration(0)
	for i := range d.history.Ops {
		op := &d.history.Ops[i]
		if op.Due < at.Lo-limit || op.Sent < at.Lo-near || op.Due > at.Hi+near {
			continue
		}
		took := op.Sent - op.Due // where it was not answered nobody knows more
		if answered := op.Done - op.Due; op.Status != 0 && answered < limit {
			took = answered
		}
		there = max(there, took)
	}
	return history.Interval{Lo: at.Lo - there, Hi: at.Hi}
}

// asReported is when clients had heard of what was acknowledged by an instant.
func (d *drill) asReported(at time.Duration) history.Interval {
	answered := map[string]time.Duration{}
	for i := range d.history.Ops {
		if op := &d.history.Ops[i]; op.Kind == history.Write && op.Outcome == history.OK {
			answered[op.ID] = op.Done
		}
	}
	back := time.Duration(0)
	for _, a := range d.service.acknowledged() {
		if done, is := answered[a.id]; is && a.at <= at && a.at >= at-near {
			back = max(back, done-a.at)
		}
	}
	return history.Interval{Lo: at, Hi: at + back}
}

// effective is when a cause truly was: an instant, or the call by which a proxy did it.
func (d *drill) effective(c planted) history.Interval {
	if c.spell >= 0 {
		return d.began[c.spell]
	}
	return history.At(c.at)
}

// away is how long an outage was: from its cause's effect, or, where that came before, from its own beginning.
func (d *drill) away(spell int) span {
	began := d.began[spell]
	own := true
	for _, c := range d.causes {
		own = own && c.spell != spell
	}
	if own {
		began = d.asDue(began)
	}
	return apart(began, d.asDue(d.ended[spell]))
}

// notAcknowledged is how long no write was acknowledged.
func (d *drill) notAcknowledged(spell int) span {
	began := d.asDue(d.began[spell])
	began.Hi = d.asReported(began.Hi).Hi
	return apart(began, d.asDue(d.ended[spell]))
}

// age is how old what was lost is at most: what was acknowledged after an instant, when a cause came.
func (d *drill) age(forgets time.Duration, c planted) span {
	return apart(d.asReported(forgets), d.effective(c))
}

// disturbed says whether the machine did not let come true what was planted: a proxy was late, or an operation was not
// answered in time that the service was there for.
func (d *drill) disturbed() bool {
	const soon = 20 * ms
	for i, s := range d.spells {
		if d.began[i].Hi > s.from+soon || d.ended[i].Hi > s.to+soon {
			return true
		}
	}
	return slices.ContainsFunc(d.history.Ops, func(op history.Op) bool {
		for i, s := range d.spells {
			if op.Sent >= d.began[i].Lo-soon && op.Due <= max(d.ended[i].Hi, s.to) {
				return false
			}
		}
		return op.Done-op.Due > limit || op.Status == 0
	})
}

// moved is when the last client went elsewhere: its cache counts from when the last answer came that had it stay.
func (d *drill) moved() history.Interval {
	sent := d.names.lastEast()
	way := ms
	for _, m := range d.history.Machines {
		if m.At.Lo <= sent+near && m.At.Hi >= sent {
			way = max(way, m.Late)
		}
	}
	return history.Interval{Lo: sent + d.ttl, Hi: sent + d.ttl + way}
}

// apart is how long after the one the other was.
func apart(a, b history.Interval) span {
	return span{max(0, milliseconds(b.Lo-a.Hi)), milliseconds(b.Hi - a.Lo)}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(ms) }

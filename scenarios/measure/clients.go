package measure

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Clients is when they left the region that was lost: the time from the fault to the last one of them.
type Clients struct {
	Count int `json:"count"` // that were sent there before the fault, and anywhere after it
	Moved int `json:"moved"` // of those, that were sent elsewhere for good by the end
	// lo: the last of them was still sent there, null if none was after the fault; hi: it was sent elsewhere for good
	Interval
	Censored bool `json:"censored"`
	// Stale are those of them whose resolvers keep an answer whatever its TTL says, where the workload has such.
	Stale *Clients `json:"stale,omitempty"`
}

// MeasureClients measures how long clients went on asking the lost region: what caches of names make of a redirect. It
// is nil where the fault takes no region away, or no client was there.
//
// A client has left when it was sent elsewhere, and never back. Of its operations, a is the last one that was sent to
// the lost region at or after f.lo and before the region was given back, and b the one after it. It left between
// a.sent-f.hi and b.sent-f.lo. A client that sends nothing to the lost region after f had left by its first operation
// elsewhere. The figure is that of the last client; it is censored when one has not left when the observation ends.
//
// Of several losses that of the last client to leave is reported; what happened after the next one is that one's.
func MeasureClients(h history.History, s Spec) *Clients { //nolint:revive // Clients is what it returns
	return viewOf(h, s).clients()
}

func (v *view) clients() *Clients {
	var worst *Clients
	for _, c := range v.regionLosses() {
		m := v.clientsOf(c, func(int) bool { return true })
		if m != nil && (worst == nil || m.later(*worst)) {
			worst = m
			if n := v.spec.StaleClients; n > 0 {
				worst.Stale = v.clientsOf(c, func(client int) bool { return client < n })
			}
		}
	}
	return worst
}

// later says whether the last client left later, as far as that is known.
func (c Clients) later(than Clients) bool {
	switch {
	case c.Censored != than.Censored:
		return c.Censored
	case c.Hi != nil && than.Hi != nil:
		return *c.Hi > *than.Hi
	}
	return c.Lo != nil && (than.Lo == nil || *c.Lo > *than.Lo)
}

// clientsOf are some of the clients after a loss.
func (v *view) clientsOf(loss cause, some func(client int) bool) *Clients {
	f, until := loss.effect, v.lossEnds(loss)
	c := &Clients{}
	lo, hi := time.Duration(-1), time.Duration(0)
	for client, places := range v.clientOps().all() {
		if !some(client) {
			continue
		}
		visit := v.visitOf(places, loss, until)
		if !visit.before || visit.end < f.Lo {
			continue // it was never there, or sent nothing any more
		}
		c.Count++
		if visit.last >= f.Lo {
			lo = max(lo, visit.last-f.Hi, 0)
		}
		if !visit.left {
			continue // it is there still
		}
		c.Moved++
		hi = max(hi, visit.next-f.Lo)
	}
	if c.Count == 0 {
		return nil
	}
	if c.Censored = c.Moved < c.Count; lo >= 0 {
		c.Lo = new(Low(lo))
	}
	if !c.Censored {
		c.Hi = new(High(max(0, hi)))
	}
	return c
}

// visit is the time in which a client was sent to a region that is lost.
type visit struct {
	before bool          // before it was lost
	last   time.Duration // when the last operation was sent there
	left   bool          // another one was sent elsewhere since
	next   time.Duration // when the first of those was
	end    time.Duration // when the last one of all was
}

// visitOf is that of one client, by its operations that were sent before until.
func (v *view) visitOf(places []int32, loss cause, until time.Duration) visit {
	var s visit
	for _, i := range places {
		op := &v.Ops[i]
		if op.Region == "" || op.Sent >= until {
			continue
		}
		s.end = op.Sent
		switch {
		case loss.loses(op.Region):
			s.before = s.before || op.Sent < loss.effect.Lo
			s.last, s.left = op.Sent, false
		case !s.left:
			s.left, s.next = true, op.Sent
		}
	}
	return s
}

// clientMoves is the checker of when clients left the lost region. It is no promise, so nothing is concluded of it.
type clientMoves struct{ noFindings }

// Measure notes when they did.
func (clientMoves) Measure(v *view, m *Metrics) { m.Clients = v.clients() }

// Rows show it.
func (clientMoves) Rows(s rowSource) []Row {
	c := s.Metrics.Clients
	if c == nil {
		return nil
	}
	out := Row{ID: "clients_moved", Name: "last client moved", Measured: c.words(1)}
	if c.Censored {
		out.Measured += fmt.Sprintf(" (%d of %d did)", c.Moved, c.Count)
	}
	if c.Stale == nil {
		return []Row{out}
	}
	stale := Row{
		ID: "clients_moved.stale", Name: "of stale clients", Part: true,
		Measured: fmt.Sprintf("%s, %d of %d did", c.Stale.words(1), c.Stale.Moved, c.Stale.Count),
	}
	s.full(&stale, Objective{}, c.Stale.words) // how long they keep an answer is scheduled
	return []Row{out, stale}
}

func (c Clients) words(scale float64) string {
	if text := c.took(c.Censored, scale); text != "" {
		return text
	}
	if c.Hi != nil {
		return "≤ " + AtMost(AtScale(c.Hi.Duration(), scale))
	}
	return "not measured"
}

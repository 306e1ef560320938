package calibration

import (
	"math/rand/v2"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

const ms = time.Millisecond

// kind is what a drill is about.
type kind string

const (
	once       kind = "one outage"
	twice      kind = "two outages"
	late       kind = "an outage later than its cause"
	harmless   kind = "no outage"
	limited    kind = "limited capacity"
	cached     kind = "cached names"
	switchover kind = "a switchover"
	lagging    kind = "lagging replication"
)

// kinds take turns, so that any few seeds that follow one another are of several.
var kinds = []kind{
	once, twice, limited, switchover, cached, lagging, late, once, twice, cached, harmless, once, late, cached,
	switchover, limited, twice, cached, once, late,
}

// The criterion of every drill, and its timing.
const (
	window  = 400 * ms
	limit   = 250 * ms // of latency
	timeout = 400 * ms // of an operation
	steady  = 250 * ms // after the load begins
	after   = window + 300*ms
)

// plan is a drill drawn from its seed. Times count from when the load begins.
type plan struct {
	seed     uint64
	kind     kind
	offered  workload.Spec
	causes   []planted
	spells   []spell
	takeover time.Duration            // 0: nobody takes over
	promoted time.Duration            // and its mark
	forgets  map[string]time.Duration // by store: what was acknowledged later is not there after the takeover
	capacity float64
	configs  []time.Duration // when each node's configuration no longer leads to east
	ttl      time.Duration
	moves    time.Duration // from when on names lead to west
	lag      wave
	skew     clockSkew
	end      time.Duration
}

// planted is a fault: what is recorded of it, and how much earlier and later than the truth it may have been as far as
// anybody knows.
type planted struct {
	name          string
	at            time.Duration
	spell         int // whose proxy's call is the truth; -1: at is
	before, after time.Duration
	loses         bool
}

// draw plans the drill of a seed.
func draw(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 13)) //nolint:gosec // any sequence will do
	p := plan{
		seed: seed, kind: kinds[seed%uint64(len(kinds))], forgets: map[string]time.Duration{}, ttl: 10 * time.Second,
		skew: drawSkew(r),
		offered: workload.Spec{
			Writes: between(r, 90, 180), Reads: between(r, 90, 180), Clients: 3 + r.IntN(4),
			Timeout: timeout,
		},
	}
	begin := 750*ms + some(r, 0, 150*ms)
	switch p.kind {
	case once:
		p.outage(r, begin, drawManner(r, true))
	case twice:
		p.outage(r, begin, drawManner(r, false))
		next := p.spells[0].to + window + some(r, 200*ms, 350*ms)
		p.outage(r, next, drawManner(r, true))
		if r.IntN(3) == 0 { // nothing new was broken
			p.causes = p.causes[:1]
			p.takeover, p.promoted = 0, 0
		}
	case late:
		p.outage(r, begin+some(r, 50*ms, 650*ms), drawManner(r, false))
		p.causes[0].at, p.causes[0].spell = begin, -1
	case harmless:
		p.causes = []planted{drawFault(r, "lose_link", begin, -1)}
		p.end = begin + after
	case limited:
		p.outage(r, begin, refuses)
		p.capacity = between(r, 0.3, 0.95) * (p.offered.Writes + p.offered.Reads)
		p.end = p.takeover + 3*window + some(r, 0, 300*ms)
	case cached:
		p.outage(r, begin, refuses)
		p.moves, p.ttl = p.spells[0].to, some(r, 100*ms, 500*ms).Truncate(ms) // as names have it
		p.spells[0].to = p.moves + time.Second + p.ttl                        // names leads elsewhere before
		p.end = p.moves + p.ttl + after
	case switchover:
		p.outage(r, begin+some(r, 20*ms, 120*ms), []manner{unavailable, noWrites, blocks, hangs}[r.IntN(4)])
		p.causes = []planted{{name: history.Switchover, at: begin, spell: -1}}
	case lagging:
		p.outage(r, begin, refuses)
		p.lag = drawWave(r)
	}
	if p.takeover > 0 && p.kind != lagging && p.kind != switchover {
		for _, store := range stores {
			if r.IntN(4) > 0 {
				p.forgets[store] = p.causes[len(p.causes)-1].at - some(r, 5*ms, 500*ms)
			}
		}
	}
	if p.takeover > 0 && p.kind != limited && p.kind != switchover && r.IntN(2) == 0 {
		for range 1 + r.IntN(3) {
			p.configs = append(p.configs, p.takeover+some(r, -100*ms, 350*ms))
		}
	}
	return p
}

// stores are those that are read, the first one is that which the service itself reads.
var stores = []string{history.StorePostgres, history.StoreObjects}

// outage adds a spell, with its fault. At its end another region may take over.
func (p *plan) outage(r *rand.Rand, from time.Duration, m manner) {
	s := spell{from: from, to: from + some(r, 90*ms, 650*ms), manner: m}
	p.spells = append(p.spells, s)
	p.causes = append(p.causes, drawFault(r, "lose_link", s.from, len(p.spells)-1))
	p.end = s.to + after
	switch p.kind {
	case once:
		if m.stops() && r.IntN(5) > 0 {
			p.take(r)
		}
	case twice:
		if m.stops() && len(p.spells) == 2 {
			p.take(r)
		}
	case limited, cached, switchover, lagging:
		p.take(r)
	}
}

// take has west take over at the end of the last spell.
func (p *plan) take(r *rand.Rand) {
	last := p.spells[len(p.spells)-1]
	c := &p.causes[len(p.causes)-1]
	c.name, c.loses = "lose_region", true
	p.takeover = last.to
	p.promoted = last.from + some(r, 10*ms, last.to-last.from)
}

// stops says whether nothing is acknowledged in a spell.
func (m manner) stops() bool { return m != slow && m != noReads }

func drawManner(r *rand.Rand, takenOver bool) manner {
	all := []manner{refuses, swallows, resets, drops, hangs, unavailable, noWrites}
	if !takenOver || r.IntN(4) == 0 {
		all = append(all, slow, noReads)
	}
	return all[r.IntN(len(all))]
}

// drawFault is known as well as a probe would know it: to a millisecond, or no better than to some tens.
func drawFault(r *rand.Rand, name string, at time.Duration, spell int) planted {
	width := some(r, 0, []time.Duration{ms, 10 * ms, 60 * ms}[r.IntN(3)])
	before := some(r, 0, width)
	return planted{name: name, at: at, spell: spell, before: before, after: width - before}
}

func some(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(max(1, most-least))))
}

func between(r *rand.Rand, least, most float64) float64 { return least + r.Float64()*(most-least) }

// spec is what is promised. The objectives are of no interest: what is compared is what was measured.
func (p plan) spec() measure.Spec {
	stale, gap := time.Second, time.Second
	s := measure.Spec{
		Timescale: 1,
		RecoveryTime: &measure.RecoveryTimeObjective{
			Within: time.Second, Window: window, Success: 0.97, Quantile: 0.97, Latency: limit, Capacity: 0.9,
		},
		RecoveryPoint: &measure.RecoveryPointObjective{Within: time.Second},
		Stores:        stores, Ordered: stores[:1], Home: east, Survivor: west, MinAcked: 10,
	}
	if p.kind == limited {
		s.StandbyCapacity = 0.5
	}
	if p.kind == switchover {
		s.WriteGap = &gap
	}
	if p.kind == lagging {
		s.Replicated = stores[1:]
	}
	if len(p.configs) > 0 {
		s.StaleConfig = &stale
	}
	return s
}

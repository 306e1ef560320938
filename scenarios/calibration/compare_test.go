package calibration

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// The metrics, in the order of the table.
const (
	recoveryTime   = "recovery time"
	noOutage       = "recovery time, nothing was away"
	sumOfOutages   = "sum of two outages"
	recoveryPoint  = "recovery point"
	storesPoint    = "recovery point of a store"
	nothingLost    = "recovery point, nothing was lost"
	lostWrites     = "writes lost"
	standby        = "standby capacity"
	staleConfig    = "stale configuration"
	writeGap       = "write gap"
	clientsMoved   = "last client moved"
	promotionMark  = "mark of an agent's clock"
	replicationLag = "replication lag, at least"
)

var metrics = []string{
	recoveryTime, noOutage, sumOfOutages, recoveryPoint, storesPoint, nothingLost, lostWrites, standby, staleConfig,
	writeGap, clientsMoved, promotionMark,
	replicationLag,
}

// span is from lo to hi, in milliseconds, per cent or writes.
type span struct{ lo, hi float64 }

func (s span) mid() float64 { return (s.lo + s.hi) / 2 }

// comparison is of one figure of the judge's with the truth.
type comparison struct {
	metric string
	manner manner // of the outage, for a recovery time
	truth  span
	is     span
	open   bool // the judge gave no upper end, though there was one
	seed   uint64
}

func (c comparison) covers() bool {
	const rounding = 1e-6
	return !c.open && c.is.lo <= c.truth.hi+rounding && c.is.hi >= c.truth.lo-rounding
}

func (c comparison) bias() float64 { return c.is.mid() - c.truth.mid() }

func (c comparison) String() string {
	name, is := c.metric, fmt.Sprintf("%.2f to %.2f", c.is.lo, c.is.hi)
	if c.manner != "" {
		name += " (" + string(c.manner) + ")"
	}
	if c.open {
		is = "not known"
	}
	return fmt.Sprintf("%s: %s, in truth %.2f to %.2f", name, is, c.truth.lo, c.truth.hi)
}

// compare says of every figure what is true of it, and lists what the judge found that nobody planted.
func (d *drill) compare() (all []comparison, strange []string) {
	m := d.report.Metrics
	add := func(metric string, how manner, truth, is span, known bool) {
		all = append(all, comparison{metric: metric, manner: how, truth: truth, is: is, open: !known, seed: d.seed})
	}
	d.compareOutages(m.RecoveryTime, add)
	d.compareLosses(m.RecoveryPoint, add)
	if c := m.Capacity; d.kind == limited {
		demand := d.offered.Writes + d.offered.Reads
		share, one := 100*d.capacity/demand, 100/demand/window.Seconds() // operations come whole
		is, known := span{}, c != nil && c.ShareLo != nil && c.ShareHi != nil
		if known {
			is = span{100 * float64(*c.ShareLo), 100 * float64(*c.ShareHi)}
		}
		add(standby, "", span{share - one, share + one}, is, known)
	}
	if c := m.StaleConfig; len(d.configs) > 0 {
		long := max(0, milliseconds(slices.Max(d.configs)-d.takeover))
		is, known := span{}, false
		if c != nil {
			is, known = spanOf(c.Interval)
		}
		add(staleConfig, "", span{long, long}, is, known)
	}
	if g := m.WriteGap; d.kind == switchover {
		is, known := span{}, false
		if g != nil {
			is, known = spanOf(g.Interval)
		}
		add(writeGap, d.spells[0].manner, d.notAcknowledged(0), is, known)
	}
	if c := m.Clients; d.kind == cached {
		is, known := span{}, false
		if c != nil {
			is, known = spanOf(c.Interval)
		}
		add(clientsMoved, "", apart(d.began[0], d.moved()), is, known)
	}
	for _, mark := range d.history.Marks {
		if mark.Name == "promoted" {
			at := milliseconds(d.promoted)
			add(promotionMark, "", span{at, at}, span{milliseconds(mark.At.Lo), milliseconds(mark.At.Hi)}, true)
		}
	}
	if d.kind == lagging {
		d.compareLag(m.ReplicationLag, add)
	}
	return all, d.strange()
}

type adding func(metric string, how manner, truth, is span, known bool)

// spanOf is an interval of the judge's; false where an end is not known.
func spanOf(i measure.Interval) (is span, known bool) {
	if i.Lo == nil || i.Hi == nil {
		return span{}, false
	}
	return span{milliseconds(i.Lo.Duration()), milliseconds(i.Hi.Duration())}, true
}

// withheld says whether the judge blames the harness, or its machine, for what was seen.
func (d *drill) withheld() bool {
	for _, f := range d.report.Findings {
		if f.ID == measure.FindingDrill {
			return f.Verdict != measure.Pass && (strings.Contains(f.Detail, "the harness") ||
				strings.Contains(f.Detail, "this machine"))
		}
	}
	return false
}

func (d *drill) compareOutages(r *measure.RecoveryTime, add adding) {
	switch {
	case d.kind == limited, d.kind == cached: // when it was back depends on what is called back
		return
	case r == nil:
		r = &measure.RecoveryTime{}
	}
	if d.kind == harmless {
		is, known := spanOf(r.Interval)
		add(noOutage, "", span{}, is, known)
		return
	}
	outages := d.report.Outages()
	total := span{}
	for i, s := range d.spells {
		truth := d.away(i)
		total.lo, total.hi = total.lo+truth.lo, total.hi+truth.hi
		is, known := span{}, false
		if len(outages) == len(d.spells) {
			is, known = spanOf(outages[i].Interval)
		}
		if s.manner != blocks { // of that, what came late enough is answered in time
			add(recoveryTime, s.manner, truth, is, known)
		}
	}
	if d.kind == twice {
		is, known := spanOf(r.Sum)
		add(sumOfOutages, "", total, is, known)
	}
}

func (d *drill) compareLosses(p *measure.RecoveryPoint, add adding) {
	if p == nil {
		p = &measure.RecoveryPoint{}
	}
	lost, truth := float64(p.Lost), float64(d.lost())
	add(lostWrites, "", span{truth, truth}, span{lost, lost}, true)
	if d.takeover == 0 || d.kind == switchover {
		return
	}
	point := func(metric string, age span, of measure.Interval) {
		if age.hi == 0 {
			metric = nothingLost
		}
		is, known := spanOf(of)
		add(metric, "", age, is, known)
	}
	joint := span{}
	for i, store := range stores {
		age := span{}
		if forgets := d.forgets[store]; forgets > 0 {
			age = d.age(forgets, d.causes[len(d.causes)-1])
			joint = span{max(joint.lo, age.lo), max(joint.hi, age.hi)}
		}
		var of measure.Interval
		if i < len(p.Stores) {
			of = p.Stores[i].Interval
		}
		point(storesPoint, age, of)
	}
	point(recoveryPoint, joint, p.Interval)
}

// lost is how many writes clients were told are taken, and one of the stores does not have.
func (d *drill) lost() int {
	n := 0
	has := map[string]int{}
	for _, store := range stores {
		for _, id := range d.service.list(d.forgets[store]) {
			has[id]++
		}
	}
	for _, id := range d.acked {
		if has[id] < len(stores) {
			n++
		}
	}
	return n
}

// compareLag asks for no more than that copies were truly as far behind as is said.
func (d *drill) compareLag(m *measure.ReplicationLag, add adding) {
	worst := time.Duration(0)
	acked := d.service.acknowledged()
	for at := steady; at < d.causes[0].at; at += ms / 2 {
		if behind, is := d.lag.behind(acked, at); is {
			worst = max(worst, behind)
		}
	}
	truth := milliseconds(worst)
	if m == nil || m.Stores[0].Loaded == nil {
		add(replicationLag, "", span{truth, truth}, span{}, false)
		return
	}
	add(replicationLag, "", span{truth, truth}, span{milliseconds(m.Stores[0].Loaded.Duration()), truth}, true)
}

// strange is what the judge said that is not so: nothing of the kind was planted. That the machine was too slow is for
// the judge to say.
func (d *drill) strange() []string {
	var all []string
	for _, f := range d.report.Findings {
		switch f.ID {
		case measure.FindingFencing, measure.FindingHole, measure.FindingLostAfterFailover, measure.FindingRefused,
			measure.FindingDuplicate, measure.FindingPhantom:
			if f.Verdict == measure.Fail {
				all = append(all, f.ID+": "+f.Detail)
			}
		case measure.FindingDrill:
			if f.Verdict != measure.Pass && !d.withheld() {
				all = append(all, f.ID+": "+f.Detail)
			}
		}
	}
	return all
}

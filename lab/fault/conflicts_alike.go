package fault

import (
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// What faults have in common that are seen alike.
type (
	measuring interface {
		onPaths
		streams() string // the direction
	}
	configuring interface{ configures() (region string) }
	replicating interface {
		replicates() (Replicated, impairment)
	}
	stepping interface{ steps() (step string) }
	damaging interface {
		onNodes
		damagesDisk()
	}
)

// alike says why what a brings about can't be told from what b does.
func alike(a, b Spec, t topology.Topology) string {
	switch b := b.(type) {
	case *Squeeze:
		if a, ok := a.(*Squeeze); ok && a.Region == b.Region && float64(a.To) < distinctRatio*float64(b.To) {
			return "the app has hardly more capacity left than that"
		}
	case *CorruptObject:
		if a, ok := a.(*CorruptObject); ok && a.Object == b.Object && a.in(t) == b.in(t) {
			return "the bit would be turned back"
		}
	case *DropRecords:
		if a, ok := a.(*DropRecords); ok && a.Stage == b.Stage && a.Partition == b.Partition {
			return "a partition loses one share in a stage at a time"
		}
	case configuring:
		if a, ok := a.(configuring); ok && a.configures() == b.configures() {
			return "the nodes of a region have one wrong configuration at a time"
		}
	case replicating:
		if a, ok := a.(replicating); ok {
			return alikeStreams(a, b)
		}
	case stepping:
		if a, ok := a.(stepping); ok && a.steps() == b.steps() {
			return "a step takes one fault at a time"
		}
	case damaging:
		if a, ok := a.(damaging); ok && slices.ContainsFunc(places(t),
			func(p Place) bool { return a.mustPick(p) && b.mustPick(p) }) {
			return "a disk that takes no writes for one reason does not show another"
		}
	case measuring:
		if a, ok := a.(measuring); ok && covers(a, b, t) {
			return alikeLinks(a, b)
		}
	}
	return ""
}

// covers says whether every path of b is one of a's.
func covers(a, b onPaths, t topology.Topology) bool {
	all := chosen(paths(t), b.picks)
	return len(all) > 0 && !slices.ContainsFunc(all, func(p Path) bool { return !a.picks(p) })
}

// alikeStreams is for two faults of replication. A rule of objects covers what begins with its prefix, and with that
// all that b writes to see anything.
func alikeStreams(first, second replicating) string {
	ra, a := first.replicates()
	rb, b := second.replicates()
	if ra.Store != rb.Store || ra.Region != rb.Region || !strings.HasPrefix(rb.Prefix, ra.Prefix) {
		return ""
	}
	log := ra.Store == storePostgres
	received := log && b.Do == doThrottle // it is of the links, and seen by what is received
	const nothing, late, slow = "nothing arrives then, whatever else is done to it",
		"everything is late then, whatever else is done to it", "no more arrives then"
	switch {
	case a.Do == doStall, a.Do == doPause && !received:
		return nothing
	case a.Do == doLag && b.Do == doLag && log:
		return "a replica has one lag at a time"
	case a.Do == doLag && b.Do == doLag:
		if b.Lag < 2*a.Lag {
			return late
		}
	case a.Do == doLag && !received:
		return late
	case a.Do == doThrottle && b.Do == doThrottle && a.Rate < 2*b.Rate:
		return slow
	}
	return ""
}

// alikeLinks is for two faults of the same links, that are both measured.
func alikeLinks(a, b measuring) string {
	together := ways(a.streams()) == 2 || ways(b.streams()) == 2 || a.streams() == b.streams()
	const narrow, short, uneven = "no more passes then", "connections end too early then to measure it",
		"round trips vary too much then to measure it"
	switch a := a.(type) {
	case *Bandwidth:
		switch b := b.(type) {
		case *Bandwidth:
			if together && float64(a.Rate) < 1.5*float64(b.Rate) {
				return narrow
			}
		case *ByteLimit:
			if together && 2*float64(b.Bytes) > measureWithin.Seconds()*float64(a.Rate) {
				return narrow
			}
		}
	case *ByteLimit:
		switch b := b.(type) {
		case *Bandwidth:
			if together && int64(a.Bytes) < b.payload() {
				return short
			}
		case *ByteLimit:
			if together && float64(a.Bytes) < 1.5*float64(b.Bytes) {
				return short
			}
		}
	case *Jitter:
		noise := float64(ways(a.Direction)) * a.UpTo.Seconds()
		switch b := b.(type) {
		case *Jitter, *Bandwidth:
			return uneven
		case *Latency:
			if noise > tolerance*float64(ways(b.Direction))*b.Delay.Seconds() {
				return uneven
			}
		case *SlowClose:
			if noise > tolerance*b.Delay.Seconds() {
				return uneven
			}
		}
	}
	return ""
}

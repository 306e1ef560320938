package measure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// ReplicationLag is how far the stores of the region that takes over were behind before anything was broken.
type ReplicationLag struct {
	Stores []StoreLag `json:"stores"`
}

// StoreLag is the worst that was seen of one store: it was at least that. Null: nothing was copied then, or nobody
// looked.
type StoreLag struct {
	Store  string `json:"store"`
	Quiet  *Low   `json:"quiet_ms"`  // before the load began
	Loaded *Low   `json:"loaded_ms"` // from the steady state until the first fault was ordered
}

// MeasureReplicationLag measures how far the survivor's stores were behind before anything was broken, where something
// stands in for a managed service's replication: at the worst that was seen without a load, and under it, from the
// steady state until the first fault was ordered. It is nil where nothing is replicated so, or nobody was asked.
//
// It says nothing about the design under test: what was lost does, and clients know that. It says whether the machine
// could have kept the promise.
func MeasureReplicationLag(h history.History, s Spec) *ReplicationLag { //nolint:revive // ReplicationLag is what it returns
	return replicationLagTo(h, s, s.Survivor)
}

// replicationLagTo is that of the stores of a region; empty: of any.
func replicationLagTo(h history.History, s Spec, region string) *ReplicationLag {
	var m ReplicationLag
	loaded, hasLoad := h.PhaseAt(history.PhaseWorkload)
	steady, reached := h.PhaseAt(history.PhaseSteady)
	broken := firstOrder(h)
	asked := false
	for _, store := range s.Replicated {
		lag := StoreLag{Store: store}
		for _, l := range h.Lags {
			if l.Store != store || region != "" && l.To != region {
				continue
			}
			asked = true
			switch {
			case hasLoad && l.At.Hi <= loaded:
				lag.Quiet = worstLag(lag.Quiet, l.Behind)
			case reached && l.At.Lo >= steady && l.At.Hi <= broken:
				lag.Loaded = worstLag(lag.Loaded, l.Behind)
			}
		}
		m.Stores = append(m.Stores, lag)
	}
	if !asked {
		return nil
	}
	return &m
}

func worstLag(seen *Low, lag *time.Duration) *Low {
	if lag == nil || seen != nil && *seen >= Low(*lag) {
		return seen
	}
	return new(Low(*lag))
}

// slowStore is a store that was too far behind when nothing was broken: further than it may be, and how far it was at
// most when something was.
type slowStore struct {
	StoreLag
	name    string // of the store, or of the rule of it
	limit   time.Duration
	atFault time.Duration
}

// tooSlow are the stores that were as far behind as the recovery point may be when nothing was broken, the distance
// apart: the machine would have lost as much of any design. A promise of no loss at all is not kept by copying
// afterwards, however quick that is; and where the scenario itself makes the copies late, no machine is to blame.
func (v *view) tooSlow(c cause) []slowStore {
	h, s := v.History, v.spec
	region := v.inChargeAfter(c) // which would have had what was lost
	if !v.tookOver(c) {
		region = s.Survivor
	}
	m := replicationLagTo(h, s, region)
	if m == nil {
		return nil
	}
	var slow []slowStore
	for _, l := range m.Stores {
		if l.Loaded == nil || lagInjected(h, l.Store, c.effect.Hi) {
			continue
		}
		for _, p := range v.parts() {
			limit, _ := s.lossLimit(p.name)
			if p.store == l.Store && p.isPrompt() && limit > 0 && time.Duration(*l.Loaded)-s.CopyTakes >= limit {
				slow = append(slow, slowStore{l, p.name, limit, maxLagAt(h, region, l.Store, c.effect.Hi)})
			}
		}
	}
	return slow
}

// maxLagAt is how far a store can have been behind at a time. It falls behind what was last seen of it no faster than
// time passes.
func maxLagAt(h history.History, region, store string, at time.Duration) time.Duration {
	bound := at
	for _, l := range h.Lags {
		if l.Behind != nil && l.Store == store && (region == "" || l.To == region) && l.At.Hi <= at {
			bound = min(bound, *l.Behind+at-l.At.Lo)
		}
	}
	return bound
}

// lagInjected reports whether a fault of the drill was meant to delay the copies of a store before the time that is
// judged.
func lagInjected(h history.History, store string, at time.Duration) bool {
	return slices.ContainsFunc(h.Faults, func(f history.Fault) bool {
		return slices.Contains(laggingFaults, f.Name) && strings.HasPrefix(f.Target, store+" ") && f.Command <= at
	})
}

// laggingFaults are the faults that delay copies. Their targets begin with the store.
var laggingFaults = []string{"lag_replication", "pause_replication", "throttle_replication"}

// excuse takes back what a store's recovery point says against the design, and notes why, if the machine was too slow
// for that store. Where more is lost than both can explain, what the machine was behind and what was allowed, the
// design lost it.
func (a *audit) excuse(p *RecoveryPoint, slow []slowStore) (excused bool) {
	i := slices.IndexFunc(slow, func(l slowStore) bool { return l.name == p.Name })
	if i < 0 || p.Lost == 0 || p.Verdict == Pass || time.Duration(*p.Lo) > time.Duration(*p.Within)+slow[i].atFault {
		return false
	}
	p.Verdict = Inconclusive
	a.laggingStores = append(a.laggingStores, slow[i])
	return true
}

// blameMachine explains that stores lagged because of the machine, not because of the design.
func blameMachine(slow []slowStore) string {
	var who, within []string
	for i, l := range slow {
		were := " were up to "
		if i > 0 {
			were = " up to "
		}
		who = append(who, l.name+were+AtLeast(l.Loaded.Duration()))
		within = append(within, Promise(l.limit))
	}
	return fmt.Sprintf("%s behind before anything was broken, of %s promised: this machine, not the design under "+
		"test, was too slow; close what else "+
		"runs on it, or use a smaller timescale or versitygw (--aws packages)", strings.Join(who, " and "),
		strings.Join(slices.Compact(within), " and "))
}

// replicationLags is the checker of how far replication was behind. It is no promise of the design's, so nothing is
// concluded of it here.
type replicationLags struct{ noFindings }

// Measure notes the lag.
func (replicationLags) Measure(v *view, m *Metrics) {
	m.ReplicationLag = MeasureReplicationLag(v.History, v.spec)
}

// Rows show it. No timescale makes copying quicker.
func (replicationLags) Rows(s rowSource) []Row {
	l := s.Metrics.ReplicationLag
	if l == nil {
		return nil
	}
	rows := []Row{{ID: "replication_lag", Name: "replication lag", Measured: "not measured"}}
	if under := l.worst(func(s StoreLag) *Low { return s.Loaded }); under != "" {
		rows[0].Measured = under + " before the fault"
	}
	if quiet := l.worst(func(s StoreLag) *Low { return s.Quiet }); quiet != "" {
		rows = append(rows, Row{ID: "replication_lag.quiet", Name: "without load", Part: true, Measured: quiet})
	}
	return rows
}

// worst is what was seen of each store, where anything was.
func (l ReplicationLag) worst(of func(StoreLag) *Low) string {
	var all []string
	for _, s := range l.Stores {
		if lag := of(s); lag != nil {
			all = append(all, s.Store+" "+Exactly(lag.Duration()))
		}
	}
	return strings.Join(all, ", ")
}

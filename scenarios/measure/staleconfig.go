package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingStaleConfig fails when a node referred to a lost region after clients were sent to it.
const FindingStaleConfig = "stale_config"

// StaleConfig is for how long nodes referred to the lost region after clients were redirected.
type StaleConfig struct {
	Nodes  int          `json:"nodes"`  // that said what their configuration is, outside the lost region
	Stale  []StaleValue `json:"stale"`  // what of it led to the lost region then
	Failed int          `json:"failed"` // operations that these nodes answered meanwhile, and not ok
	Interval
	Censored bool `json:"censored"`
	Objective
	Verdict Verdict `json:"verdict"`
}

// StaleValue is a value of a node's configuration, or an open connection (its Source says so), that leads to a lost
// region.
type StaleValue struct {
	Node     string `json:"node"`
	Service  string `json:"service"`
	Key      string `json:"key"`
	Address  string `json:"address"`
	Region   string `json:"region"`
	Source   string `json:"source"` // the document's part that it comes from
	Revision int    `json:"revision"`
}

// MeasureStaleConfig measures for how long nodes that serve in place of a lost region referred to it: by a value of
// their configuration, or by an open connection. It is nil where nothing is promised of that.
//
// Clients are sent there from the mark redirected, or the first shifted if that is earlier, r. The last node that
// referred to a lost region at r or after it stopped between two of its answers, at c: the figure is c.lo - r.hi to
// c.hi - r.lo, and 0 where none did. It is censored when one still does when the region is given back or the
// observation ends; without r before that, or where no region was lost, nothing was put to the test. A node of a region
// that is lost itself refers to nothing from then on. A node that falls silent was last known to refer to it when it
// last said so, and may have until it says something else: one that does not answer has changed nothing that anybody
// knows of. What a node had before its first answer is not known if clients were answered by it meanwhile, with another
// revision or none. The objective holds for each of several losses, of which a later one does not end what is asked of
// an earlier one, and the worst is reported.
func MeasureStaleConfig(h history.History, s Spec) *StaleConfig { //nolint:revive // StaleConfig is what it returns
	return viewOf(h, s).staleConfig()
}

func (v *view) staleConfig() *StaleConfig {
	if v.spec.StaleConfig == nil {
		return nil
	}
	worst := &StaleConfig{Objective: v.spec.objective(*v.spec.StaleConfig), Stale: []StaleValue{}}
	for i, c := range v.regionLosses() {
		if m := v.staleAfter(c); i == 0 || m.worse(*worst) {
			worst = m
		}
	}
	return worst
}

// worse says whether it is: by its verdict, then by how long it surely was.
func (m StaleConfig) worse(than StaleConfig) bool {
	if a, b := m.Verdict.rank(), than.Verdict.rank(); a != b {
		return a > b
	}
	return m.Lo != nil && (than.Lo == nil || *m.Lo > *than.Lo)
}

func (v *view) staleAfter(loss cause) *StaleConfig {
	within := *v.spec.StaleConfig
	m := &StaleConfig{Objective: v.spec.objective(within), Stale: []StaleValue{}}
	lost, end := loss.Regions, v.end
	if back, is := loss.healedAt(); is {
		end = min(end, back)
	}
	byNode := map[string][]history.ConfigSight{}
	for _, c := range v.Configs {
		if !slices.Contains(lost, c.Region) && c.At.Hi <= min(end, v.goneAfter(loss, c.Region)) {
			byNode[c.Node] = append(byNode[c.Node], c)
		}
	}
	for node, sights := range byNode {
		if !slices.ContainsFunc(sights, func(c history.ConfigSight) bool { return c.Error == "" }) {
			delete(byNode, node)
		}
	}
	m.Nodes = len(byNode)
	mark, redirected := v.markAfter(loss, markRedirected)
	if first, shifted := v.markAfter(loss, markShifted); shifted && (!redirected || first.At.Mid() < mark.At.Mid()) {
		mark, redirected = first, true
	}
	if m.Nodes == 0 || !redirected || mark.At.Hi >= end {
		return m
	}
	r := mark.At
	var lo, hi time.Duration
	failed := map[int64]bool{} // by number
	failures := sync.OnceValue(v.failures)
	for _, sights := range byNode {
		slices.SortStableFunc(sights, func(a, b history.ConfigSight) int { return cmp.Compare(a.At.Hi, b.At.Hi) })
		hi = max(hi, v.unknownUntil(sights, r)-r.Lo)
		untils := untilsOf(sights, end, v.goneAfter(loss, sights[0].Region))
		for i, sight := range sights {
			stale, until := staleValues(sight, lost), untils[i]
			if len(stale) == 0 || until.Hi <= r.Lo {
				continue
			}
			m.Stale = append(m.Stale, stale...)
			lo, hi = max(lo, until.Lo-r.Hi), max(hi, until.Hi-r.Lo)
			m.Censored = m.Censored || until.last
			failures()[sight.Node].note(max(r.Lo, sight.At.Lo), until.Hi, failed)
		}
	}
	hi = max(0, hi)
	m.Stale, m.Failed = merged(m.Stale), len(failed)
	m.Interval = fromTo(lo, hi)
	if m.Censored {
		m.Hi = nil
	}
	switch {
	case lo > within:
		m.Verdict = Fail
	case !m.Censored && hi <= within:
		m.Verdict = Pass
	}
	return m
}

// untilWhen is until when what a node said may have been so. Hi is when it said something else; last: it did not any
// more.
type untilWhen struct {
	history.Interval
	last bool
}

// goneAfter is when a region is lost after another one was.
func (v *view) goneAfter(loss cause, region string) time.Duration {
	for _, c := range v.causes[loss.index+1:] {
		if c.loses(region) {
			return c.effect.Hi
		}
	}
	return math.MaxInt64
}

// untilsOf are until when each of a node's sights holds; it may have fallen silent before, and be gone from some time
// on.
func untilsOf(sights []history.ConfigSight, end, gone time.Duration) []untilWhen {
	all := make([]untilWhen, len(sights))
	until := untilWhen{history.Interval{Lo: min(end, gone), Hi: min(end, gone)}, end <= gone}
	for i, sight := range slices.Backward(sights) {
		all[i] = until
		until.Lo = sight.At.Lo
		if sight.Error == "" {
			until.Hi, until.last = sight.At.Hi, false
		}
	}
	return all
}

// unknownUntil is when a node first said what its configuration is, if it had been asked, and not answered, and clients
// had been redirected by then. A node that answered no operation before that was not there for anybody; one whose
// answers all name the revision that it then spoke of had that.
func (v *view) unknownUntil(sights []history.ConfigSight, r history.Interval) time.Duration {
	i := slices.IndexFunc(sights, func(c history.ConfigSight) bool { return c.Error == "" })
	if i <= 0 || sights[i].At.Hi <= r.Lo {
		return 0
	}
	first := sights[i]
	for k := range v.Ops {
		if op := &v.Ops[k]; op.Node == first.Node && op.Done <= first.At.Hi && op.Done > r.Lo &&
			op.Revision != first.Revision {
			return first.At.Hi
		}
	}
	return 0
}

// fromConnection is the source of what no value of the configuration says, but an open connection shows.
const fromConnection = "connection"

// staleValues are the values and connections of a node that lead to a lost region.
func staleValues(c history.ConfigSight, lost []string) []StaleValue {
	var all []StaleValue
	for _, v := range c.Values {
		if slices.Contains(lost, v.Region) {
			all = append(all, StaleValue{
				Node: c.Node, Service: c.Service, Key: v.Key, Address: v.Address, Region: v.Region, Source: v.Source,
				Revision: c.Revision,
			})
		}
	}
	for _, l := range c.Live {
		if slices.Contains(lost, l.Region) {
			all = append(all, StaleValue{
				Node: c.Node, Service: c.Service, Key: l.Store, Address: l.Address, Region: l.Region,
				Source: fromConnection, Revision: c.Revision,
			})
		}
	}
	return all
}

// merged has each value of a node once, in their order.
func merged(all []StaleValue) []StaleValue {
	slices.SortStableFunc(all, func(a, b StaleValue) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.Revision, b.Revision))
	})
	return slices.CompactFunc(all, func(a, b StaleValue) bool {
		return a.Node == b.Node && a.Key == b.Key &&
			a.Source == b.Source
	})
}

func staleConfigFinding(m StaleConfig) Finding {
	f := Finding{ID: FindingStaleConfig, Checker: "configuration", Verdict: m.Verdict}
	objective := "(objective " + m.promise() + ")"
	switch {
	case m.Nodes == 0:
		f.Detail = "no node said what its configuration is while a region was lost: nothing is known " + objective
	case m.Lo == nil:
		f.Detail = "clients were not redirected from a region that was lost: nothing was put to the test " + objective
	case len(m.Stale) == 0:
		f.Detail = fmt.Sprintf("none of %d nodes referred to the lost region when clients were redirected %s", m.Nodes,
			objective)
	default:
		var what []string
		for _, v := range m.Stale {
			where := v.Key + " at " + v.Address + " in " + v.Region
			if v.Source == fromConnection {
				where = "an open connection to " + where
			}
			what = append(what, fmt.Sprintf("%s of %s has %s (%s, revision %d)", v.Service, v.Node, where, v.Source,
				v.Revision))
			f.Evidence = append(f.Evidence, v.Node+" "+v.Key)
		}
		f.Evidence = f.Evidence[:min(len(f.Evidence), maxEvidence)]
		long := "for " + AtLeast(m.Lo.Duration()) + " or more"
		if m.Hi != nil {
			long = "for " + AtLeast(m.Lo.Duration()) + " to " + AtMost(m.Hi.Duration())
		}
		f.Detail = fmt.Sprintf("after clients were redirected the lost region was referred to %s %s: %s; %d "+
			"operations failed at these nodes meanwhile",
			long, objective, strings.Join(what[:min(len(what), 4)], ", "), m.Failed)
	}
	return f
}

// staleConfigs is the checker of stale configuration.
type staleConfigs struct{ promises }

// IDs are those of its findings.
func (staleConfigs) IDs() []string { return []string{FindingStaleConfig} }

// Measure notes what was stale, and for how long.
func (staleConfigs) Measure(v *view, m *Metrics) { m.StaleConfig = v.staleConfig() }

// Find compares it with the objective.
func (staleConfigs) Find(_ *view, m Metrics) []Finding {
	if m.StaleConfig == nil {
		return nil
	}
	return []Finding{staleConfigFinding(*m.StaleConfig)}
}

// Rows say for how long the lost region was referred to, and below it by whom.
func (staleConfigs) Rows(s rowSource) []Row {
	c := s.Metrics.StaleConfig
	if c == nil {
		return nil
	}
	out := Row{
		ID: FindingStaleConfig, Name: "stale configuration", Objective: c.promise(), Judged: true, Verdict: c.Verdict,
		Measured:  "not measured",
		Deviation: c.deviation(c.Interval, c.Censored),
	}
	if *c.Within == 0 {
		out.Objective = "none at redirect"
	}
	switch {
	case c.Censored || c.Hi != nil && *c.Hi > 0:
		nodes := map[string]bool{}
		for _, v := range c.Stale {
			nodes[v.Node] = true
		}
		out.Measured = fmt.Sprintf("%s, %s failed at %s", c.took(c.Censored, 1),
			Count(c.Failed, "operation", "operations"), Count(len(nodes), "node", "nodes"))
	case c.Lo != nil:
		out.Measured = "none of " + Count(c.Nodes, "node", "nodes")
	}
	s.full(&out, c.Objective, nil)
	rows := []Row{out}
	for _, v := range c.Stale {
		rows = append(rows, Row{
			ID: FindingStaleConfig + "." + v.Node + "." + v.Key + "." + v.Source, Name: v.Service + " " + v.Key,
			Part: true,
			Measured: fmt.Sprintf("%s: %s in %s, by %s, revision %d", v.Node, v.Address, v.Region, v.Source,
				v.Revision),
		})
	}
	return rows
}

package measure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/scenarios/history"
)

// Reconnected is how long the app hung on to stores that its addresses led away from: the time from the turning of an
// address until a store has answered over it again, in the node that took longest.
type Reconnected struct {
	Interval                // of the last node; only lo is known where one was not seen to be connected again
	Censored bool           `json:"censored"`
	Nodes    []Reconnection `json:"nodes"` // whose addresses were turned, and had been used; by name
}

// Reconnection is that of one node of the app, for the store and the turning that took longest.
type Reconnection struct {
	Node  string `json:"node"`
	Store string `json:"store"`
	Interval
	Censored bool `json:"censored"` // nothing answered there to the end of the observation
}

// MeasureReconnected measures how long nodes of the app went without the stores that they were led to. An endpoint ends
// what it carried when it turns, so that no connection hangs on; a node does, until it connects anew. With t the
// turning, and a the first answer of the store that the endpoint leads to then,
//
//	max(0, a.lo - t.hi) <= reconnected <= a.hi - t.lo
//
// An endpoint that turns again before anything has answered goes on with the same wait. One that nobody has used before
// it turns leaves no mark. Each node of the region that takes over is asked by the automation whether it is ready; a
// node that nobody asks for anything connects to nobody, and is told as one that was not connected again.
//
// It is nil where no endpoint was turned: the app's addresses change with its configuration, or nothing has happened.
func MeasureReconnected(h history.History) *Reconnected { //nolint:revive // Reconnected is what it returns
	nodes := map[string]Reconnection{}
	for _, r := range reconnections(h) {
		if worst, is := nodes[r.Node]; !is || r.later(worst) {
			nodes[r.Node] = r
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	out := &Reconnected{}
	lo, hi := Low(0), High(0)
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		r := nodes[name]
		out.Nodes = append(out.Nodes, r)
		lo = max(lo, *r.Lo)
		if r.Censored {
			out.Censored = true
		} else {
			hi = max(hi, *r.Hi)
		}
	}
	out.Lo = &lo
	if !out.Censored {
		out.Hi = &hi
	}
	return out
}

// reconnections are all, in no order: of each endpoint that was turned while the service was watched.
func reconnections(h history.History) []Reconnection {
	type endpoint struct{ node, store string }
	turned := map[endpoint]history.Interval{} // and not answered yet
	from, _ := h.PhaseAt(history.PhaseWorkload)
	end := endOf(h)
	var all []Reconnection
	for _, m := range h.Marks {
		store, _, _ := strings.Cut(m.Detail, " ")
		at := endpoint{m.Source, store}
		t, waits := turned[at]
		switch {
		case m.Name == api.MarkTurned && !waits && m.At.Lo >= from && m.At.Hi <= end:
			turned[at] = m.At
		case m.Name == api.MarkReconnected && waits:
			all = append(all, Reconnection{
				Node: at.node, Store: at.store, Interval: fromTo(max(0, m.At.Lo-t.Hi), m.At.Hi-t.Lo),
			})
			delete(turned, at)
		}
	}
	for at, t := range turned {
		all = append(all, Reconnection{
			Node: at.node, Store: at.store, Interval: more(max(0, end-t.Hi)), Censored: true,
		})
	}
	return all
}

// later says whether a node was connected again later than for another store, or after another turning.
func (r Reconnection) later(than Reconnection) bool {
	if r.Censored != than.Censored {
		return r.Censored
	}
	of := func(r Reconnection) time.Duration {
		if r.Censored {
			return r.Lo.Duration()
		}
		return r.Hi.Duration()
	}
	return cmp.Or(cmp.Compare(of(r), of(than)), -strings.Compare(r.Store, than.Store)) > 0
}

// reconnects is the checker of when the app was connected again. It is no promise, so nothing is concluded of it.
type reconnects struct{ noFindings }

// Measure notes when it was.
func (reconnects) Measure(v *view, m *Metrics) { m.Reconnected = MeasureReconnected(v.History) }

// Rows show it.
func (reconnects) Rows(s rowSource) []Row {
	r := s.Metrics.Reconnected
	if r == nil {
		return nil
	}
	out := Row{ID: "app_reconnected", Name: "app reconnected", Measured: r.took(r.Censored, 1)}
	if r.Censored {
		again := 0
		for _, n := range r.Nodes {
			if !n.Censored {
				again++
			}
		}
		out.Measured += fmt.Sprintf(" (%d of %s)", again, Count(len(r.Nodes), "node", "nodes"))
	}
	return []Row{out}
}

package measure

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// leastReads is how many reads of a region, before the fault and after it, a promise about them is judged by at least.
const leastReads = 20

// MeasureReads is the latency of reads by the region and the path that they were answered by, counted from their due time; nil where none was
// answered by the region's own database. It counts in calm times only (see calm).
func MeasureReads(h history.History, s Spec) []ReadLatency { //nolint:revive // Reads are what it returns
	return viewOf(h, s).readLatencies()
}

func (v *view) readLatencies() []ReadLatency {
	type place struct {
		region, path string
		count        int
		took         []time.Duration
	}
	var places []*place // few
	at := func(op *history.Op) *place {
		for _, p := range places {
			if p.region == op.Region && p.path == op.Path {
				return p
			}
		}
		places = append(places, &place{region: op.Region, path: op.Path})
		return places[len(places)-1]
	}
	local := false
	when := v.calm()
	counts := func(op *history.Op) bool {
		return op.Kind == history.Read && op.Path != "" && when(op.Due, op.Done) != stormy
	}
	for i := range v.Ops {
		if op := &v.Ops[i]; counts(op) {
			local = local || op.Path == PathLocal
			at(op).count++
		}
	}
	if !local {
		return nil
	}
	for _, p := range places {
		p.took = make([]time.Duration, 0, p.count)
	}
	for i := range v.Ops {
		if op := &v.Ops[i]; counts(op) {
			p := at(op)
			p.took = append(p.took, op.Done-op.Due)
		}
	}
	var all []ReadLatency
	for _, p := range places {
		all = append(all, ReadLatency{Region: p.region, Path: p.path, Latency: *latencyOf(p.took)})
	}
	slices.SortFunc(all, func(a, b ReadLatency) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Path, b.Path))
	})
	return all
}

// period is where in a drill an operation was due.
type period int

const (
	stormy period = iota
	earlier
	later
)

// calm says of an operation whether it was due and ended from the steady state to the first fault's command, or was due from when all faults were
// effective and the service was back from the last cause: what breaks a region and starts another needs processors, which the regions of a lab share
// and those of a cloud do not.
func (v *view) calm() func(due, done time.Duration) period {
	steady, reached := v.PhaseAt(history.PhaseSteady)
	from, to := time.Duration(math.MaxInt64), time.Duration(0)
	for _, f := range v.Faults {
		from = min(from, f.Command)
		if !confirmed(f) {
			to = math.MaxInt64
			break
		}
		to = max(to, f.Effective.Hi)
	}
	if v.spec.RecoveryTime != nil && len(v.causes) > 0 {
		if v.service == nil {
			to = math.MaxInt64
		}
		for _, c := range v.causes {
			to = max(to, v.recovered(c))
		}
		if v.service != nil && v.service.all.lastHeld < v.causes[len(v.causes)-1].f.Hi {
			to = math.MaxInt64
		}
	}
	return func(due, done time.Duration) period {
		switch {
		case reached && due >= steady && done <= from: // one that was under way is the fault's
			return earlier
		case due >= to:
			return later
		}
		return stormy
	}
}

// CheckLocalReads compares the 99th percentile of the reads in each region with what was promised. All reads in calm times count, wherever the answer
// came from and also without one: where a region's own database doesn't answer in time, its users don't care who else does. One that never got
// out counts where its client was served last. Nothing is known of a region with less than leastReads before the fault or, where it was not lost,
// after it; nor where a responder that has nothing to do (see history.Control) needed so long that the reads could have been within the promise
// without that: then the machine was too slow, not the design.
func CheckLocalReads(h history.History, s Spec) Finding { return viewOf(h, s).localReads() }

func (v *view) localReads() Finding {
	f := Finding{ID: FindingLocalReads, Checker: "reads"}
	limit, when := *ms(v.spec.LocalReads), v.calm()
	readsIn := v.readsIn(when)
	var said, thin, machine []string
	slow := false
	for _, r := range readsIn {
		region, n := r.name, r.count
		if region == "" { // of clients that never were in any
			if n[earlier]+n[later] >= leastReads {
				said, slow = append(said, fmt.Sprintf("%d got nowhere", len(r.places))), true
			}
			continue
		}
		if n[earlier] < leastReads || n[later] < leastReads && !r.lost {
			thin = append(thin, fmt.Sprintf("only %d reads before the fault and %d after it in %s", n[earlier], n[later], region))
			continue
		}
		p99 := percentile99(v.took(r.places))
		text := words(*ms(p99))
		if p99 == math.MaxInt64 {
			text = "not answered"
		}
		said = append(said, fmt.Sprintf("%s in %s (%d reads)", text, region, len(r.places)))
		if *ms(p99) <= limit {
			continue
		}
		idle := max(v.controlled(region, when), percentile99(v.delayed(r.places)))
		if p99 < math.MaxInt64 && *ms(p99 - idle) <= limit {
			machine = append(machine, fmt.Sprintf("%s in %s", words(*ms(idle)), region))
			continue
		}
		slow = true
	}
	switch {
	case slow:
		f.Verdict = Fail
	case len(thin)+len(machine) == 0 && len(said) > 0:
		f.Verdict = Pass
	}
	f.Detail = "reads, p99: " + strings.Join(append(said, thin...), ", ") + " (objective " + promised(limit) + "; physical, not scaled)"
	if len(machine) > 0 {
		f.Detail += "; this machine, not the design under test, was too slow: a responder that has nothing to do needed " + strings.Join(machine, ", ")
	}
	return f
}

// readsOfRegion are the reads in one region, or of nobody who ever was in any.
type readsOfRegion struct {
	name   string
	lost   bool
	count  [3]int  // by period
	places []int32 // in the history, of those in calm times
}

// readsIn are the reads by their regions, in the order of the names.
func (v *view) readsIn(when func(due, done time.Duration) period) []*readsOfRegion {
	var lost []string
	for _, c := range v.lost() {
		lost = append(lost, c.Regions...)
	}
	regions := map[string]*readsOfRegion{}
	served := v.servedIn()
	for i := range v.Ops {
		op := &v.Ops[i]
		if op.Kind != history.Read {
			continue
		}
		region := served(op)
		r := regions[region]
		if r == nil {
			r = &readsOfRegion{name: region, lost: slices.Contains(lost, region)}
			regions[region] = r
		}
		at := when(op.Due, op.Done)
		if at == later && r.lost {
			at = stormy // a client that has not heard of the redirect yet
		}
		if r.count[at]++; at != stormy {
			r.places = append(r.places, int32(i))
		}
	}
	var all []*readsOfRegion
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		all = append(all, regions[name])
	}
	return all
}

// took is how long reads needed.
func (v *view) took(places []int32) []time.Duration {
	all := make([]time.Duration, 0, len(places))
	for _, i := range places {
		op := &v.Ops[i]
		d := op.Done - op.Due
		if op.Outcome != history.OK && op.Status != http.StatusNotFound {
			d = math.MaxInt64 // it was not answered, however soon that was known
		}
		all = append(all, d)
	}
	return all
}

// delayed is how late the harness sent them.
func (v *view) delayed(places []int32) []time.Duration {
	all := make([]time.Duration, 0, len(places))
	for _, i := range places {
		all = append(all, v.Ops[i].Sent-v.Ops[i].Due)
	}
	return all
}

// servedIn says in which region a read was answered, or would have been: one that never got out, where its client was served before, else after.
func (v *view) servedIn() func(op *history.Op) string {
	served := map[int][]int32{} // by client, once it is asked for
	return func(op *history.Op) string {
		if op.Region != "" {
			return op.Region
		}
		all, known := served[op.Client]
		if !known {
			all = slices.DeleteFunc(slices.Clone(v.turns().of(op.Client)), func(i int32) bool { return v.Ops[i].Region == "" })
			served[op.Client] = all
		}
		if len(all) == 0 {
			return ""
		}
		i, _ := slices.BinarySearchFunc(all, op.Due, func(i int32, t time.Duration) int { return cmp.Compare(v.Ops[i].Sent, t) })
		return v.Ops[all[max(0, i-1)]].Region
	}
}

// controlled is the 99th percentile of what a responder in a region that has nothing to do needed in calm times; 0 where nobody asked.
func (v *view) controlled(region string, when func(due, done time.Duration) period) time.Duration {
	var took []time.Duration
	for _, c := range v.Controls {
		if c.Region == region && c.Error == "" && when(c.Due, c.Done) != stormy {
			took = append(took, c.Done-c.Due)
		}
	}
	if len(took) < leastReads {
		return 0
	}
	return percentile99(took)
}

func percentile99(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[least(0.99, len(took))-1]
}

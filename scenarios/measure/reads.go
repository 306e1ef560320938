package measure

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingLocalReads compares the reads in each region with the latency that was promised.
const FindingLocalReads = "local_reads"

// pathPrimary is the path of a read that the database in charge answered.
const pathPrimary = "primary"

// PathLocal is the path of a read that the database of the region answered without waiting.
const PathLocal = "local"

// ReadLatency is that of reads answered in one region by one path (of the app: local, waited or primary).
type ReadLatency struct {
	Region string `json:"region"`
	Path   string `json:"path"`
	Latency
}

// leastReads is how many reads of a region, before the fault and after it, a promise about them is judged by at least.
const leastReads = 20

// wakes is how many times as many processes have to get a processor for a read as for a question to a responder that
// has nothing to do: hub, app and database on the way there, and the app and the hub on the way back, where that needs
// the hub and itself.
const wakes = 3

// readLatencies is the latency of reads by the region and the path that they were answered by, counted from their due
// time; nil where none was answered by the region's own database. It counts in undisturbed periods only (see
// view.periods).
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
	periodOf := v.periods()
	counts := func(op *history.Op) bool {
		return op.Kind == history.Read && op.Path != "" && periodOf(op.Due, op.Done) != disturbed
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

// CheckLocalReads compares the 99th percentile of the reads in each region with what was promised. All reads in
// undisturbed periods count, wherever the answer came from and also without one: where a region's own database doesn't
// answer in time, its users don't care who else does. One that never got out counts where its client was served last.
// Those of a region that is lost at the time do not count: their clients have not heard of the redirect yet. Nothing is
// known of a region with less than leastReads before the fault or, where it is not lost to the end, after it; nor where
// a responder that has nothing to do (see history.Control) needed so long that the reads could have been within the
// promise without what the same would have cost them, on each of their ways through as many processes: then the machine
// was too slow, not the design.
func CheckLocalReads(h history.History, s Spec) Finding { return viewOf(h, s).localReads() }

func (v *view) localReads() Finding {
	f := Finding{ID: FindingLocalReads, Checker: "reads"}
	limit, periodOf := v.spec.LocalReads, v.periods()
	readsIn := v.readsIn(periodOf)
	var said, thin, machine, stood []string
	slow := false
	slowest := max(v.controlLatency(periodOf), v.timerDelay(periodOf))
	for _, r := range readsIn {
		region, n := r.name, r.count
		if region == "" { // of clients that never were in any
			if n[beforeFaults]+n[afterRecovery] >= leastReads {
				said, slow = append(said, fmt.Sprintf("%d got nowhere", len(r.places))), true
			}
			continue
		}
		if n[beforeFaults] < leastReads || n[afterRecovery] < leastReads && !r.lost {
			thin = append(thin, fmt.Sprintf("only %d reads before the fault and %d after it in %s", n[beforeFaults],
				n[afterRecovery], region))
			continue
		}
		p99 := percentile99(v.took(r.places))
		text := AtMost(p99)
		if p99 == math.MaxInt64 {
			text = "not answered"
		}
		said = append(said, fmt.Sprintf("%s in %s (%d reads)", text, region, len(r.places)))
		if p99 <= limit {
			continue
		}
		if awake := v.awake(r.places); len(awake) < len(r.places) && percentile99(v.took(awake)) <= limit {
			stood = append(stood, region)
			continue
		}
		idle := max(slowest, percentile99(v.delayed(r.places)))
		if p99 < math.MaxInt64 && p99-wakes*idle <= limit {
			machine = append(machine, fmt.Sprintf("%s in %s", AtMost(idle), region))
			continue
		}
		slow = true
	}
	switch {
	case slow:
		f.Verdict = Fail
	case len(thin)+len(machine)+len(stood) == 0 && len(said) > 0:
		f.Verdict = Pass
	}
	f.Detail = "reads, p99: " + strings.Join(append(said, thin...), ", ") + " (objective " + Promise(limit) +
		"; physical, not scaled)"
	if len(stood) > 0 {
		f.Detail += "; the harness stood still while reads were under way in " + strings.Join(stood, ", ") +
			", and without those it is kept"
	}
	if len(machine) > 0 {
		f.Detail += "; this machine, not the design under test, was too slow: a responder or a timer that has " +
			"nothing to do needed " + strings.Join(machine, ", ")
	}
	return f
}

// readsOfRegion are the reads in one region, or of nobody who ever was in any.
type readsOfRegion struct {
	name   string
	lost   bool    // to the end
	count  [3]int  // by period
	places []int32 // in the history, of those in undisturbed periods
}

// readsIn are the reads by their regions, in the order of the names.
func (v *view) readsIn(when func(due, done time.Duration) period) []*readsOfRegion {
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
			r = &readsOfRegion{name: region, lost: v.lostAt(region, v.end)}
			regions[region] = r
		}
		at := when(op.Due, op.Done)
		if at == afterRecovery && v.lostAt(region, op.Due) {
			at = disturbed // a client that has not heard of the redirect yet
		}
		if r.count[at]++; at != disturbed {
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
		if op.Outcome != history.OK && !op.FoundNothing() {
			d = math.MaxInt64 // it was not answered, however soon that was known
		}
		all = append(all, d)
	}
	return all
}

// awake are those that were not under way while the harness stood still.
func (v *view) awake(places []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(places), func(i int32) bool { return v.stalled(v.Ops[i].Due, v.Ops[i].Done) })
}

// delayed is how late the harness sent them.
func (v *view) delayed(places []int32) []time.Duration {
	all := make([]time.Duration, 0, len(places))
	for _, i := range places {
		all = append(all, v.Ops[i].Sent-v.Ops[i].Due)
	}
	return all
}

// servedIn says in which region a read was answered, or would have been: one that never got out, where its client was
// served before, else after.
func (v *view) servedIn() func(op *history.Op) string {
	served := map[int][]int32{} // by client, once it is asked for
	return func(op *history.Op) string {
		if op.Region != "" {
			return op.Region
		}
		all, known := served[op.Client]
		if !known {
			all = slices.DeleteFunc(slices.Clone(v.clientOps().of(op.Client)),
				func(i int32) bool { return v.Ops[i].Region == "" })
			served[op.Client] = all
		}
		if len(all) == 0 {
			return ""
		}
		i, _ := slices.BinarySearchFunc(all, op.Due, func(i int32,
			t time.Duration,
		) int {
			return cmp.Compare(v.Ops[i].Sent, t)
		})
		return v.Ops[all[max(0, i-1)]].Region
	}
}

// localReads is the checker of how long reads took where they were answered.
type localReads struct{ promises }

// IDs are those of its findings.
func (localReads) IDs() []string { return []string{FindingLocalReads} }

// Measure notes the latencies.
func (localReads) Measure(v *view, m *Metrics) { m.Reads = v.readLatencies() }

// Find compares them with what was promised.
func (localReads) Find(v *view, _ Metrics) []Finding {
	if v.spec.LocalReads <= 0 {
		return nil
	}
	return []Finding{v.localReads()}
}

// Rows have what is local first, which is what a promise is about. Nothing in them is scaled.
func (localReads) Rows(s rowSource) []Row {
	var rows, others []Row
	worst := High(0)
	for _, l := range s.Metrics.Reads {
		line := Row{
			ID: "reads." + l.Region + "." + l.Path, Name: l.Path + " in " + l.Region, Part: true,
			Measured: fmt.Sprintf("%s (%d)", l.words(), l.Count),
		}
		if l.Path == PathLocal {
			rows, worst = append(rows, line), max(worst, l.P99)
		} else {
			others = append(others, line)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	head := Row{ID: FindingLocalReads, Name: "local reads, not scaled", Measured: "p99 at most " +
		AtMost(worst.Duration())}
	head.Verdict, head.Judged = s.verdict(FindingLocalReads)
	return append(append([]Row{head}, rows...), others...)
}

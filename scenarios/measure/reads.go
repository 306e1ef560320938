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
	type place struct{ region, path string }
	took := map[place][]time.Duration{}
	local := false
	when := calm(h, s)
	for _, op := range h.Ops {
		if op.Kind != history.Read || op.Path == "" || when(op) == stormy {
			continue
		}
		local = local || op.Path == PathLocal
		at := place{op.Region, op.Path}
		took[at] = append(took[at], op.Done-op.Due)
	}
	if !local {
		return nil
	}
	var all []ReadLatency
	for at, durations := range took {
		all = append(all, ReadLatency{Region: at.region, Path: at.path, Latency: *latencyOf(durations)})
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
	before        // the fault
	after
)

// calm says of an operation whether it was due and ended from the steady state to the first fault's command, or was due from when all faults were effective and the
// service was back: what breaks a region and starts another needs processors, which the regions of a lab share and those of a cloud do not.
func calm(h history.History, s Spec) func(history.Op) period {
	steady, reached := h.PhaseAt(history.PhaseSteady)
	from, to := time.Duration(math.MaxInt64), time.Duration(0)
	for _, f := range h.Faults {
		from = min(from, f.Command)
		if !confirmed(f) {
			to = math.MaxInt64
			break
		}
		to = max(to, f.Effective.Hi)
	}
	if s.RecoveryTime != nil && len(h.Faults) > 0 && to < math.MaxInt64 {
		h.Faults = h.Faults[len(h.Faults)-1:] // of several, back from the last one
		if r := MeasureRecoveryTime(h, s); r == nil || r.HiMS == nil {
			to = math.MaxInt64
		} else {
			to = h.Faults[0].Effective.Hi + time.Duration(*r.HiMS*float64(time.Millisecond))
		}
	}
	return func(op history.Op) period {
		switch {
		case reached && op.Due >= steady && op.Done <= from: // one that was under way is the fault's
			return before
		case op.Due >= to:
			return after
		}
		return stormy
	}
}

// CheckLocalReads compares the 99th percentile of the reads in each region with what was promised. All reads in calm times count, wherever the answer
// came from and also without one: where a region's own database doesn't answer in time, its users don't care who else does. Nothing is known of a
// region with less than leastReads before the fault or, where it was not lost, after it.
func CheckLocalReads(h history.History, s Spec) Finding {
	f := Finding{ID: FindingLocalReads, Checker: "reads"}
	limit, when := *ms(s.LocalReads), calm(h, s)
	var lost []string
	for _, fault := range h.Faults {
		lost = append(lost, fault.Regions...)
	}
	took := map[string][]time.Duration{}
	count := map[string]*[3]int{} // by period
	for _, op := range h.Ops {
		if op.Kind != history.Read || op.Region == "" {
			continue
		}
		if count[op.Region] == nil {
			count[op.Region] = new([3]int)
		}
		at := when(op)
		if at == after && slices.Contains(lost, op.Region) {
			at = stormy // a client that has not heard of the redirect yet
		}
		if count[op.Region][at]++; at == stormy {
			continue
		}
		d := op.Done - op.Due
		if op.Outcome != history.OK && op.Status != http.StatusNotFound {
			d = math.MaxInt64 // it was not answered, however soon that was known
		}
		took[op.Region] = append(took[op.Region], d)
	}
	var said, thin []string
	slow := false
	for _, region := range slices.Sorted(maps.Keys(count)) {
		n, reads := count[region], took[region]
		if n[before] < leastReads || n[after] < leastReads && !slices.Contains(lost, region) {
			thin = append(thin, fmt.Sprintf("only %d reads before the fault and %d after it in %s", n[before], n[after], region))
			continue
		}
		slices.Sort(reads)
		p99 := reads[least(0.99, len(reads))-1]
		text := words(*ms(p99))
		if p99 == math.MaxInt64 {
			text = "not answered"
		}
		said = append(said, fmt.Sprintf("%s in %s (%d reads)", text, region, len(reads)))
		slow = slow || *ms(p99) > limit
	}
	switch {
	case slow:
		f.Verdict = Fail
	case len(thin) == 0 && len(said) > 0:
		f.Verdict = Pass
	}
	f.Detail = "reads, p99: " + strings.Join(append(said, thin...), ", ") + " (objective " + promised(limit) + "; physical, not scaled)"
	return f
}

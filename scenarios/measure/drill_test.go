package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const (
	home    = "us-east-1"
	standby = "us-west-2"
	msec    = time.Millisecond
)

// drill is a history in the making, together with what was promised. The methods edit it.
type drill struct {
	history.History
	spec Spec
	cut  bool // its last operation is half written
}

// goodDrill is the drill that the fixtures are variations of. Ten writes a second from 0.5 s on; us-east-1 is lost
// between 3.00 and 3.02 s, us-west-2 serves from 4.2 s on; the last operation is due at 6.4 s. v24 did not reach the
// standby's PostgreSQL, v23 and v24 not its items. Write vNN is due at 0.5 s + NN x 0.1 s: v25 is the first that is due
// in the outage, v37 the first after it.
func goodDrill() *drill {
	d := &drill{spec: Spec{
		Timescale: 60,
		RecoveryTime: &RecoveryTimeObjective{
			Within: 2 * time.Second, Window: time.Second, Success: 0.99, Quantile: 0.99, Latency: 250 * msec,
			Capacity: 0.9,
		},
		RecoveryPoint: &RecoveryPointObjective{Within: 400 * msec},
		Stores:        []string{history.StorePostgres, history.StoreObjects, history.StoreItems},
		Ordered:       []string{history.StorePostgres},
		Survivor:      standby,
		MinAcked:      20,
	}}
	d.Phases = []history.Phase{
		{At: 400 * msec, Name: history.PhaseWorkload},
		{At: 1000 * msec, Name: history.PhaseSteady},
		{At: 6500 * msec, Name: history.PhaseStop},
		{At: 8000 * msec, Name: history.PhaseEnd},
	}
	d.Faults = []history.Fault{{
		Name: "lose_region", Target: home, Regions: []string{home}, Command: 2990 * msec,
		Effective: between(3000, 3020), Healed: between(7000, 7100), Confirmed: true, By: "no answer through the tap",
	}}
	for name, at := range map[string]int{
		"detected": 3400, "decided": 3600, "fenced": 3650, "promoted": 3900, "repointed": 4000, "redirected": 4050,
	} {
		d.Marks = append(d.Marks, history.Mark{At: *between(at-5, at+5), Source: "automation." + standby, Name: name})
	}
	slices.SortFunc(d.Marks, func(a, b history.Mark) int { return int(a.At.Lo - b.At.Lo) })
	for i := range 60 {
		due := time.Duration(500+100*i) * msec
		d.Ops = append(d.Ops, history.Op{
			Seq: int64(i), Kind: history.Write, ID: fmt.Sprintf("v%02d", i), Due: due,
			Sent: due + msec,
		})
		d.ok(i, home)
	}
	for i, kind := range []string{history.BeforeReturn, history.AfterReconciliation} {
		for _, store := range d.spec.Stores {
			at := 6800 + 700*i
			d.Reads = append(d.Reads, history.FinalRead{
				Read: kind, Store: store, Region: standby,
				At: *between(at, at+10),
			})
		}
	}
	d.outage(37)
	for i := range d.Ops {
		if d.Ops[i].Outcome == history.OK {
			d.keep(i)
		}
	}
	d.lose(history.StorePostgres, "v24")
	d.lose(history.StoreItems, "v23", "v24")
	return d
}

func between(lo, hi int) *history.Interval {
	return &history.Interval{Lo: time.Duration(lo) * msec, Hi: time.Duration(hi) * msec}
}

// ok lets a region acknowledge operation i after 11 ms.
func (d *drill) ok(i int, region string) {
	op := &d.Ops[i]
	op.Done, op.Outcome, op.Status, op.Region, op.Attempts = op.Sent+11*msec, history.OK, 201, region, 1
	op.Node, op.Revision, op.Timeline, op.Error = region+".app-1", 1, 1, ""
	if region == standby {
		op.Revision, op.Timeline = 2, 2
	}
}

// bad lets operation i end without an answer.
func (d *drill) bad(i int) {
	op := &d.Ops[i]
	*op = history.Op{
		Seq: op.Seq, Kind: op.Kind, ID: op.ID, Due: op.Due, Sent: op.Sent, Done: op.Sent + 500*msec, Region: home,
		Attempts: 1,
		Error:    "no answer in 500ms",
	}
	d.forget(op.ID)
}

// unsent lets operation i end before it was sent.
func (d *drill) unsent(i int) {
	d.bad(i)
	op := &d.Ops[i]
	op.Attempts, op.Outcome, op.Region, op.Error = 0, history.Failed, "",
		"not sent: resolve: name service did not answer within 500ms"
}

// partition makes the fault one that takes no region away: the primary is cut off and goes on.
func (d *drill) partition() {
	d.Faults[0].Name, d.Faults[0].Target, d.Faults[0].Regions = "partition", home+" from "+standby, nil
}

// outage makes operations 25 to back-1 bad and those from back on good, answered by the standby and kept.
func (d *drill) outage(back int) {
	for i := 25; i < len(d.Ops); i++ {
		if i < back {
			d.bad(i)
		} else {
			d.ok(i, standby)
			d.keep(i)
		}
	}
}

// keep puts operation i into all reads, once.
func (d *drill) keep(i int) {
	id := d.Ops[i].ID
	for r := range d.Reads {
		if !slices.Contains(d.Reads[r].IDs, id) {
			d.Reads[r].IDs = append(d.Reads[r].IDs, id)
		}
	}
}

// lose takes ids out of both reads of a store.
func (d *drill) lose(store string, ids ...string) {
	for r := range d.Reads {
		if d.Reads[r].Store == store {
			d.Reads[r].IDs = slices.DeleteFunc(d.Reads[r].IDs, func(id string) bool { return slices.Contains(ids, id) })
		}
	}
}

// forget takes ids out of all reads.
func (d *drill) forget(ids ...string) {
	for _, store := range d.spec.Stores {
		d.lose(store, ids...)
	}
}

// drop removes the operations from..to-1 from the history, and what they wrote from the reads.
func (d *drill) drop(from, to int) {
	for _, op := range d.Ops[from:to] {
		d.forget(op.ID)
	}
	d.Ops = slices.Delete(d.Ops, from, to)
}

func (d *drill) read(kind, store string) *history.FinalRead {
	i := slices.IndexFunc(d.Reads, func(r history.FinalRead) bool { return r.Read == kind && r.Store == store })
	return &d.Reads[i]
}

// takeOverEarlier has everything that was noted be earlier, and the standby answer from an operation on.
func (d *drill) takeOverEarlier(by time.Duration, from int) {
	for i := range d.Marks {
		d.Marks[i].At.Lo, d.Marks[i].At.Hi = d.Marks[i].At.Lo-by, d.Marks[i].At.Hi-by
	}
	for i := from; i < 60; i++ {
		d.ok(i, standby)
	}
}

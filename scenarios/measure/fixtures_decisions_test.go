package measure

import (
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// decisionFixtures are of what customers were told of their cases. In all of them c-1 is told at 2.5 s that it is
// approved for v20, which was acknowledged at 2.512 s; the fault is at 3.00 to 3.02 s.
var decisionFixtures = []fixture{
	{"decisions-stand", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Approved, "v20")
		d.told("c-2", 2600, history.Denied, "v21")
		d.told("c-2", 4500, history.Denied, "v21")
	}, expectation{
		Why:  "Who was approved is, and who was denied is, before the failover and after it.",
		Spec: decided(), Verdict: Pass, Figures: figures{Flips: new(0), Subjects: new(1)},
	}},
	{"decisions-flip", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "")
		d.told("c-1", 5000, history.Denied, "")
		d.told("c-1", 5600, history.Approved, "v20")
	}, expectation{
		Why: "The standby denies who was approved for a write of 488 ms before the fault, from 4.5 s to 5 s at the " +
			"least, and approves again.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail),
		Figures: figures{Flips: new(1), Subjects: new(1), DeniedMS: []float64{490, 3010}, BehindMS: []float64{488}},
	}},
	{"decisions-flip-for-a-new-write", func(d *drill) {
		d.told("c-1", 1600, history.Approved, "v05")
		d.told("c-1", 4500, history.Denied, "")
		d.told("c-1", 5600, history.Approved, "v20")
	}, expectation{
		Why: "The customer had handed in again, which nobody had asked about before the fault. What the standby did not " +
			"know is that, 488 ms old, and not what was approved before.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail),
		Figures: figures{Flips: new(1), BehindMS: []float64{488}},
	}},
	{"decisions-denied-for-good", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "")
		d.told("c-1", 5000, history.Denied, "")
	}, expectation{
		Why:  "Who was approved is denied for nothing, and to the end.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail),
		Figures: figures{Flips: new(1), DeniedMS: []float64{490}},
	}},
	{"decisions-pending", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Pending, "")
		d.told("c-1", 5600, history.Approved, "v20")
		d.told("c-2", 2600, history.Denied, "v21")
		d.told("c-2", 4500, history.Pending, "")
		d.told("c-2", 5600, history.Denied, "v21")
	}, expectation{
		Why:  "The standby does not know, and says so: nobody is denied who was not before.",
		Spec: decided(), Verdict: Pass, Figures: figures{Flips: new(0), Subjects: new(1)},
	}},
	{"decisions-pending-then-denied", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Pending, "")
		d.told("c-1", 5600, history.Denied, "")
	}, expectation{
		Why:  "Pending does not make the denial after it one with a reason.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail), Figures: figures{Flips: new(1)},
	}},
	{"decisions-change-recorded", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "v38")
		d.told("c-1", 5600, history.Approved, "v48")
	}, expectation{
		Why:  "The denial rests on a new write, and the approval after it on a newer one.",
		Spec: decided(), Verdict: Pass, Figures: figures{Flips: new(0), Subjects: new(1)},
	}},
	{"decisions-change-back", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 2800, history.Denied, "v22")
		d.told("c-1", 4500, history.Approved, "v20")
	}, expectation{
		Why:  "The denial rests on a new write, and the approval after it on the old one again, which says no more.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail), Figures: figures{Flips: new(1)},
	}},
	{"decisions-older-record", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "v05")
	}, expectation{
		Why:  "The standby denies for a write that is older than the one for which was approved.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail), Figures: figures{Flips: new(1)},
	}},
	{"decisions-same-record", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "v20")
	}, expectation{
		Why:  "The standby denies for the very write for which was approved.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail), Figures: figures{Flips: new(1)},
	}},
	{"decisions-record-of-nobody", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "v99")
	}, expectation{
		Why:  "The denial names a write that nobody has sent.",
		Spec: decided(), Verdict: Fail, Findings: one(FindingDecisions, Fail), Figures: figures{Flips: new(1)},
	}},
	{"decisions-at-once", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-1", 4500, history.Denied, "v38")
		d.told("c-1", 4505, history.Approved, "v20")
		d.told("c-1", 4600, history.Denied, "v38")
	}, expectation{
		Why: "Two answers under way at once come in either order: the change to the new write is one change, " +
			"whoever was answered first.",
		Spec: decided(), Verdict: Pass, Figures: figures{Flips: new(0), Subjects: new(1)},
	}},
	{"decisions-not-asked", func(d *drill) {
		d.told("c-1", 2600, history.Approved, "v20")
		d.told("c-2", 4500, history.Approved, "v38")
	}, expectation{
		Why:  "After the fault nobody asks who had been approved before.",
		Spec: decided(), Verdict: Inconclusive, Findings: one(FindingDecisions, Inconclusive),
		Figures: figures{Flips: new(0), Subjects: new(0)},
	}},
}

func decided() *overrides { return &overrides{Decisions: true} }

// told adds an answer to a customer, after 10 ms; before the fault it is of home, and of the standby after it. It is
// not counted by how it was offered.
func (d *drill) told(subject string, at int, decision, by string) {
	due, region := time.Duration(at)*msec, home
	if at > 3000 {
		region = standby
	}
	d.Ops = append(d.Ops, history.Op{
		Seq: int64(len(d.Ops)), Kind: history.Read, ID: d.Ops[0].ID, Due: due, Sent: due, Done: due + 10*msec,
		Outcome: history.OK, Status: 200, Region: region, Attempts: 1, Retry: 1,
		Decided: &history.Decided{Decision: decision, Of: subject, By: by},
	})
}

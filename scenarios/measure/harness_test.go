package measure

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// stall has the harness stand still: what was due then is sent at its end.
func (d *drill) stall(from, to time.Duration) {
	for i := range d.Ops {
		if op := &d.Ops[i]; op.Due >= from && op.Due < to {
			op.Sent, op.Done = to, to+11*msec
		}
	}
}

func TestAHarnessThatStoodStillIsNotTheService(t *testing.T) {
	for name, recorded := range map[string]bool{"seen by a timer": true, "seen by what was sent late": false} {
		d := goodDrill()
		d.stall(4300*msec, 6*time.Second)
		if recorded {
			d.Stalls = []history.Interval{{Lo: 4300 * msec, Hi: 6 * time.Second}}
		}
		r := Judge(d.History, d.spec)
		if r.Verdict != Inconclusive || !strings.Contains(r.Reasons[0], "the harness") {
			t.Errorf("%s: %s because %q", name, r.Verdict, r.Reasons)
		}
		if recorded && !strings.Contains(r.Reasons[0], "stood still for 1.70 s, from 4.30 s on") {
			t.Errorf("%s: the stall is not named: %q", name, r.Reasons)
		}
	}
}

// A stall in the steady state makes no lab unsteady, and is told for what it is.
func TestAStallBeforeTheFaultIsNamed(t *testing.T) {
	d := goodDrill()
	d.stall(1500*msec, 2500*msec)
	d.Stalls = []history.Interval{{Lo: 1500 * msec, Hi: 2500 * msec}}
	if r := Judge(d.History, d.spec); r.Verdict != Inconclusive || !strings.Contains(r.Reasons[0], "stood still") {
		t.Errorf("%s because %q", r.Verdict, r.Reasons)
	}
}

// Each incident is as uncertain as its own outages are, also where two have the same cause by name.
func TestWhatIsUncertainOfOneIncidentIsNotOfAnother(t *testing.T) {
	d := goodDrill()
	again := d.Faults[0]
	again.Command, again.Effective = 4600*msec, &history.Interval{Lo: 4600 * msec, Hi: 4610 * msec}
	d.Faults = append(d.Faults, again)
	v := viewOf(d.History, d.spec)
	incidents := v.incidents()
	other := slices.Clone(incidents)
	for i := range other {
		longer := *other[i].RecoveryTime
		longer.Interval = fromTo(0, time.Duration(i+5)*time.Second)
		other[i].RecoveryTime = &longer
	}
	if len(incidents) != 2 || incidents[0].Cause != incidents[1].Cause {
		t.Fatalf("%+v", incidents)
	}
	for i, is := range incidents {
		if is.RecoveryTime.Hi == nil {
			t.Fatalf("the recovery time of incident %d is not known", i)
		}
		if got := is.widened(other).RecoveryTime; got.Hi.Duration() != time.Duration(i+5)*time.Second {
			t.Errorf("incident %d may have lasted up to %s", i, got.Hi.Duration())
		}
	}
}

// Where no figure would be another one, what was a little late is nobody's trouble; and what truly failed fails.
func TestWhatWasSentLateChangesNothing(t *testing.T) {
	d := goodDrill()
	d.Ops[50].Sent += 120 * msec
	d.Ops[50].Done += 120 * msec
	if r := Judge(d.History, d.spec); r.Verdict != Pass {
		t.Errorf("%s because %q", r.Verdict, r.Reasons)
	}
	d.outage(60)
	d.stall(2*time.Second, 2200*msec)
	if r := Judge(d.History, d.spec); r.Verdict == Pass {
		t.Errorf("%s because %q", r.Verdict, r.Reasons)
	}
}

// If all that was sent late had failed, the service would not have been seen back: how long it was away has no upper
// end.
func TestARecoveryThatOnlyLateOperationsShowIsCensored(t *testing.T) {
	d := goodDrill()
	const back = 48
	d.outage(back)
	for i := back; i < len(d.Ops); i++ {
		d.Ops[i].Sent += 120 * msec
		d.Ops[i].Done += 120 * msec
	}
	r := Judge(d.History, d.spec)
	if is := r.Metrics.RecoveryTime; is.Verdict != Fail || is.Hi != nil || !is.Censored {
		t.Errorf("%s, %s", is.Verdict, is.Words())
	}
	if is := r.Incidents[0].RecoveryTime; is.Hi != nil || !is.Censored {
		t.Errorf("the incident's: %s", is.Words())
	}
}

// An acknowledgement that was read after a stall may be as old as the write.
func TestALateAcknowledgementMakesNoLossYounger(t *testing.T) {
	d := goodDrill()
	d.Ops[22].Done = 2999 * msec
	d.lose(history.StorePostgres, "v23", "v24")
	d.lose(history.StoreObjects, "v23", "v24")
	d.Ops[23].Done, d.Ops[24].Done = 2999*msec+1, 2999*msec+2
	d.Stalls = []history.Interval{{Lo: 2702 * msec, Hi: 2999 * msec}}
	if p := MeasureRecoveryPoint(d.History, d.spec); *p.Hi != High(3020*msec-2701*msec) {
		t.Errorf("at most %s", AtMost(p.Hi.Duration()))
	}
}

func TestClocksThatCannotBeTrusted(t *testing.T) {
	for name, edit := range map[string]func(op *history.Op){
		"sent before it was due":       func(op *history.Op) { op.Sent = op.Due - msec },
		"answered before it was sent":  func(op *history.Op) { op.Done = op.Sent - msec },
		"attempted 2 times, not once":  func(op *history.Op) { op.Attempts = 2 },
		"attempted 0 times, not once:": func(op *history.Op) { op.Attempts = 0 },
	} {
		d := goodDrill()
		edit(&d.Ops[40])
		r := Judge(d.History, d.spec)
		if r.Verdict != Inconclusive || !strings.Contains(r.Reasons[0], name) {
			t.Errorf("%s: %s because %q", name, r.Verdict, r.Reasons)
		}
	}
}

// A machine on which a responder with nothing to do is slow can't judge reads, nor how soon a service is back; one on
// which it is quick can.
func TestTheMachineIsJudgedToo(t *testing.T) {
	for name, c := range map[string]struct {
		control time.Duration
		want    Verdict
	}{
		"a quiet machine": {2 * msec, Fail},
		"a busy machine, where a read passes three times as many processes": {7 * msec, Inconclusive},
		"a busy machine": {25 * msec, Inconclusive},
	} {
		d := goodDrill()
		d.locally(30, 30)
		d.spec.LocalReads = 10 * msec
		d.control(c.control)
		r := Judge(d.History, d.spec)
		if r.Verdict != c.want {
			t.Errorf("%s: %s because %q", name, r.Verdict, r.Reasons)
		}
		if c.want == Inconclusive && !strings.Contains(fmt.Sprint(r.Reasons), "this machine") {
			t.Errorf("%s: it is not said: %q", name, r.Reasons)
		}
	}
	for name, c := range map[string]struct {
		control time.Duration
		want    Verdict
	}{"a quiet machine": {2 * msec, Fail}, "a busy machine": {200 * msec, Inconclusive}} {
		d := goodDrill()
		for i := 37; i < 60; i++ {
			d.Ops[i].Done = d.Ops[i].Due + 300*msec
		}
		d.control(c.control)
		if r := Judge(d.History, d.spec); r.Verdict != c.want {
			t.Errorf("%s: %s because %q", name, r.Verdict, r.Reasons)
		}
	}
}

// control has the responder of each region answer ten times a second.
func (d *drill) control(took time.Duration) {
	for i := range 60 {
		at := 500*msec + time.Duration(i)*100*msec
		d.Controls = append(d.Controls, history.Control{Region: standby, Due: at, Sent: at, Done: at + took})
		if at < 3*time.Second {
			d.Controls = append(d.Controls, history.Control{Region: home, Due: at, Sent: at, Done: at + took})
		}
	}
}

func TestAnotherFailureIsNotTheOneExpected(t *testing.T) {
	d := goodDrill()
	d.outage(60)
	d.Marks = nil
	d.spec.StandbyCapacity = 0.95
	d.spec.RecoveryPoint = nil
	d.spec.Given = []string{"redirected"}
	expected := []string{FindingRecoveryTime, FindingStandbyCapacity}
	if r := Judge(d.History, d.spec); Met(r, true, expected) {
		t.Errorf("nothing ever took over, and that is taken for an overload: %+v", r.Given)
	}
	d.Marks = goodDrill().Marks
	if r := Judge(d.History, d.spec); !Met(r, true, expected) {
		t.Errorf("%s because %q; given %+v", r.Verdict, r.Reasons, r.Given)
	}
}

// Reads that never got out are reads of somebody.
func TestReadsThatNeverGotOutCount(t *testing.T) {
	for name, client := range map[string]int{
		"of a client that was served before": 1,
		"of a client that never was":         77,
	} {
		d := goodDrill()
		d.locally(9, 30)
		for i := range 30 {
			due := time.Duration(5000+40*i) * msec
			d.Ops = append(d.Ops, history.Op{
				Seq: int64(1000 + i), Kind: history.Read, ID: "v00", Client: client, Due: due, Sent: due, Done: due +
					time.Second, Outcome: history.Failed,
				Error: "not sent: resolve: name service did not answer within 1s", Retry: 1,
			})
		}
		d.spec.LocalReads = 10 * msec
		if f := CheckLocalReads(d.History, d.spec); f.Verdict != Fail {
			t.Errorf("%s: %s: %s", name, f.Verdict, f.Detail)
		}
	}
}

// A write that nobody answered took at least as long as its caller waited. Two of the ten were still waited for when
// the fault came.
func TestWriteLatencyCountsTimeouts(t *testing.T) {
	d := goodDrill()
	for i := 0; i < 20; i += 2 {
		d.bad(i)
		d.Ops[i].Done = d.Ops[i].Due + time.Second
	}
	if l := WriteLatency(d.History); l.Count != 23 || l.Unanswered != 8 || l.P99 != High(time.Second) {
		t.Errorf("%+v", l)
	}
}

// 97 % is 97 %, also of a window of forty operations whose fifths have eight; 90 % is less.
func TestAShareIsNotAllOfASmallPart(t *testing.T) {
	for every, want := range map[int]Verdict{40: Pass, 10: Fail} {
		d := goodDrill()
		d.Ops = nil
		for r := range d.Reads {
			d.Reads[r].IDs = nil
		}
		for i := range 480 { // 20/s
			due := 500*msec + time.Duration(i)*50*msec
			op := history.Op{
				Seq: int64(i), Kind: history.Write, ID: fmt.Sprint("w", i), Due: due, Sent: due, Done: due + 10*msec,
				Attempts: 1, Outcome: history.OK, Region: home,
			}
			if due >= 3*time.Second {
				op.Region = standby
				if i%every == 0 {
					op.Outcome, op.Status = history.Failed, 503
				}
			}
			if op.Outcome == history.OK {
				for r := range d.Reads {
					d.Reads[r].IDs = append(d.Reads[r].IDs, op.ID)
					d.Reads[r].At = history.At(26 * time.Second)
				}
			}
			d.Ops = append(d.Ops, op)
		}
		d.Phases[2].At, d.Phases[3].At = 25*time.Second, 40*time.Second
		d.Faults[0].Healed = between(29000, 29100)
		d.spec.RecoveryTime.Success, d.spec.RecoveryTime.Capacity, d.spec.RecoveryTime.Window = 0.97, 0.95,
			2*time.Second
		if r := Judge(d.History, d.spec); r.Verdict != want {
			t.Errorf("one in %d fails: %s because %q", every, r.Verdict, r.Reasons)
		}
	}
}

// Where no recovery time is promised the lab has to be steady all the same.
func TestSteadyWithoutARecoveryTime(t *testing.T) {
	d := goodDrill()
	d.spec.RecoveryTime, d.spec.MinAcked = nil, 10
	if r := Judge(d.History, d.spec); r.Verdict != Pass {
		t.Errorf("%s because %q", r.Verdict, r.Reasons)
	}
	for i := 12; i < 25; i++ {
		d.bad(i)
	}
	d.Ops[50].Sent += 150 * msec // which explains nothing of it
	d.Ops[50].Done += 150 * msec
	if r := Judge(d.History, d.spec); r.Verdict != Inconclusive ||
		!strings.Contains(r.Reasons[0], "the lab was not steady") {
		t.Errorf("%s because %q", r.Verdict, r.Reasons)
	}
}

// A moment in which the harness was late changes the figure, and no verdict that is the same either way.
func TestAShortStallWidensTheInterval(t *testing.T) {
	d := goodDrill()
	d.bad(37)
	d.Ops[37].Sent += 150 * msec // sent when the service was back, for all that is known
	d.Stalls = []history.Interval{{Lo: 4200 * msec, Hi: 4350 * msec}}
	r := Judge(d.History, d.spec)
	// Those of 4.0 and 4.1 s may have been answered in time while nobody read it.
	if got := r.Metrics.RecoveryTime; r.Verdict != Pass || *got.Lo != Low(880*msec) || *got.Hi != High(1300*msec) {
		t.Errorf("%s because %q: %v ms", r.Verdict, r.Reasons, ends(got.Interval))
	}
	if is := r.Incidents[0].RecoveryTime.Interval; *is.Lo != Low(880*msec) || *is.Hi != High(1300*msec) {
		t.Errorf("its incident says %v ms", ends(is))
	}
	d.outage(60)
	d.spec.StandbyCapacity = 0.9
	if r := Judge(d.History, d.spec); !Met(r, true, []string{FindingRecoveryTime, FindingStandbyCapacity}) {
		t.Errorf("%s because %q", r.Verdict, r.Reasons)
	}
}

package measure

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestGoodDrillInFull(t *testing.T) {
	d := goodDrill()
	got := Judge(d.History, d.spec)
	want := &RecoveryTime{
		Cause:    "lose_region on us-east-1",
		Sum:      fromTo(1080*msec, 1200*msec),
		Interval: fromTo(1080*msec, 1200*msec), FirstSuccess: new(Near(1202 * msec)), Verdict: Pass,
		Objective: Objective{Within: new(High(2 * time.Second)), WithinFull: new(Near(2 * time.Minute))},
		Phases: Phases{
			{"detected", Near(390 * msec), true, 0},
			{"decided", Near(200 * msec), true, 0},
			{"fenced", Near(50 * msec), false, 0},
			{"promoted", Near(250 * msec), false, 0},
			{"repointed", Near(100 * msec), false, 0},
			{"redirected", Near(50 * msec), false, 0},
			{"sustained", Near(100 * msec), true, 0},
		},
		FullScale: new(Near((390+200+100)*60*msec + 450*msec)),
	}
	if diff := cmp.Diff(want, got.Metrics.RecoveryTime); diff != "" {
		t.Errorf("recovery time:\n%s", diff)
	}
	if diff := cmp.Diff([]Incident{{
		Fault: new(0), Cause: "lose_region on us-east-1", InCharge: standby, RecoveryTime: want,
		RecoveryPoint: got.Metrics.RecoveryPoint,
		Outages: []Outage{{
			Begin: Span(*between(2900, 3000)), End: SpanOf(between(4100, 4200)), Interval: fromTo(1080*msec, 1200*msec),
			Verdict: Pass,
		}},
	}}, got.Incidents); diff != "" {
		t.Errorf("incidents:\n%s", diff)
	}
	if diff := cmp.Diff(&Latency{Count: 25, P50: High(12 * msec), P99: High(12 * msec), Max: High(12 * msec)},
		got.Metrics.WriteLatency); diff != "" {
		t.Errorf("write latency:\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"away for 1.08 s to 1.20 s after lose_region on us-east-1 (objective 2 s); 2 of 25 acknowledged writes lost, " +
			"recovery point 188 ms to 308 ms (objective 400 ms)",
	}, got.Reasons); diff != "" {
		t.Errorf("reasons:\n%s", diff)
	}
	lost := map[string]int{}
	for _, p := range got.Metrics.RecoveryPoint.Stores {
		lost[p.Name] = p.Lost
	}
	if diff := cmp.Diff(map[string]int{"postgres": 1, "objects": 0, "items": 2}, lost); diff != "" {
		t.Errorf("lost:\n%s", diff)
	}
}

// How long each share of the clients has to hold is the scenario's to say, and is as much longer at full scale.
func TestAShiftIsAScaledPhase(t *testing.T) {
	d := goodDrill()
	d.Marks = append(d.Marks, history.Mark{At: *between(4005, 4015), Source: "automation." + standby, Name: "shifted"})
	got := Judge(d.History, d.spec).Metrics.RecoveryTime
	if !slices.Contains(got.Phases, Phase{"redirected", Near(50 * msec), true, 0}) ||
		*got.FullScale != Near((390+200+50+100)*60*msec+400*msec) {
		t.Errorf("phases are %+v, and at full scale %s", got.Phases, Exactly(time.Duration(*got.FullScale)))
	}
}

// What the automation does once clients have been led over holds nobody up, and is no part of the recovery.
func TestWhatIsDoneAfterwardsIsNoPhase(t *testing.T) {
	want := MeasureRecoveryTime(goodDrill().History, goodDrill().spec)
	d := goodDrill()
	d.Marks = append(d.Marks, history.Mark{
		At: *between(4095, 4105), Source: "automation." + standby, Name: "followed",
	})
	got := MeasureRecoveryTime(d.History, d.spec)
	if diff := cmp.Diff(want.Phases, got.Phases); diff != "" || len(want.Phases) == 0 || *got.FullScale != *want.FullScale {
		t.Errorf("with what came afterwards phases are (-want +got):\n%s", diff)
	}
}

// While a drill runs it is asked again and again whether the service is back; calls under way are no proof of it.
func TestRecoveredIsSeenWhileTheDrillRuns(t *testing.T) {
	d := goodDrill()
	d.Faults[0].Healed = nil
	all := d.Ops
	for now, want := range map[time.Duration]bool{
		2900 * msec: false, 4300 * msec: false, 5200 * msec: false, 5350 * msec: true, 6500 * msec: true,
	} {
		d.Ops = slices.DeleteFunc(slices.Clone(all), func(op history.Op) bool { return op.Done > now })
		if got := MeasureRecoveryTime(d.History, d.spec).Recovered(); got != want {
			t.Errorf("at %v: recovered is %v", now, got)
		}
	}
	// A steady 200 calls a second; after the fault a quarter of them hang, and the history does not have those yet.
	d.Ops = nil
	for i := range 1000 {
		due := 500*msec + time.Duration(i)*5*msec
		if due < 3*time.Second || i%4 != 0 {
			d.Ops = append(d.Ops, history.Op{
				Kind: history.Read, Due: due, Sent: due, Done: due + msec,
				Outcome: history.OK,
			})
		}
	}
	if r := MeasureRecoveryTime(d.History, d.spec); r.Recovered() {
		t.Errorf("taken for recovered: %+v", r)
	}
}

// One call in twenty is slow: goodput suffices, the latency quantile does not.
func TestLatencyQuantileIsPartOfTheCriterion(t *testing.T) {
	d := goodDrill()
	d.Ops = nil
	for i := range 1000 {
		due := 500*msec + time.Duration(i)*5*msec
		op := history.Op{Kind: history.Read, Due: due, Sent: due, Done: due + msec, Outcome: history.OK}
		if i%20 == 0 {
			op.Done = due + 300*msec
		}
		d.Ops = append(d.Ops, op)
	}
	if r := MeasureRecoveryTime(d.History, d.spec); r.Recovered() {
		t.Errorf("taken for recovered: %+v", r)
	}
	d.spec.RecoveryTime.Quantile = 0.95
	if r := MeasureRecoveryTime(d.History, d.spec); !r.Recovered() {
		t.Errorf("95 in 100 are fast enough: %+v", r)
	}
}

func TestThinLoadIsNoMeasure(t *testing.T) {
	d := goodDrill()
	d.outage(60)
	d.spec.RecoveryTime.Window = 400 * msec // fifths of it hold less than one of ten calls a second
	r := Judge(d.History, d.spec)
	if r.Verdict != Inconclusive || !strings.Contains(strings.Join(r.Reasons, " "), "too thin") {
		t.Errorf("%v because %q", r.Verdict, r.Reasons)
	}
}

func TestWhatIsNotPromisedIsNotJudged(t *testing.T) {
	d := goodDrill()
	d.outage(60)
	d.spec.RecoveryTime = nil
	if r := Judge(d.History, d.spec); r.Verdict != Pass || r.Metrics.RecoveryTime != nil {
		t.Errorf("%v because %q", r.Verdict, r.Reasons)
	}
	d.spec.RecoveryPoint = nil
	if r := Judge(d.History, d.spec); r.Verdict != Inconclusive {
		t.Errorf("nothing is promised: %v because %q", r.Verdict, r.Reasons)
	}
	d.spec.RecoveryPoint, d.spec.Stores = &RecoveryPointObjective{}, nil
	if r := Judge(d.History, d.spec); r.Verdict != Inconclusive {
		t.Errorf("no store is named: %v because %q", r.Verdict, r.Reasons)
	}
}

func TestMet(t *testing.T) {
	report := func(drill Verdict, failed ...string) Report {
		r := Report{Verdict: Pass, Findings: []Finding{
			{ID: FindingDrill, Verdict: drill},
			{ID: FindingPhantom, Verdict: Pass},
		}}
		for _, id := range failed {
			r.Verdict = Fail
			r.Findings = append(r.Findings, Finding{ID: id, Verdict: Fail})
		}
		return r
	}
	for _, c := range []struct {
		report Report
		fail   bool
		ids    []string
		want   bool
	}{
		{report(Pass), false, nil, true},
		{report(Pass, "hole"), false, nil, false},
		{Report{}, false, nil, false},
		{Report{}, true, nil, false},
		{report(Pass), true, []string{"hole"}, false},
		{report(Pass, "hole", "fencing"), true, []string{"fencing", "hole"}, true},
		{report(Pass, "hole", "fencing"), true, []string{"hole"}, false},
		{report(Pass, "hole"), true, []string{"fencing", "hole"}, false},
		{report(Inconclusive, "hole"), true, []string{"hole"}, false},
	} {
		if got := Met(c.report, c.fail, c.ids); got != c.want {
			t.Errorf("%+v, expecting fail %v %v: met is %v", c.report, c.fail, c.ids, got)
		}
	}
}

// An objective is met where all of an interval is within it, and missed where all of it is beyond; what only touches it
// is within.
func TestAnIntervalAgainstItsObjective(t *testing.T) {
	for _, c := range []struct {
		lo, hi time.Duration
		want   Verdict
	}{{0, 9, Pass}, {9, 10, Pass}, {10, 10, Pass}, {9, 11, Inconclusive}, {10, 11, Inconclusive}, {11, 12, Fail}} {
		if got := against(c.lo, c.hi, 10); got != c.want {
			t.Errorf("%d to %d of 10: %v, want %v", c.lo, c.hi, got, c.want)
		}
	}
}

func TestVerdictAsText(t *testing.T) {
	for v, want := range map[Verdict]string{Pass: `"pass"`, Fail: `"fail"`, Inconclusive: `"inconclusive"`} {
		text, err := json.Marshal(v)
		if err != nil || string(text) != want {
			t.Errorf("%d is written as %s: %v", v, text, err)
		}
		back := Verdict(-1)
		if err := json.Unmarshal(text, &back); err != nil || back != v {
			t.Errorf("%s is read as %v: %v", text, back, err)
		}
	}
	if text, err := json.Marshal(Verdict(9)); err == nil {
		t.Errorf("9 is written as %s", text)
	}
	var v Verdict
	if err := json.Unmarshal([]byte(`"green"`), &v); err == nil {
		t.Errorf("green is read as %v", v)
	}
	if got := Combine(); got != Inconclusive {
		t.Errorf("nothing combines to %v", got)
	}
}

// BenchmarkJudge judges 10,000 operations: it is done five times a second while a drill runs.
func BenchmarkJudge(b *testing.B) {
	d := goodDrill()
	d.Ops = nil
	for i := range d.Reads {
		d.Reads[i].IDs = nil
	}
	for i := range 10_000 {
		due := 500*msec + time.Duration(i)*600*time.Microsecond
		op := history.Op{
			Seq: int64(i), Kind: history.Write, ID: fmt.Sprintf("verification-%06d", i), Due: due,
			Sent: due, Attempts: 1,
		}
		op.Done = due + 5*msec
		if due < 3*time.Second || due > 4*time.Second {
			op.Outcome, op.Region = history.OK, standby
			for r := range d.Reads {
				d.Reads[r].IDs = append(d.Reads[r].IDs, op.ID)
			}
		}
		d.Ops = append(d.Ops, op)
	}
	for b.Loop() {
		if r := Judge(d.History, d.spec); r.Verdict != Pass {
			b.Fatal(r.Reasons)
		}
	}
}

// An automation that hung until somebody came, by a step of the plan, waited for the schedule: at full scale that is as
// much longer.
func TestWhatWaitedForTheScheduleIsScaled(t *testing.T) {
	d := goodDrill()
	d.Faults = append(d.Faults, history.Fault{
		Name: "hang_step", Target: "step promote of the automation", Command: 1990 * msec,
		Effective: between(2000, 2010), Healed: between(3850, 3860), Confirmed: true,
	})
	got := Judge(d.History, d.spec).Metrics.RecoveryTime
	// Of the 250 ms to the promotion 200 waited: it began when fencing was done, at 3.65 s.
	if !slices.Contains(got.Phases, Phase{"promoted", Near(250 * msec), false, Near(200 * msec)}) ||
		*got.FullScale != Near((390+200+100+200)*60*msec+250*msec) {
		t.Errorf("phases are %+v, and at full scale %s", got.Phases, got.FullScale.Duration())
	}
	d.Faults[1].Name = "latency" // that slowed it down, at most
	if got := Judge(d.History, d.spec).Metrics.RecoveryTime; *got.FullScale != Near((390+200+100)*60*msec+450*msec) {
		t.Errorf("at full scale %s", got.FullScale.Duration())
	}
}

// So did what nobody did anything about until a person ordered the failover: the time until then was scheduled.
func TestWhatWaitedForAPersonIsScaled(t *testing.T) {
	d := goodDrill()
	d.Marks = slices.DeleteFunc(d.Marks, func(m history.Mark) bool {
		return m.Name == "detected" || m.Name == "decided"
	})
	before := Judge(d.History, d.spec).Metrics.RecoveryTime
	i := slices.IndexFunc(before.Phases, func(p Phase) bool { return p.Name == "fenced" })
	if i != 0 || before.Phases[0].Waited != 0 {
		t.Fatalf("nobody was waited for: %+v", before.Phases)
	}
	const ordered = 100 * msec // before fencing was done, at 3.65 s
	d.Steps = append(d.Steps, history.Step{
		Action: history.ActionFailover, Of: standby, Due: 3550 * msec, Began: 3650*msec - ordered,
	})
	got := Judge(d.History, d.spec).Metrics.RecoveryTime
	if want := before.Phases[0].Took - Near(ordered); got.Phases[0].Waited != want {
		t.Errorf("of %+v %s waited, want %s", got.Phases[0], got.Phases[0].Waited.Duration(), want.Duration())
	}
	if longer := *got.FullScale - *before.FullScale; longer != 59*got.Phases[0].Waited {
		t.Errorf("at full scale it is %s longer", longer.Duration())
	}
	d.Steps[len(d.Steps)-1].Action = "note" // that nobody waits for
	if got := Judge(d.History, d.spec).Metrics.RecoveryTime; *got.FullScale != *before.FullScale {
		t.Errorf("at full scale %s, want %s", got.FullScale.Duration(), before.FullScale.Duration())
	}
}

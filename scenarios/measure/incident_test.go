package measure

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// brief is an incident as a person would tell it.
type brief struct {
	Fault    int // -1: none
	InCharge string
	Outages  []float64 // the ends of each, in milliseconds
	Time     []float64 // of the recovery time; nil: there is none
	Lost     int       // -1: its recovery point does not count
}

func briefs(r Report) []brief {
	var all []brief
	for _, i := range r.Incidents {
		b := brief{Fault: -1, InCharge: i.InCharge, Lost: -1}
		if i.Fault != nil {
			b.Fault = *i.Fault
		}
		for _, o := range i.Outages {
			b.Outages = append(b.Outages, ends(o.Interval)...)
		}
		if i.RecoveryTime != nil {
			b.Time = ends(i.RecoveryTime.Interval)
		}
		if i.RecoveryPoint != nil {
			b.Lost = i.RecoveryPoint.Lost
		}
		all = append(all, b)
	}
	return all
}

func TestIncidents(t *testing.T) {
	edits := map[string]func(*drill){}
	for _, f := range fixtures() {
		edits[f.name] = f.edit
	}
	for name, want := range map[string][]brief{
		"good":     {{0, standby, []float64{1080, 1200}, []float64{1080, 1200}, 2}},
		"no-fault": {{-1, home, []float64{1100, 1300}, nil, -1}},
		"two-failovers": {
			{0, standby, []float64{1080, 1200}, []float64{1080, 1200}, 2},
			{1, home, []float64{580, 700}, []float64{580, 700}, 0},
		},
		"two-failovers-second-loses": {
			{0, standby, []float64{1080, 1200}, []float64{1080, 1200}, 2},
			{1, home, []float64{580, 700}, []float64{580, 700}, 11},
		},
		// The pause is a condition, and no incident; the region is the second fault.
		"replication-paused-then-lost": {{1, standby, []float64{1080, 1200}, []float64{1080, 1200}, 14}},
		// What hurts nobody has a recovery time, and moves nobody.
		"latency-then-lost": {
			{0, home, nil, []float64{0, 100}, -1},
			{1, standby, []float64{1080, 1200}, []float64{1080, 1200}, 2},
		},
		"recovery-time-relapse": {{0, standby, []float64{1080, 1200, 100, 300}, []float64{1080, 1200}, 2}},
		"recovery-time-never":   {{0, standby, []float64{3380}, []float64{3380}, 2}},
		// Nobody else was in charge: what is lost is the region's own.
		"partition-without-a-failover": {{0, home, nil, []float64{0, 100}, 0}},
	} {
		d := goodDrill()
		if name != "no-fault" {
			edits[name](d)
		} else {
			d.Faults = nil
		}
		if diff := cmp.Diff(want, briefs(Judge(d.History, d.spec))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// An outage that nothing caused is an incident of its own, and comes first: it began before anything was broken.
func TestAnOutageWithoutACauseIsAnIncident(t *testing.T) {
	d := goodDrill()
	for i := 10; i < 14; i++ {
		d.bad(i)
	}
	r := Judge(d.History, d.spec)
	if len(r.Incidents) != 2 || r.Incidents[0].Fault != nil || r.Incidents[0].RecoveryTime != nil ||
		len(r.Incidents[0].Outages) != 1 {
		t.Fatalf("incidents: %+v", briefs(r))
	}
	if o := r.Incidents[0].Outages[0]; o.Begin != Span(*between(1400, 1500)) || *o.End != Span(*between(1800, 1900)) ||
		o.Verdict != Inconclusive {
		t.Errorf("it is %+v", o)
	}
	if got := r.Outages(); len(got) != 2 || got[0].Begin.Lo > got[1].Begin.Lo {
		t.Errorf("outages: %+v", got)
	}
}

// The drill's figures are those of its worst incident, and the sum is that of all outages.
func TestTheDrillsFiguresAreThoseOfTheWorst(t *testing.T) {
	d := goodDrill()
	d.failsBack()
	r := Judge(d.History, d.spec)
	if diff := cmp.Diff(r.Incidents[0].RecoveryTime.Interval, r.Metrics.RecoveryTime.Interval); diff != "" {
		t.Errorf("recovery time:\n%s", diff)
	}
	if diff := cmp.Diff([]float64{1660, 1900}, ends(r.Metrics.RecoveryTime.Sum)); diff != "" {
		t.Errorf("sum of the outages:\n%s", diff)
	}
	d.outage(len(d.Ops))
	d.Faults = d.Faults[:1]
	if sum := Judge(d.History, d.spec).Metrics.RecoveryTime.Sum; sum.Lo == nil || sum.Hi != nil {
		t.Errorf("of an outage that was not seen to end the sum is %v", ends(sum))
	}
}

// What the harness may have caused is taken back in the incidents too.
func TestAnIncidentSaysNoMoreThanTheDrill(t *testing.T) {
	d := goodDrill()
	d.stall(4300*msec, 6*time.Second)
	d.Stalls = []history.Interval{{Lo: 4300 * msec, Hi: 6 * time.Second}}
	r := Judge(d.History, d.spec)
	i := r.Incidents[0]
	if i.RecoveryTime.Verdict != Inconclusive || i.Outages[0].Verdict != Inconclusive ||
		i.RecoveryPoint.Verdict != Pass {
		t.Errorf("%s, %s, %s", i.RecoveryTime.Verdict, i.Outages[0].Verdict, i.RecoveryPoint.Verdict)
	}
}

func TestWithoutAPromiseNobodyKnowsOfOutages(t *testing.T) {
	d := goodDrill()
	d.spec.RecoveryTime = nil
	if i := Judge(d.History, d.spec).Incidents[0]; i.Outages != nil || i.RecoveryTime != nil || i.RecoveryPoint == nil {
		t.Errorf("it is %+v", i)
	}
}

func TestRoles(t *testing.T) {
	seen := func(name string) history.Fault {
		return history.Fault{Name: name, Effective: between(1, 2), Confirmed: true}
	}
	for _, c := range []struct {
		faults []history.Fault
		want   []Role
	}{
		{nil, nil},
		{[]history.Fault{seen("squeeze"), seen("lose_region")}, []Role{RoleCondition, RoleCause}},
		// nothing else is broken: the drill is about it
		{[]history.Fault{seen("pause_replication")}, []Role{RoleCause}},
		{[]history.Fault{{Name: "squeeze"}, {Name: "lose_region"}}, []Role{RoleCondition, RoleCause}},
	} {
		if diff := cmp.Diff(c.want, Roles(history.History{Faults: c.faults})); diff != "" {
			t.Errorf("%+v:\n%s", c.faults, diff)
		}
	}
}

// What begins while a condition is in force, and before anything is broken, may be its doing: that is said.
func TestAnOutageUnderAConditionIsNamedAfterIt(t *testing.T) {
	for name, c := range map[string]struct {
		condition history.Fault
		want      string
	}{
		"in force": {
			history.Fault{Name: "squeeze", Effective: &history.Interval{Lo: 1900 * msec, Hi: 1910 * msec}},
			"when squeeze on us-east-1 was in force",
		},
		"healed": {history.Fault{
			Name: "squeeze", Effective: &history.Interval{Lo: 1100 * msec, Hi: 1110 * msec},
			Healed: &history.Interval{Lo: 1500 * msec, Hi: 1510 * msec},
		}, "when nothing was broken"},
		"came after": {
			history.Fault{Name: "squeeze", Effective: &history.Interval{Lo: 2500 * msec, Hi: 2510 * msec}},
			"when nothing was broken",
		},
		"no condition": {
			history.Fault{Name: "kill", Effective: &history.Interval{Lo: 2500 * msec, Hi: 2510 * msec}},
			"when nothing was broken",
		},
	} {
		d := goodDrill()
		for i := 15; i < 25; i++ {
			d.bad(i)
		}
		f := c.condition
		f.Target, f.Confirmed, f.Command = home, true, f.Effective.Lo
		d.Faults = append([]history.Fault{f}, d.Faults...)
		d.spec.MinAcked = 10
		r := Judge(d.History, d.spec)
		if r.Verdict != Inconclusive || !strings.Contains(r.Reasons[0], c.want) {
			t.Errorf("%s: %s because %q", name, r.Verdict, r.Reasons)
		}
	}
}

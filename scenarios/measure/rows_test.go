package measure

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A lag that nobody saw is not 0, and one that was asked of a lab without a load is told apart from the other.
func TestLagInWords(t *testing.T) {
	for name, c := range map[string]struct {
		stores []StoreLag
		want   []string
	}{
		"nothing was copied": {
			[]StoreLag{{Store: "objects"}, {Store: "items"}},
			[]string{"replication lag: not measured"},
		},
		"under load": {
			[]StoreLag{
				{Store: "objects", Loaded: new(Low(2699900 * time.Microsecond))},
				{Store: "items", Loaded: new(Low(0))},
			},
			[]string{"replication lag: objects 2.70 s, items 0 ms before the fault"},
		},
		"without a load only": {
			[]StoreLag{{Store: "objects"}, {Store: "items", Quiet: new(Low(30 * time.Millisecond))}},
			[]string{"replication lag: not measured", "without load: items 30 ms"},
		},
	} {
		m := Metrics{ReplicationLag: &ReplicationLag{Stores: c.stores}}
		var got []string
		for _, r := range (Report{Metrics: m}).Rows(360) {
			got = append(got, r.Name+": "+r.Measured)
			if r.Judged || r.FullMeasured != "" {
				t.Errorf("%s: judged, or scaled: %+v", name, r)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// A promise that nothing of the kind happens is no figure to hold another against.
// An interval that straddles its objective does not look as if it met it.
func TestADeviationIsRoundedOutwards(t *testing.T) {
	within := func(d time.Duration) Objective { return Objective{Within: new(High(d))} }
	for _, c := range []struct {
		of       Objective
		lo, hi   time.Duration
		censored bool
		want     string
	}{
		{within(5 * time.Second), 4900 * msec, 5001 * msec, false, "-2.0 … +0.1 %"},
		{within(20 * time.Second), 19995 * msec, 20009 * msec, false, "-0.1 … +0.1 %"},
		{within(time.Second), 1140 * msec, 1140 * msec, false, "+14 %"},
		{within(5 * time.Second), 11980 * msec, 0, true, "> +139 %"},
		{within(time.Second), time.Second, time.Second, false, "0 %"},
	} {
		i := more(c.lo)
		if !c.censored {
			i = fromTo(c.lo, c.hi)
		}
		if got := c.of.deviation(i, c.censored); got != c.want {
			t.Errorf("%s to %s of %s: %q, want %q", c.lo, c.hi, c.of.Within.Duration(), got, c.want)
		}
	}
	if got := (Objective{}).promise(); got != "" {
		t.Errorf("no objective is %q", got)
	}
}

func TestSessionsInWords(t *testing.T) {
	sessions := []Session{
		{
			Guarantee: FindingReadYourWrites, Judged: 196, Violations: 27,
			Windows: []SessionWindow{{Age: Near(900 * time.Millisecond)}, {Age: Near(1632 * time.Millisecond)}},
		},
		{Guarantee: FindingMonotonicReads, Judged: 144},
		{Guarantee: FindingMonotonicReads},
	}
	want := []string{
		"read your writes: 27 of 196 reads did not find it, in 2 windows, when it was up to 1.63 s old",
		"monotonic reads: all 144 reads found it",
		"monotonic reads: not measured",
	}
	for i, r := range (Report{Metrics: Metrics{Sessions: sessions}}).Rows(1) {
		if got := r.Name + ": " + r.Measured; got != want[i] || r.Against() != "" {
			t.Errorf("it says %q, %q, want %q", got, r.Against(), want[i])
		}
	}
	if got := (Row{Objective: "20 s"}).Against(); got != "objective 20 s" {
		t.Errorf("it says %q", got)
	}
}

// At full scale there is one figure of the recovery time, and it is the extrapolation.
func TestTheRecoveryTimeHasOneFigureAtFullScale(t *testing.T) {
	d := goodDrill()
	r := Judge(d.History, d.spec)
	for _, row := range r.Rows(d.spec.Timescale) {
		switch {
		case row.ID == FindingRecoveryTime &&
			(row.FullMeasured != "about "+Exactly(r.Metrics.RecoveryTime.FullScale.Duration()) || !row.Extrapolated):
			t.Errorf("it says %+v", row)
		case row.ID == "first_success" && row.FullMeasured != "", row.ID == "clients_moved" && row.FullMeasured != "":
			t.Errorf("%s is scaled, though it is made of what is physical too: %s", row.ID, row.FullMeasured)
		}
	}
	for _, row := range r.Rows(1) {
		if row.FullMeasured != "" || row.FullObjective != "" {
			t.Errorf("in real time there is another time: %+v", row)
		}
	}
}

// Where there were several switchovers, each gap has a line below the longest, by its number.
func TestEachWriteGapHasALine(t *testing.T) {
	of := func(to string, lo, hi int) WriteGap {
		at := between(lo, hi)
		return WriteGap{To: to, Interval: fromTo(at.Lo, at.Hi), Objective: Spec{}.objective(time.Second)}
	}
	longest := of(standby, 300, 400)
	longest.Each = []WriteGap{of(home, 100, 200), of(standby, 300, 400)}
	var got []string
	for _, r := range (Report{Metrics: Metrics{WriteGap: &longest}}).Rows(1) {
		got = append(got, fmt.Sprintf("%s (%v) %s: %s", r.ID, r.Part, r.Name, r.Measured))
	}
	want := []string{
		"write_gap (false) write gap: 300 ms … 400 ms",
		"write_gap.1 (true) to us-east-1: 100 ms … 200 ms",
		"write_gap.2 (true) to us-west-2: 300 ms … 400 ms",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheRecoveryTimeInWords(t *testing.T) {
	const s = time.Second
	for want, r := range map[string]RecoveryTime{
		"not measured":            {},
		"1 s … 2 s":               {Interval: fromTo(s, 2*s)},
		"> 2 s (never recovered)": {Interval: more(2 * s), Censored: true},
	} {
		if got := r.Words(); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// Where there is an objective at full scale and no figure, it is said why.
func TestWhyThereIsNoFigureAtFullScale(t *testing.T) {
	d := goodDrill()
	d.Marks = nil
	d.unmoved()
	r := Judge(d.History, d.spec)
	if r.Metrics.RecoveryTime.FullScale != nil {
		t.Fatalf("there is one: %+v", r.Metrics.RecoveryTime)
	}
	for _, row := range r.Rows(d.spec.Timescale) {
		if row.ID == FindingRecoveryTime && (row.FullMeasured != "no phases of a failover, and so no figure" ||
			!row.Extrapolated) {
			t.Errorf("it says %+v", row)
		}
	}
}

// How old the newest write was is no loss of that length.
func TestNothingLostDoesNotReadLikeALoss(t *testing.T) {
	p := RecoveryPoint{Acked: 67, Interval: fromTo(0, 2090*msec)}
	if got, want := p.Words(), "0 of 67 lost, the newest ≤ 2.09 s old"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

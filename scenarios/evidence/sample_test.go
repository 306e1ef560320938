package evidence

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// sample builds the history of a drill as it is seen from its clients: a region answers, is lost, and another takes
// over.
type sample struct {
	// between operations; when the region is lost, is back (0: never), and the workload stops
	rate, lost, back, end time.Duration
}

func (s sample) history() history.History {
	h := history.History{}
	random := rand.New(rand.NewPCG(1, 2))
	ms := time.Millisecond
	for i := int64(0); time.Duration(i)*s.rate < s.end; i++ {
		due := 300*ms + time.Duration(i)*s.rate
		op := history.Op{
			Seq: i, Kind: history.Write, ID: fmt.Sprintf("ver-%05d", i), Due: due, Sent: due, Attempts: 1,
			Outcome: history.OK,
			Region:  "us-east-1", Node: "app.us-east-1", Done: due + 9*ms +
				time.Duration(random.ExpFloat64()*float64(6*ms)),
		}
		if i%3 == 2 {
			op.Kind, op.ID = history.Read, fmt.Sprintf("ver-%05d", i-1)
			op.Done = due + 2*ms + time.Duration(random.ExpFloat64()*float64(2*ms))
		}
		switch {
		case due < s.lost-20*ms:
		case due < s.lost+900*ms: // sent into the void
			op.Outcome, op.Done = history.Unknown, due+time.Second
		case s.back == 0 || due < s.back:
			op.Outcome, op.Done = history.Failed, due+ms+time.Duration(random.ExpFloat64()*float64(3*ms))
		default:
			op.Region, op.Node, op.Timeline = "us-west-2", "app.us-west-2", 2
		}
		h.Ops = append(h.Ops, op)
	}
	h.Faults = []history.Fault{{
		Name: "lose_region", Target: "us-east-1", Regions: []string{"us-east-1"}, Command: s.lost - 60*ms,
		Confirmed: true,
		Effective: &history.Interval{Lo: s.lost - 12*ms, Hi: s.lost + 11*ms + 300*time.Microsecond},
		By:        "5 of 5 taps of us-east-1 refuse",
	}}
	h.Phases = []history.Phase{
		{At: 300 * ms, Name: history.PhaseWorkload},
		{At: s.lost - 2*time.Second, Name: history.PhaseSteady},
		{At: s.end, Name: history.PhaseStop},
		{At: s.end + 4*time.Second, Name: history.PhaseEnd},
	}
	mark := func(at time.Duration, name, detail string) {
		h.Marks = append(h.Marks, history.Mark{
			At: history.Interval{Lo: at - 2*ms, Hi: at + 2*ms}, Source: "automation.us-west-2", Name: name,
			Detail: detail,
		})
	}
	if s.back > 0 {
		away := s.back - s.lost
		mark(s.lost+away*3/10, "detected", "us-east-1 unhealthy: 3 checks failed")
		mark(s.lost+away*35/100, "decided", "")
		mark(s.lost+away*36/100, "fenced", "unreachable")
		mark(s.lost+away*70/100, "promoted", "timeline 2")
		mark(s.lost+away*80/100, "repointed", "revision 2")
		mark(s.lost+away*85/100, "redirected", "us-west-2")
		mark(s.lost+away/2, "health", "us-east-1 unhealthy")
		h.Faults[0].Healed = &history.Interval{Lo: s.end - 1400*ms, Hi: s.end - 1350*ms}
	}
	return h
}

// took is an interval in milliseconds.
func took(lo, hi float64) measure.Interval {
	return measure.Interval{Lo: new(measure.Low(msec(lo))), Hi: new(measure.High(msec(hi)))}
}

// promised is an objective of the lab in milliseconds, at a timescale.
func promised(ms, timescale float64) measure.Objective {
	return measure.Objective{Within: new(measure.High(msec(ms))), WithinFull: new(measure.Near(msec(ms * timescale)))}
}

// never is an interval of more than so many milliseconds.
func never(lo float64) measure.Interval { return measure.Interval{Lo: low(lo)} }

func span(from, to float64) measure.Span { return measure.Span{Lo: msec(from), Hi: msec(to)} }

func low(ms float64) *measure.Low { return new(measure.Low(msec(ms))) }

func msec(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func near(ms float64) measure.Near { return measure.Near(msec(ms)) }

func latency(count int) *measure.Latency {
	return &measure.Latency{
		Count: count, P50: measure.High(msec(13.1)), P99: measure.High(msec(36.6)),
		Max: measure.High(msec(61)),
	}
}

func outage() (Drill, map[string][]byte) {
	source := []byte("name: kyc-region-outage\ntimescale: 360\n")
	store := func(name string, hi float64) measure.RecoveryPoint {
		return measure.RecoveryPoint{
			Name: name, Acked: 812, Interval: took(0, hi), Objective: promised(2500, 360), Verdict: measure.Pass,
		}
	}
	joint := store("", 44.2)
	joint.Stores = []measure.RecoveryPoint{
		store(history.StorePostgres, 44.2), store(history.StoreObjects, 30.5),
		store(history.StoreItems, 30.5),
	}
	recovery := measure.RecoveryTime{
		Interval: took(4213.4, 4296.2), FirstSuccess: new(near(4180.7)), Cause: "lose_region on us-east-1",
		Objective: promised(20000, 360),
		Verdict:   measure.Pass, FullScale: new(near(905_000)), Sum: took(4213.4, 4296.2),
		Phases: measure.Phases{
			{Name: "detected", Took: near(1260.4), Scaled: true},
			{Name: "decided", Took: near(210.4), Scaled: true},
			{Name: "fenced", Took: near(42.3)},
			{Name: "promoted", Took: near(1428.3)},
			{Name: "repointed", Took: near(420.3)},
			{Name: "redirected", Took: near(210.2), Scaled: true},
			{Name: "sustained", Took: near(690.1)},
		},
	}
	return Drill{
		Scenario: ScenarioOf("kyc-region-outage", source, 360),
		Ran: Ran{
			Began:   time.Date(2026, 8, 1, 12, 0, 0, 250_400_000, time.UTC),
			Ended:   time.Date(2026, 8, 1, 12, 0, 31, 0, time.UTC),
			Harness: Harness{Commit: new("6a1eef89d0b6"), Dirty: new(false)},
			Host: &Host{
				OS: "linux", Arch: "amd64", Processors: 2, MemoryMB: new(int64(7940)),
				Kernel: new("6.1.0-42-amd64"),
			},
		},
		Status: Completed,
		History: sample{
			rate: 5 * time.Millisecond, lost: 6 * time.Second, back: 10200 * time.Millisecond,
			end: 16 * time.Second,
		}.history(),
		Report: measure.Report{
			Verdict: measure.Pass,
			Reasons: []string{"us-west-2 served again after at most 4.30 s and kept all 812 acknowledged writes."},
			Incidents: []measure.Incident{{
				Fault: new(0), Cause: "lose_region on us-east-1", InCharge: "us-west-2", RecoveryTime: &recovery,
				RecoveryPoint: &joint,
				Outages: []measure.Outage{{
					Begin: span(5975, 5990), End: new(span(10_200, 10_300)), Interval: took(4213.4, 4296.2),
					Verdict: measure.Pass,
				}},
			}},
			Metrics: measure.Metrics{
				RecoveryTime:  &recovery,
				RecoveryPoint: &joint,
				WriteLatency:  latency(812),
				ReplicationLag: &measure.ReplicationLag{Stores: []measure.StoreLag{
					{Store: history.StoreObjects, Quiet: low(12.4), Loaded: low(312)},
					{Store: history.StoreItems, Loaded: low(1204)},
				}},
			},
			Findings: []measure.Finding{
				{
					ID: "recovery_time", Checker: "recovery_time", Verdict: measure.Pass,
					Detail: "4.21 s … 4.30 s of 20 s",
				},
				{ID: "recovery_point", Checker: "recovery_point", Verdict: measure.Pass, Detail: "0 of 812 lost"},
			},
		},
		Lab: Lab{
			Engine: "Docker 20.10.24", AWS: "packages", Ready: new(near(6840)),
			Serving: map[string]string{
				"s3":       "versitygw v1.8.0 from a Go module",
				"dynamodb": "moto 5.1.1 from Debian packages",
			},
			Images: []Image{
				{For: "postgres", Name: "regionfall/postgres:3f9c", Digest: "sha256:0f3b"},
				{For: "hub", Name: "regionfall/hub:77aa", Digest: "sha256:9a21"},
			},
			Processes: []Process{
				{Name: "web", Count: 2, Clients: true, Nodes: []Node{
					{"app-1.us-east-1", NodeSilent, nil}, {"app-1.us-west-2", NodeRuns, new(2)},
				}},
				{Name: "worker", Count: 3, Nodes: []Node{
					{"worker.us-east-1", NodeEnded, new(1)},
					{"worker.us-west-2", NodeRuns, new(1)},
					{"worker-2.us-west-2", NodeWaits, new(0)},
				}},
			},
		},
	}, map[string][]byte{FileScenario: source}
}

func nightlyBackup() (Drill, map[string][]byte) {
	source := []byte("name: kyc-nightly-backup\ntimescale: 1440\n")
	h := sample{rate: 8 * time.Millisecond, lost: 14 * time.Second, end: 26 * time.Second}.history()
	var ids []string
	for _, op := range h.Ops[1:] {
		if op.Kind == history.Write && len(ids) < 20 {
			ids = append(ids, op.ID)
		}
	}
	store := func(name string) measure.RecoveryPoint {
		return measure.RecoveryPoint{
			Name: name, Acked: 1141, Lost: 1140, LostIDs: ids, Interval: took(13_650.2, 13_690.9),
			Objective: promised(625, 1440), Verdict: measure.Fail,
		}
	}
	joint := store("")
	joint.Stores = []measure.RecoveryPoint{store(history.StorePostgres), store(history.StoreItems)}
	recovery := measure.RecoveryTime{
		Interval: never(11_980), Censored: true, Cause: "lose_region on us-east-1", Objective: promised(5000, 1440),
		Verdict: measure.Fail,
		Sum:     never(11_980),
	}
	return Drill{
		Scenario: ScenarioOf("kyc-nightly-backup", source, 1440),
		Status:   Completed,
		History:  h,
		Expect:   Expect{Fail: true, Findings: []string{"recovery_point", "recovery_time"}},
		Report: measure.Report{
			Verdict: measure.Fail,
			Reasons: []string{
				"1140 of 1141 acknowledged writes were lost: everything after the newest backup.",
				"The service was not back within the 12 s that were observed.",
			},
			Incidents: []measure.Incident{{
				Fault: new(0), Cause: "lose_region on us-east-1", InCharge: "us-west-2", RecoveryTime: &recovery,
				RecoveryPoint: &joint,
				Outages: []measure.Outage{{
					Begin: span(13_980, 13_988), Interval: never(11_980), Censored: true,
					Verdict: measure.Fail,
				}},
			}},
			Metrics: measure.Metrics{
				RecoveryTime:  &recovery,
				RecoveryPoint: &joint,
				WriteLatency:  latency(1141),
				Capacity: &measure.Capacity{
					Demand: new(measure.Ratio(20.004)), ShareLo: new(measure.LowShare(0.3529)),
					ShareHi: new(measure.HighShare(0.4)), Objective: 0.95, Verdict: measure.Fail,
					AmplificationBefore: new(measure.Ratio(1)), AmplificationAfter: new(measure.Ratio(1.676)),
				},
				Clients: &measure.Clients{Count: 16, Moved: 12, Interval: never(11_700.2), Censored: true},
			},
			Findings: []measure.Finding{
				{
					ID: "recovery_time", Checker: "recovery_time", Verdict: measure.Fail,
					Detail: "more than 11.98 s of 5 s",
				},
				{
					ID: "recovery_point", Checker: "recovery_point", Verdict: measure.Fail, Detail: "1140 of 1141 lost",
					Evidence: ids,
				},
			},
		},
		Lab: Lab{Engine: "Docker 20.10.24", AWS: "packages", Ready: new(near(6840))},
	}, map[string][]byte{FileScenario: source}
}

// judged is a recorded history, judged by the promises that the recorded ones were made for.
func judged(t *testing.T, name string) Drill { return judgedBy(t, name, func(*measure.Spec) {}) }

// judgedBy is one that is judged by other promises.
func judgedBy(t *testing.T, name string, edit func(*measure.Spec)) Drill {
	t.Helper()
	h, err := history.Load(filepath.Join("../../fixtures/histories", name))
	if err != nil {
		t.Fatal(err)
	}
	stores := []string{history.StorePostgres, history.StoreObjects, history.StoreItems}
	spec := measure.Spec{
		Timescale: 60, Stores: stores, Ordered: stores[:1], Survivor: "us-west-2", MinAcked: 10,
		RecoveryTime: &measure.RecoveryTimeObjective{
			Within: 2 * time.Second, Window: time.Second, Success: 0.99, Quantile: 0.99,
			Latency: 250 * time.Millisecond, Capacity: 0.9,
		},
		RecoveryPoint: &measure.RecoveryPointObjective{Within: 400 * time.Millisecond},
	}
	edit(&spec)
	return Drill{
		Scenario: ScenarioOf(name, []byte("name: "+name+"\ntimescale: 60\n"), 60), Status: Completed, History: h,
		Report: measure.Judge(h, spec),
		Lab:    Lab{Engine: "Docker 20.10.24", AWS: "packages", Ready: new(near(6840))},
	}
}

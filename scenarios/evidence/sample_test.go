package evidence

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// sample builds the history of a drill as it is seen from its clients: a region answers, is lost, and another takes over.
type sample struct {
	rate, lost, back, end time.Duration // between operations; when the region is lost, is back (0: never), and the workload stops
}

func (s sample) history() history.History {
	h := history.History{}
	random := rand.New(rand.NewPCG(1, 2))
	ms := time.Millisecond
	for i := int64(0); time.Duration(i)*s.rate < s.end; i++ {
		due := 300*ms + time.Duration(i)*s.rate
		op := history.Op{
			Seq: i, Kind: history.Write, ID: fmt.Sprintf("ver-%05d", i), Due: due, Sent: due, Attempts: 1, Outcome: history.OK,
			Region: "us-east-1", Node: "app.us-east-1", Done: due + 9*ms + time.Duration(random.ExpFloat64()*float64(6*ms)),
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
		Name: "lose_region", Target: "us-east-1", Regions: []string{"us-east-1"}, Command: s.lost - 60*ms, Confirmed: true,
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
			At: history.Interval{Lo: at - 2*ms, Hi: at + 2*ms}, Source: "automation.us-west-2", Name: name, Detail: detail,
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

func f64(x float64) *float64 { return &x }

func outage() (Drill, map[string][]byte) {
	source := []byte("name: kyc-region-outage\ntimescale: 360\n")
	store := func(name string, hi float64) measure.RecoveryPoint {
		return measure.RecoveryPoint{
			Name: name, Acked: 812, LoMS: f64(0), HiMS: f64(hi), ObjectiveMS: f64(2500), Verdict: measure.Pass,
		}
	}
	joint := store("", 44.2)
	joint.Stores = []measure.RecoveryPoint{store(history.StorePostgres, 44.2), store(history.StoreObjects, 30.5), store(history.StoreItems, 30.5)}
	return Drill{
		Scenario: ScenarioOf("kyc-region-outage", source, 360),
		Status:   Completed,
		History:  sample{rate: 5 * time.Millisecond, lost: 6 * time.Second, back: 10200 * time.Millisecond, end: 16 * time.Second}.history(),
		Report: measure.Report{
			Verdict: measure.Pass,
			Reasons: []string{"us-west-2 served again after at most 4.30 s and kept all 812 acknowledged writes."},
			Metrics: measure.Metrics{
				RecoveryTime: &measure.RecoveryTime{
					LoMS: f64(4213.4), HiMS: f64(4296.2), FirstSuccessMS: f64(4180.7), ObjectiveMS: f64(20000), Verdict: measure.Pass,
					FullScaleMS: f64(905_000),
					Phases: []measure.Phase{
						{Name: "detected", MS: 1260.4, Scaled: true},
						{Name: "decided", MS: 210.4, Scaled: true},
						{Name: "fenced", MS: 42.3},
						{Name: "promoted", MS: 1428.3},
						{Name: "repointed", MS: 420.3},
						{Name: "redirected", MS: 210.2, Scaled: true},
						{Name: "sustained", MS: 690.1},
					},
				},
				RecoveryPoint: &joint,
				WriteLatency:  &measure.Latency{Count: 812, P50MS: 13.1, P99MS: 36.6, MaxMS: 61},
			},
			Findings: []measure.Finding{
				{ID: "recovery_time", Checker: "recovery_time", Verdict: measure.Pass, Detail: "4.21 s … 4.30 s of 20 s"},
				{ID: "recovery_point", Checker: "recovery_point", Verdict: measure.Pass, Detail: "0 of 812 lost"},
			},
		},
		Lab: Lab{
			Engine: "Docker 20.10.24", AWS: "packages", ReadyMS: 6840,
			Serving: map[string]string{"s3": "versitygw v1.8.0 from a Go module", "dynamodb": "moto 5.1.1 from Debian packages"},
			Images:  []Image{{Name: "regionfall/postgres:3f9c", ID: "sha256:0f3b"}, {Name: "regionfall/hub:77aa", ID: "sha256:9a21"}},
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
			Name: name, Acked: 1141, Lost: 1140, LostIDs: ids, LoMS: f64(13_650.2), HiMS: f64(13_690.9), ObjectiveMS: f64(625), Verdict: measure.Fail,
		}
	}
	joint := store("")
	joint.Stores = []measure.RecoveryPoint{store(history.StorePostgres), store(history.StoreItems)}
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
			Metrics: measure.Metrics{
				RecoveryTime:  &measure.RecoveryTime{LoMS: f64(11_980), Censored: true, ObjectiveMS: f64(5000), Verdict: measure.Fail},
				RecoveryPoint: &joint,
				WriteLatency:  &measure.Latency{Count: 1141, P50MS: 13.1, P99MS: 36.6, MaxMS: 61},
				Capacity: &measure.Capacity{
					Demand: f64(20.004), ShareLo: f64(0.3529), ShareHi: f64(0.4), Objective: 0.95, Verdict: measure.Fail,
					AmplificationBefore: f64(1), AmplificationAfter: f64(1.676),
				},
				Clients: &measure.Clients{Count: 16, Moved: 12, LoMS: f64(11_700.2), Censored: true},
			},
			Findings: []measure.Finding{
				{ID: "recovery_time", Checker: "recovery_time", Verdict: measure.Fail, Detail: "more than 11.98 s of 5 s"},
				{ID: "recovery_point", Checker: "recovery_point", Verdict: measure.Fail, Detail: "1140 of 1141 lost", Evidence: ids},
			},
		},
		Lab: Lab{Engine: "Docker 20.10.24", AWS: "packages", ReadyMS: 6840},
	}, map[string][]byte{FileScenario: source}
}

package scenarios

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// withoutApp leaves the app to tests of its own.
var withoutApp = cmpopts.IgnoreFields(drill.Plan{}, "App", "Protocol")

func TestWhatAFaultSchedulesIsDivided(t *testing.T) {
	src := strings.NewReplacer(
		"timescale: 360", "timescale: 60", "lose_region: {region: us-east-1}",
		"lag_replication: {store: postgres, region: us-west-2, lag: 2m}",
	).Replace(example)
	s, err := Parse("f.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	lag := func(s *Scenario) time.Duration {
		p, err := s.Compile()
		if err != nil {
			t.Fatal(err)
		}
		return p.Steps[0].Inject[0].(*fault.LagReplication).Lag
	}
	if a, b := lag(s), lag(s.WithTimescale(30)); a != 2*time.Second || b != 4*time.Second {
		t.Errorf("2m are %s at 60 and %s at 30", a, b)
	}
	if _, err := s.WithTimescale(200).Compile(); err == nil || !strings.Contains(err.Error(), "lag is 600ms") {
		t.Errorf("at 200 it is too short, and the error is %v", err)
	}
}

func TestCompileDividesTheScheduleAndNothingElse(t *testing.T) {
	const src = `
name: all-of-it
summary: every key once
story: |
  Told in
  two lines.
timescale: 60
topology:
  regions: [eu-west-1, {name: eu-central-1, app_nodes: 2}]
  preset: backup-restore # overridden by what stands around it, wherever it stands
  replication: {objects: continuous}
  latency: 7ms
  routing: {ttl: 2m, check: {interval: 1m, threshold: 2}}
  automation: {check: {interval: 30s, threshold: 4}, decide: 15m, step_timeout: 20s}
workload: {writes: 40/s, reads: 12.5/s, clients: 9, timeout: 800ms}
steady_state: {hold: 3m, within: 25s}
steps:
  - job: backup
  - when: backup_done
    at: 1h
    inject: {latency: {from: eu-west-1, to: eu-central-1, delay: 80ms}}
  - at: 90s
    when: detected
    heal: latency
objectives:
  recovery_point: {within: 15m}
  recovery_time: {within: 30m, window: 2m, success: 97.5%, latency: {p99.9: 400ms}, capacity: 80%}
  stores: [items, postgres]
  ordered: [postgres]
  min_acknowledged: 70
observe: 1h
tail: 4m
expect: {fail: [recovery_time, hole]}
`
	s, err := Parse("all-of-it.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	want := drill.Plan{
		Name: "all-of-it", Summary: "every key once", Story: "Told in\ntwo lines.\n", Source: src, Timescale: 60,
		Topology: topology.Topology{
			Name: "backup-restore", Strategy: topology.BackupRestore,
			Regions:  []topology.Region{{Name: "eu-west-1", AppNodes: 1}, {Name: "eu-central-1", AppNodes: 2}},
			Postgres: topology.Postgres{Commit: topology.CommitLocal},
			Objects:  topology.Replication{Mode: topology.Continuous},
			Items:    topology.Replication{Mode: topology.OnBackup},
			Routing: topology.Routing{TTL: 2 * time.Second, Check: topology.HealthCheck{
				Interval:  time.Second,
				Threshold: 2,
			}},
			Automation: topology.Automation{
				Check: topology.HealthCheck{Interval: 500 * time.Millisecond, Threshold: 4}, Decide: 15 * time.Second,
				StepTimeout: 20 * time.Second,
			},
			Latency: 7 * time.Millisecond,
		},
		Workload: workload.Spec{Writes: 40, Reads: 12.5, Clients: 9, Timeout: 800 * time.Millisecond},
		Steady:   drill.Steady{Hold: 3 * time.Second, Within: 28 * time.Second},
		Steps: []drill.Step{
			{Job: "backup"},
			{At: time.Minute, When: "backup_done", Inject: []fault.Spec{&fault.Latency{
				Links: fault.Links{From: "eu-west-1", To: "eu-central-1"}, Delay: 80 * time.Millisecond,
			}}},
			{At: 1500 * time.Millisecond, When: "detected", Heal: "latency"},
		},
		Observe: time.Minute, Tail: 4 * time.Second,
		Judge: measure.Spec{
			Timescale: 60,
			RecoveryTime: &measure.RecoveryTimeObjective{
				Within: 30 * time.Second, Window: 2 * time.Second,
				Success: 0.975, Quantile: 0.999, Latency: 400 * time.Millisecond, Capacity: 0.8,
			},
			RecoveryPoint: &measure.RecoveryPointObjective{Within: 15 * time.Second},
			Stores:        []string{"items", "postgres"}, Ordered: []string{"postgres"}, Home: "eu-west-1",
			Survivor: "eu-central-1", MinAcked: 70,
		},
		Expect: drill.Expect{Fail: true, Findings: []string{"recovery_time", "hole"}},
	}
	if diff := cmp.Diff(want, got, withoutApp); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	s, err := Parse("f.yaml", []byte(`{name: a, summary: b, timescale: 100, steps: [{at: 2m, inject: {lose_region: {region: us-west-2}}}],
  objectives: {recovery_time: 20m}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	preset, _ := topology.Preset("two-regions")
	want := drill.Plan{
		Name: "a", Summary: "b", Source: got.Source, Timescale: 100, Topology: preset.Scaled(100),
		Workload: workload.Spec{Writes: 30, Reads: 15, Clients: 8, Timeout: time.Second},
		Steady:   drill.Steady{Hold: 2 * time.Second, Within: 62 * time.Second},
		Steps: []drill.Step{{
			At: 1200 * time.Millisecond, Inject: []fault.Spec{&fault.LoseRegion{Region: "us-west-2"}},
		}},
		Observe: 16500 * time.Millisecond, // 1.25 x 12 s, and the window
		Tail:    1500 * time.Millisecond,
		Judge: measure.Spec{
			Timescale: 100, Stores: []string{"postgres", "objects", "items"}, Ordered: []string{"postgres"},
			MinAcked:   50,
			Replicated: []string{"objects", "items"},
			Home:       "us-east-1", Survivor: "us-east-1", // the standby is what is lost
			RecoveryTime: &measure.RecoveryTimeObjective{
				Within: 12 * time.Second, Window: 1500 * time.Millisecond,
				Success: 0.99, Quantile: 0.95, Latency: 500 * time.Millisecond, Capacity: 0.95,
			},
		},
	}
	if diff := cmp.Diff(want, got, withoutApp); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

// Who is to be in charge in the end is read from the steps, whatever they are.
func TestWhoIsInChargeInTheEnd(t *testing.T) {
	const lost = "inject: {lose_region: {region: us-east-1}}"
	for want, steps := range map[string]string{
		"us-west-2": "switchover: us-west-2",
		"us-east-1": "switchover: us-west-2\n  - at: 20m\n    switchover: us-east-1",
	} {
		s, err := Parse("f.yaml", []byte(strings.Replace(example, lost, steps, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := s.Compile(); err != nil || p.Judge.Survivor != want {
			t.Errorf("it is %s, want %s: %v", p.Judge.Survivor, want, err)
		}
	}
}

func TestAnotherTimescale(t *testing.T) {
	s, err := Load("kyc-region-outage")
	if err != nil {
		t.Fatal(err)
	}
	slow, err := s.WithTimescale(180).Compile()
	if err != nil {
		t.Fatal(err)
	}
	if slow.Judge.RecoveryTime.Within != 40*time.Second || slow.Timescale != 180 {
		t.Errorf("2h at 180 is %s (timescale %g)", slow.Judge.RecoveryTime.Within, slow.Timescale)
	}
	if s.Timescale() != 360 {
		t.Errorf("the scenario itself changed to %g", s.Timescale())
	}
	for _, n := range []float64{0, -1, 0.5, 1e9, math.NaN(), math.Inf(1)} {
		if _, err := s.WithTimescale(n).Compile(); err == nil || !strings.Contains(err.Error(), "must be 1 to 10000") {
			t.Errorf("timescale %g: %v", n, err)
		}
	}
	_, err = s.WithTimescale(3600).Compile()
	const hint = "topology.routing.check.interval is 8ms of lab time, less than 20ms: use a timescale of 1500 or less"
	if err == nil || !strings.Contains(err.Error(), hint) {
		t.Errorf("timescale 3600: %v", err)
	}
}

func TestAnyTimescaleKeepsProportions(t *testing.T) {
	s, err := Load("kyc-region-outage")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(25, 500).Draw(t, "timescale")
		p, err := s.WithTimescale(n).Compile()
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]time.Duration{
			"recovery time":  {2 * time.Hour, p.Judge.RecoveryTime.Within},
			"recovery point": {15 * time.Minute, p.Judge.RecoveryPoint.Within},
			"first step":     {18 * time.Minute, p.Steps[0].At},
			"hold":           {12 * time.Minute, p.Steady.Hold},
			"health check":   {30 * time.Second, p.Topology.Automation.Check.Interval},
		} {
			if off := time.Duration(float64(pair[1])*n) - pair[0]; off.Abs() > time.Duration(n)+1 {
				t.Errorf("%s: %s at %g is %s, off by %s", what, pair[0], n, pair[1], off)
			}
		}
		if p.Workload.Timeout != time.Second || p.Topology.Latency != 10*time.Millisecond ||
			p.Topology.Automation.StepTimeout != 10*time.Second {
			t.Errorf("physical times were scaled: %+v", p.Topology)
		}
		if o := p.Judge.RecoveryTime; p.Observe < o.Within+o.Window {
			t.Errorf("observing for %s proves no fail", p.Observe)
		}
	})
}

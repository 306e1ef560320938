package measure

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

var update = flag.Bool("update", false, "write fixtures/histories from the tables in this package")

const fixturesDir = "../../fixtures/histories"

func fixtures() []fixture {
	return slices.Concat(recoveryTimeFixtures, drillFixtures, storeFixtures, limitFixtures, serviceFixtures,
		configFixtures,
		switchoverFixtures, lagFixtures, incidentFixtures, ruleFixtures, jointFixtures,
		decisionFixtures, pipelineFixtures, lateFixtures)
}

// files are what the fixture's folder holds.
func (f fixture) files(t *testing.T) map[string][]byte {
	t.Helper()
	d := goodDrill()
	f.edit(d)
	var ops, events bytes.Buffer
	for _, op := range d.Ops {
		encode(t, &ops, op)
	}
	if d.cut {
		ops.Truncate(ops.Len() - 40)
	}
	event := func(kind string, at time.Duration, data any) {
		encode(t, &events, map[string]any{"type": kind, "at_ns": at, "data": data})
	}
	for _, p := range d.Phases {
		event("phase", p.At, p)
	}
	for _, fault := range d.Faults {
		event("fault", fault.Command, fault)
	}
	for _, step := range d.Steps {
		event("step", step.Began, step)
	}
	for _, m := range d.Marks {
		event("mark", m.At.Hi, m)
	}
	for _, r := range d.Reads {
		event("final_read", r.At.Hi, r)
	}
	for _, c := range d.Configs {
		event("config", c.At.Hi, c)
	}
	for _, l := range d.Lags {
		event("lag", l.At.Hi, l)
	}
	for _, m := range d.Manifests {
		event("manifest", m.At.Hi, m)
	}
	for _, b := range d.Backlogs {
		event("backlog", b.At.Hi, b)
	}
	for _, s := range d.Sights {
		event("pipeline", s.At.Hi, s)
	}
	for _, p := range d.Portions {
		event("portion", p.At.Hi, p)
	}
	expect, err := json.MarshalIndent(f.expect, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"ops.jsonl": ops.Bytes(), "events.jsonl": events.Bytes(),
		"expect.json": append(expect, '\n'),
	}
}

func encode(t *testing.T, into *bytes.Buffer, v any) {
	t.Helper()
	if err := json.NewEncoder(into).Encode(v); err != nil {
		t.Fatal(err)
	}
}

// TestFixturesAreAsTheTableSays keeps the files and the tables that explain them together.
func TestFixturesAreAsTheTableSays(t *testing.T) {
	for _, f := range fixtures() {
		dir := filepath.Join(fixturesDir, f.name)
		for name, want := range f.files(t) {
			path := filepath.Join(dir, name)
			if *update {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (run go test ./scenarios/measure -update)", err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from its table (run go test ./scenarios/measure -update)", path)
			}
		}
	}
}

// TestFixtures judges every recorded history, also those that are in no table.
func TestFixtures(t *testing.T) {
	failed, passed := map[string]bool{}, map[string]bool{}
	dirs, err := filepath.Glob(filepath.Join(fixturesDir, "*", "expect.json"))
	if err != nil || len(dirs) < len(fixtures()) {
		t.Fatalf("found %d fixtures, want at least %d: %v", len(dirs), len(fixtures()), err)
	}
	for _, path := range dirs {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			h, err := history.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			expect := readExpectation(t, path)
			r := Judge(h, expect.promised())
			bad := map[string]Verdict{}
			for _, f := range r.Findings {
				passed[f.ID] = passed[f.ID] || f.Verdict == Pass
				failed[f.ID] = failed[f.ID] || f.Verdict == Fail
				if f.Verdict != Pass {
					bad[f.ID] = f.Verdict
				}
				if f.Detail == "" || f.Checker == "" {
					t.Errorf("finding without words: %+v", f)
				}
			}
			if r.Verdict != expect.Verdict || len(r.Reasons) == 0 {
				t.Errorf("verdict %v because %q, want %v: %s", r.Verdict, r.Reasons, expect.Verdict, expect.Why)
			}
			if want := expect.Findings; len(want)+len(bad) > 0 && !cmp.Equal(want, bad) {
				t.Errorf("%s\nfindings that don't pass:\n%s", expect.Why, cmp.Diff(want, bad))
			}
			if diff := cmp.Diff(expect.Figures, measured(r, expect.Figures)); diff != "" {
				t.Errorf("%s\n%s", expect.Why, diff)
			}
		})
	}
	always := void()
	for _, id := range []string{FindingClaim, FindingManifest, FindingRestore} {
		always[id] = Inconclusive // where there is one
	}
	for id := range always {
		if !passed[id] || !failed[id] && id != FindingDrill {
			t.Errorf("finding %s: passes somewhere %v, fails somewhere %v", id, passed[id], failed[id])
		}
	}
}

func readExpectation(t *testing.T, path string) expectation {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var expect expectation
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&expect); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return expect
}

func (e expectation) promised() Spec {
	s := goodDrill().spec
	if e.Spec == nil {
		return s
	}
	if e.Spec.RecoveryPointMS != nil {
		s.RecoveryPoint.Within = time.Duration(*e.Spec.RecoveryPointMS) * msec
	}
	for store, ms := range e.Spec.StoreRecoveryPointMS {
		if s.RecoveryPoint.Stores == nil {
			s.RecoveryPoint.Stores = map[string]time.Duration{}
		}
		s.RecoveryPoint.Stores[store] = time.Duration(ms) * msec
	}
	for _, prefix := range e.Spec.Rules {
		s.Rules = append(s.Rules, Rule{Name: prefix, Store: history.StoreObjects, Prefix: prefix, Continuous: true})
	}
	for _, of := range slices.Sorted(maps.Keys(e.Spec.ClaimsMS)) {
		s.Claims = append(s.Claims, Claim{Of: of, RecoveryPoint: time.Duration(e.Spec.ClaimsMS[of]) * msec})
	}
	s.Manifests, s.Restores = e.Spec.Manifests, e.Spec.Restores
	if e.Spec.Only != "" {
		s.Stores, s.Ordered = []string{e.Spec.Only}, nil
	}
	if e.Spec.Redis {
		s.Stores = append(s.Stores, history.StoreRedis)
	}
	if e.Spec.MinAcked > 0 {
		s.MinAcked = e.Spec.MinAcked
	}
	s.Replicated, s.CopyTakes = e.Spec.Replicated, time.Duration(e.Spec.CopyTakesMS)*msec
	s.StandbyCapacity, s.Consistency, s.Sessions = e.Spec.StandbyCapacity, e.Spec.Consistency, e.Spec.Sessions
	if within := e.Spec.StaleConfigMS; within != nil {
		limit := time.Duration(*within) * msec
		s.StaleConfig = &limit
	}
	if within := e.Spec.WriteGapMS; within != nil {
		limit := time.Duration(*within) * msec
		s.WriteGap = &limit
	}
	if within := e.Spec.JointMS; within != nil {
		limit := time.Duration(*within) * msec
		s.JointRecoveryPoint = &limit
	}
	s.Decisions = e.Spec.Decisions
	s.LocalReads = time.Duration(e.Spec.LocalReadsMS) * msec
	if stages := e.Spec.Conservation; stages != nil {
		s.Conservation = &Pipeline{Job: "nightly", Stages: stages, Region: home}
	}
	if within := e.Spec.DeadlineMS; within > 0 {
		s.Deadline = &DeadlineObjective{
			Job: "nightly", Within: time.Duration(within) * msec, Begins: 2 * time.Hour, By: 14 * time.Hour,
		}
	}
	return s
}

// measured are the figures that are wanted, as they were measured.
func measured(r Report, want figures) figures {
	var got figures
	m := r.Metrics
	if m.RecoveryTime != nil {
		if want.RecoveryTimeMS != nil {
			got.RecoveryTimeMS = ends(m.RecoveryTime.Interval)
		}
		if want.Outages != nil {
			for _, o := range r.Outages() {
				got.Outages = append(got.Outages, ends(o.Interval)...)
			}
		}
	}
	if c := m.Capacity; c != nil && want.CapacityShare != nil {
		got.CapacityShare = []float64{float64(*c.ShareLo), float64(*c.ShareHi)}
	}
	if c := m.Clients; c != nil && want.ClientsMovedMS != nil {
		got.ClientsMovedMS = ends(c.Interval)
	}
	if r := m.Reconnected; r != nil && want.ReconnectedMS != nil {
		got.ReconnectedMS = ends(r.Interval)
	}
	if c := m.StaleConfig; c != nil && want.StaleConfigMS != nil {
		got.StaleConfigMS = ends(c.Interval)
		if want.StaleFailed != nil {
			got.StaleFailed = &c.Failed
		}
	}
	if c := m.Conservation; c != nil && want.Missing != nil {
		got.Missing, got.InFlight = &c.Missing, &c.InFlight
		for _, b := range c.Breaches {
			got.Breaches = append(got.Breaches, b.Stage+"/"+b.Partition)
		}
	}
	if d := m.Deadline; d != nil && want.DeadlineMS != nil {
		got.DeadlineMS = ends(d.Interval)
	}
	if g := m.WriteGap; g != nil && want.WriteGapMS != nil {
		got.WriteGapMS = ends(g.Interval)
	}
	if l := m.ReplicationLag; l != nil && want.LagMS != nil {
		for _, store := range l.Stores {
			if store.Loaded != nil {
				got.LagMS = append(got.LagMS, milliseconds(*store.Loaded))
			}
		}
	}
	if j := m.JointRecoveryPoint; j != nil && want.JointMS != nil {
		got.JointMS, got.Torn = ends(j.Interval), &j.Torn
	}
	if d := m.Decisions; d != nil {
		if got.Flips = new(len(d.Flips)); want.Subjects != nil {
			got.Subjects = &d.Subjects
		}
		if want.DeniedMS != nil {
			got.DeniedMS = ends(d.Interval)
		}
		if want.BehindMS != nil && d.Behind != nil {
			got.BehindMS = []float64{milliseconds(*d.Behind)}
		}
	}
	for _, c := range m.Claims {
		if _, is := want.ClaimsMS[c.Of]; is {
			if got.ClaimsMS == nil {
				got.ClaimsMS = map[string][]float64{}
			}
			got.ClaimsMS[c.Of] = ends(c.Interval)
		}
	}
	p := m.RecoveryPoint
	if p == nil {
		return got
	}
	if want.RecoveryPointMS != nil {
		got.RecoveryPointMS = ends(p.Interval)
	}
	for _, store := range p.Stores {
		if _, is := want.StoreRecoveryPointMS[store.Name]; is {
			if got.StoreRecoveryPointMS == nil {
				got.StoreRecoveryPointMS = map[string][]float64{}
			}
			got.StoreRecoveryPointMS[store.Name] = ends(store.Interval)
		}
	}
	for _, f := range []struct {
		want  *int
		got   **int
		value *int
	}{
		{want.Lost, &got.Lost, &p.Lost},
		{want.Holes, &got.Holes, &p.Holes},
		{want.Resurrected, &got.Resurrected, &p.Resurrected},
		{want.Duplicates, &got.Duplicates, &p.Duplicates},
		{want.AckedAfterFault, &got.AckedAfterFault, &p.AckedAfterFault},
	} {
		if f.want != nil {
			*f.got = f.value
		}
	}
	return got
}

// ends are the ends of an interval that are known, in milliseconds.
func ends(i Interval) []float64 {
	var all []float64
	if i.Lo != nil {
		all = append(all, milliseconds(*i.Lo))
	}
	if i.Hi != nil {
		all = append(all, milliseconds(*i.Hi))
	}
	return all
}

// milliseconds of a duration, not rounded.
func milliseconds[T ~int64](d T) float64 { return float64(d) / float64(time.Millisecond) }

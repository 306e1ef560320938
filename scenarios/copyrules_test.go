package scenarios

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/measure"
)

func TestRulesAreCompiled(t *testing.T) {
	const hour = time.Hour
	for text, want := range map[string]topology.CopyRule{
		"{prefix: verifications/}":            {Prefix: "verifications/", When: topology.CopyAlways},
		"{prefix: verifications/, every: 1h}": {Prefix: "verifications/", When: topology.CopyEvery, Every: hour},
		"{prefix: verifications/, job: on}":   {Prefix: "verifications/", When: topology.CopyJob},
		`{prefix: verifications/, window: {from: "23:00", to: "04:00"}}`: {
			Prefix: "verifications/", When: topology.CopyWindow, Opens: hour, Lasts: 5 * hour, Every: 24 * hour,
		},
		`{prefix: verifications/, window: {from: "21:00", to: "23:00"}}`: { // it is open at 22:00
			Prefix: "verifications/", When: topology.CopyWindow, Opens: -hour, Lasts: 2 * hour, Every: 24 * hour,
		},
		`{prefix: verifications/, window: {from: "20:00", to: "22:00"}}`: { // it has closed at 22:00
			Prefix: "verifications/", When: topology.CopyWindow, Opens: 22 * hour, Lasts: 2 * hour, Every: 24 * hour,
		},
	} {
		want.Name = want.Prefix
		clock := ""
		if want.When == topology.CopyWindow {
			clock = `clock: "22:00", `
		}
		s, err := Parse("f.yaml", []byte(strings.Replace(example, "preset: two-regions",
			"preset: two-regions\n  replication: {"+clock+"rules: ["+text+"]}", 1)))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		p, err := s.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []*time.Duration{&want.Opens, &want.Lasts, &want.Every} {
			*d /= 360 // the timescale
		}
		if diff := cmp.Diff([]topology.CopyRule{want}, p.Topology.Rules()); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

// What is below a rule is seen by the ids of writes, of which keys are made.
func TestRulesAreJudgedByTheIDsOfWrites(t *testing.T) {
	for name, want := range map[string][]measure.Rule{
		"analytics-hot-cold": {
			{Name: "hot/", Store: "objects", Prefix: "hot/", Continuous: true},
			{Name: "cold/", Store: "objects", Prefix: "cold/"},
		},
		"kyc-region-outage": nil,
	} {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.Judge.Rules); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	s, err := Parse("f.yaml", []byte(strings.Replace(example, "preset: two-regions",
		"preset: two-regions\n  replication: {rules: [{prefix: verifications/a}, {prefix: verifications/}, {table: "+
			"decisions, every: 1h}]}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	want := []measure.Rule{
		{Name: "verifications/a", Store: "objects", Prefix: "a", Continuous: true},
		{Name: "verifications/", Store: "objects", Continuous: true},
		{Name: "decisions", Store: "items"},
	}
	if diff := cmp.Diff(want, p.Judge.Rules); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(p.Judge.Replicated, ", "); got != "objects" {
		t.Errorf("copied at any time: %s", got)
	}
}

// What a store may lose each of its rules may, unless it has a limit of its own.
func TestRulesInheritTheLimitOfTheirStore(t *testing.T) {
	src := strings.Replace(example, "preset: two-regions",
		"preset: two-regions\n  replication: {rules: [{prefix: verifications/a}, {prefix: verifications/}]}", 1)
	src = regexp.MustCompile(`recovery_point: \S+`).ReplaceAllString(src,
		"recovery_point: {within: 24h, stores: {objects: 1h}, rules: {verifications/a: 2h}}")
	s, err := Parse("f.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	hour := p.Judge.RecoveryPoint.Within / 24
	for name, want := range map[string]time.Duration{"verifications/a": 2 * hour, "verifications/": hour} {
		if got := p.Judge.RecoveryPoint.Limit(name); got != want {
			t.Errorf("%s may lose %s, want %s", name, got, want)
		}
	}
}

// What is locked is said, and reaches the plan.
func TestVersionsAreKeptUnderObjectLock(t *testing.T) {
	for keys, want := range map[string]string{
		"":                              "",
		"versions: on":                  "    versions  kept",
		"versions: on, object_lock: on": "under Object Lock",
	} {
		s, err := Parse("f.yaml", []byte(strings.Replace(example, "preset: two-regions",
			"preset: two-regions\n  replication: {"+keys+"}", 1)))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := s.Describe(&b); err != nil {
			t.Fatal(err)
		}
		said := strings.Join(strings.Fields(b.String()), " ")
		if is := strings.Contains(said, "versions kept"); is != (keys != "") ||
			!strings.Contains(said, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%q: %q is not in:\n%s", keys, want, b.String())
		}
		if got := s.plan().Topology.Objects.Locked; got != strings.Contains(keys, "lock") {
			t.Errorf("%q: locked is %t", keys, got)
		}
	}
}

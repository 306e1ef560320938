package scenarios

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// What is set is as if it had been written there, and nothing else is another.
func TestValuesAreSet(t *testing.T) {
	for _, c := range []struct{ setting, old, new string }{
		{"timescale=120", "timescale: 360", "timescale: 120"},
		{"objectives.recovery_time.within=1h", "within: 2h", "within: 1h"},
		{"objectives.recovery_point=0s", "recovery_point: 15m", "recovery_point: 0s"},
		{"topology.routing.check.threshold=5", "threshold: 3", "threshold: 5"},
		{"steps[0].at=20m", "at: 18m", "at: 20m"},
		{"steps[0].inject.lose_region.region=us-west-2", "region: us-east-1", "region: us-west-2"},
		{
			"steps[0].inject={pause: {region: us-west-2}}", "lose_region: {region: us-east-1}",
			"pause: {region: us-west-2}",
		},
		{"steps[0].name=cut", "- at: 18m", "- at: 18m\n    name: cut"},
		{"topology.commit=remote", "preset: two-regions", "preset: two-regions\n  commit: remote"},
		{
			"topology.automation.check.threshold=4", "preset: two-regions",
			"preset: two-regions\n  automation: {check: {threshold: 4}}",
		},
		{"workload.retry={times: 2, after: 300ms}", "reads: 15/s", "reads: 15/s, retry: {times: 2, after: 300ms}"},
		{"observe=3h", "expect: pass", "expect: pass\nobserve: 3h"},
		{"expect={fail: [recovery_time]}", "expect: pass", "expect: {fail: [recovery_time]}"},
	} {
		got, err := set([]byte(example), []string{c.setting})
		if err != nil {
			t.Errorf("%s: %v", c.setting, err)
			continue
		}
		var is, want any
		if err := yaml.Unmarshal(got, &is); err != nil {
			t.Errorf("%s: %v\n%s", c.setting, err, got)
			continue
		}
		if err := yaml.Unmarshal([]byte(strings.Replace(example, c.old, c.new, 1)), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, is); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.setting, diff)
		}
		if _, err := Parse("f.yaml", got); err != nil {
			t.Errorf("%s: %v", c.setting, err)
		}
	}
	if got, err := set([]byte(example), nil); err != nil || string(got) != example {
		t.Errorf("nothing is set, and it is another: %v", err)
	}
}

func TestWhatCannotBeSetIsRefused(t *testing.T) {
	for setting, want := range map[string]string{
		"timescale":         "is no setting: write a key",
		"=3":                "is no setting",
		"timescale=":        "is no setting",
		"steps[7].at=3m":    "set steps[7].at: ",
		"steps[7]=3m":       "set steps[7]: the file has no such item",
		"expect={fail":      `set expect: "{fail" is no YAML`,
		"a.b.c=1\nd: 2":     "is no setting",
		"../x=1":            "is no setting",
		"topology[0].a=two": "set topology[0].a",
	} {
		if got, err := set([]byte(example), []string{setting}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q\n%s", setting, err, want, got)
		}
	}
	got, err := set([]byte(example), []string{"topology.comit=remote"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("f.yaml", got); err == nil || !strings.Contains(err.Error(), `did you mean "commit"`) {
		t.Errorf("a misspelt key was set, and read: %v", err)
	}
}

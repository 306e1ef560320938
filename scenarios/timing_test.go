package scenarios

import (
	"path/filepath"
	"strings"
	"testing"
)

// timed is a scenario with these steps.
func timed(t *testing.T, timescale, steps string) *Scenario {
	t.Helper()
	source := strings.Replace(example, "timescale: 360", "timescale: "+timescale, 1)
	source = strings.Replace(source, "  - at: 18m\n    inject: {lose_region: {region: us-east-1}}\n", steps, 1)
	s, err := Parse("f.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A step that will be late, since the fault before it takes long to be confirmed, is told before it is run.
func TestStepsThatWillBeLate(t *testing.T) {
	const (
		cut    = "    inject: {blackhole: {from: us-west-2, to: us-east-1, service: postgres}}\n"
		split  = "    inject: {partition: {from: us-west-2, to: us-east-1, service: postgres}}\n"
		lose   = "    inject: {lose_region: {region: us-east-1}}\n"
		narrow = "    inject: {squeeze: {region: us-west-2, to: 20}}\n"
	)
	for name, c := range map[string]struct {
		timescale, steps string
		want             []string
	}{
		"silence takes longer": {"360", "  - at: 12m\n" + cut + "  - at: 18m\n" + lose, []string{
			"steps[1].at: lose_region will be about 1s of lab time late, since it waits until blackhole is confirmed, " +
				"which takes about 2s: let it come at 24m or later, or use a smaller timescale",
		}},
		"later":             {"360", "  - at: 12m\n" + cut + "  - at: 24m\n" + lose, nil},
		"a smaller scale":   {"180", "  - at: 12m\n" + cut + "  - at: 18m\n" + lose, nil},
		"refusal is seen":   {"360", "  - at: 12m\n" + split + "  - at: 13m\n" + lose, nil},
		"the first is free": {"360", "  - at: 12m\n" + narrow, nil},
		"its own baseline": {"360", "  - at: 12m\n" + split + "  - at: 18m\n" + narrow, []string{
			"steps[1].at: squeeze will be about 3s of lab time late, since its baseline takes about 3s: let it come at",
		}},
		"it waits for something": {"360", "  - at: 12m\n" + cut + "  - when: health\n    at: 1m\n" + lose, nil},
		"what is late makes late": {"360", "  - at: 12m\n" + cut + "  - at: 13m\n" +
			strings.Replace(cut, "postgres", "redis", 1) + "  - at: 20m\n" + lose, []string{
			"steps[1].at", "steps[2].at",
		}},
	} {
		s := timed(t, c.timescale, c.steps)
		got := s.Warnings()
		if len(got) != len(c.want) {
			t.Errorf("%s: %d warnings, want %d: %v", name, len(got), len(c.want), got)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(got[i].Error(), w) {
				t.Errorf("%s: %v\nwant %s", name, got[i], w)
			}
		}
		var b strings.Builder
		if err := s.Describe(&b); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(b.String(), "\nwarning: f.yaml:"); told != (len(c.want) > 0) {
			t.Errorf("%s: it is shown as\n%s", name, b.String())
		}
	}
}

// What comes with the program, and what its specs run, does what it says when it says.
func TestNoStepOfOursIsLate(t *testing.T) {
	var all []string
	for _, pattern := range []string{
		"library/*.yaml", "../suites/*/testdata/*.yaml", "../fixtures/thirdparty/*/outage*.yaml",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		all = append(all, found...)
	}
	checked := 0
	for _, path := range all {
		s, err := Load(path)
		if err != nil {
			continue // an app, a topology, or what a spec wants to be wrong
		}
		checked++
		for _, w := range s.Warnings() {
			t.Errorf("%v", w)
		}
	}
	if checked < 30 {
		t.Errorf("only %d scenarios of %d files", checked, len(all))
	}
}

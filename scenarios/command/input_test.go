package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios"
)

// example is a scenario that is good.
const example = `name: example
summary: us-east-1 is lost
timescale: 360
steps:
  - at: 18m
    inject: {lose_region: {region: us-east-1}}
objectives:
  recovery_point: 15m
  recovery_time: {within: 2h, window: 10m}
expect: pass
`

func TestBadInputIsPointedAt(t *testing.T) {
	misspelt := writeFile(t, "misspelt.yaml", strings.Replace(example, "lose_region", "loose_region", 1))
	untimed := writeFile(t, "untimed.yaml", strings.Replace(example, "timescale: 360\n", "", 1))
	for name, c := range map[string]struct {
		args  string
		texts []string
	}{
		"unknown command":        {"frobnicate", []string{`unknown command "frobnicate"`}},
		"misspelt command":       {"lst", []string{`unknown command "lst"`, "Did you mean this?", "list"}},
		"unknown flag":           {"run kyc-region-outage --nope", []string{"unknown flag: --nope"}},
		"unknown flag of all":    {"--nope", []string{"unknown flag: --nope"}},
		"flag of the wrong kind": {"run kyc-region-outage --repeat many", []string{"--repeat", `"many"`}},
		"nothing to run":         {"run", []string{"no scenario is named", "--family or --all"}},
		"an unknown family":      {"run --family kyx", []string{`no family "kyx": did you mean "kyc"`}},
		"a family and all":       {"run --family kyc --all", []string{"can't be given together"}},
		"nothing to check":       {"check", []string{"accepts 1 arg"}},
		"misspelt fault, check":  {"check " + misspelt, []string{"misspelt.yaml:6:14: ", "\n      |              ^\n"}},
		"nothing to judge":       {"rejudge", []string{"accepts 1 arg"}},
		"nothing to show":        {"show", []string{"accepts 1 arg"}},
		"too much to ask":        {"status all", []string{`unknown command "all" for "regionfall status"`}},
		"misspelt scenario": {
			"run kyc-region-outge",
			[]string{`no scenario is called "kyc-region-outge"`, `did you mean "kyc-region-outage"?`},
		},
		"misspelt scenario, show": {"show kyc-zero-los", []string{`did you mean "kyc-zero-loss"?`}},
		"unknown scenario": {"run meteor", []string{
			`no scenario is called "meteor"`,
			"known are batch-checkpoint-store-down, ",
		}},
		"no such file": {"run ./none.yaml", []string{"none.yaml: no such file"}},
		"misspelt fault": {
			"run " + misspelt,
			[]string{
				"misspelt.yaml:6:14: ", `did you mean "lose_region"?`,
				"\n    6 |     inject: {loose_region: {region: us-east-1}}\n      |              ^\n",
			},
		},
		"misspelt fault, show": {"show " + misspelt, []string{"misspelt.yaml:6:14: ", "\n      |              ^\n"}},
		"the second and third": {
			"run kyc-region-outage " + misspelt + " " + untimed,
			[]string{"misspelt.yaml:6:14: ", "untimed.yaml:1:1: missing: timescale"},
		},
		"no repeat": {
			"run kyc-region-outage --repeat 0",
			[]string{"--repeat is 0; it must be at least 1"},
		},
		"negative timescale": {
			"run kyc-region-outage --timescale -1",
			[]string{"--timescale is -1; it must be above 0"},
		},
		"timescale below 1": {
			"run kyc-region-outage --timescale 0.5",
			[]string{"timescale: 0.5 must be 1 to 10000"},
		},
		"no timescale at all": {
			"run kyc-region-outage --timescale NaN",
			[]string{"--timescale is NaN; it must be above 0"},
		},
		"infinite timescale": {
			"run kyc-region-outage --timescale Inf",
			[]string{"timescale: +Inf must be 1 to 10000"},
		},
		"too big a timescale": {
			"run kyc-region-outage --timescale 5000", []string{"kyc-region-outage.yaml:", "use a timescale of"},
		},
		"unknown source": {
			"run kyc-region-outage --source web",
			[]string{`image source "web": want auto, registry or packages`},
		},
		"unknown source, up": {
			"up --source web",
			[]string{`image source "web": want auto, registry or packages`},
		},
		"source of images": {
			"images --source web",
			[]string{`image source "web": want auto, registry or packages`},
		},
		"unknown server of AWS": {
			"run kyc-region-outage --aws localstak",
			[]string{`S3 and DynamoDB from "localstak": want auto, localstack or packages`},
		},
		"unknown server, up": {
			"up --aws aws",
			[]string{`S3 and DynamoDB from "aws": want auto, localstack or packages`},
		},
		"unknown server, doctor": {"doctor --aws aws", []string{`S3 and DynamoDB from "aws"`}},
		"unknown topology":       {"up tow-regions", []string{`no topology is called "tow-regions"`, "two-regions"}},
		"misspelt fault to inject": {
			"inject partitoin --from a",
			[]string{`unknown fault "partitoin": did you mean "partition"?`},
		},
		"a parameter that is none": {"inject partition --form a", []string{"unknown flag: --form"}},
		"a delay without a unit":   {"inject latency --delay 80", []string{"--delay", "80"}},
		"fewer jobs than none":     {"run kyc-region-outage --jobs -1", []string{"--jobs is -1"}},
		"unknown list":             {"list fauls", []string{`invalid argument "fauls"`}},
		"no folder":                {"rejudge none", []string{"none/result.json: no such file"}},
		"no folder, report":        {"report none", []string{"none/result.json: no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := regionfall(t, strings.Fields(c.args)...)
			f.want(t, exitBadInput, c.texts...)
			if !strings.HasPrefix(f.stderr, "Error: ") || f.stdout != "" || strings.Contains(f.stderr, "Usage:") {
				t.Errorf("want the error and nothing else:\n%s%s", f.stdout, f.stderr)
			}
		})
	}
}

func TestWhatNeedsNoEngineWorksWithoutOne(t *testing.T) {
	good := writeFile(t, "good.yaml", example)
	for args, texts := range map[string][]string{
		"":                       {"Usage:", "regionfall run kyc-region-outage", "Exit codes: "},
		"--help":                 {"Usage:"},
		"help run":               {"regionfall run [NAME-or-FILE"},
		"list":                   {"NAME", "MUST END", "kyc-nightly-backup", "fail: recovery_point, recovery_time"},
		"list faults":            {"lose_region", "mimics", "example"},
		"show kyc-region-outage": {"kyc-region-outage: ", "inject lose_region: us-east-1"},
		"show " + good:           {"example: us-east-1 is lost"},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			f := regionfall(t, strings.Fields(args)...)
			f.want(t, exitPass, texts...)
			if f.stderr != "" {
				t.Errorf("it complains: %s", f.stderr)
			}
		})
	}
}

func TestListsAreJSON(t *testing.T) {
	var infos []scenarios.Info
	decode(t, regionfall(t, "list", "--json"), &infos)
	if diff := cmp.Diff(scenarios.Library(), infos); diff != "" {
		t.Errorf("scenarios:\n%s", diff)
	}
	var faults []fault.Entry
	decode(t, regionfall(t, "list", "faults", "--json"), &faults)
	var kinds, want []string
	for _, f := range faults {
		kinds = append(kinds, f.Kind)
		if f.Example == "" || f.Mimics == "" || f.On == "" || f.Shows == "" {
			t.Errorf("half an entry: %+v", f)
		}
	}
	for _, e := range fault.Catalogue() {
		want = append(want, e.Kind)
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("faults:\n%s", diff)
	}
}

// decode wants one JSON value and nothing around it.
func decode(t *testing.T, f finished, into any) {
	t.Helper()
	f.want(t, exitPass)
	d := json.NewDecoder(strings.NewReader(f.stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v:\n%s", err, f.stdout)
	}
	if d.More() {
		t.Errorf("there is more than one value:\n%s", f.stdout)
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	root := (&app{}).root()
	check := func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || cmd.Short[:1] != strings.ToUpper(cmd.Short[:1]) {
			t.Errorf("%s: short help is %q", path, cmd.Short)
		}
		if cmd.Long == "" && cmd.Example == "" {
			t.Errorf("%s has neither a long help nor an example", path)
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  regionfall ") {
				t.Errorf("%s: an example is %q", path, line)
				continue
			}
			if found, _, err := root.Find(strings.Fields(line)[1:]); err != nil || found == root {
				t.Errorf("%s: an example leads nowhere: %q: %v", path, line, err)
			}
		}
		if cmd != root && cmd.Args == nil {
			t.Errorf("%s takes any arguments", path)
		}
	}
	check(root)
	for _, cmd := range root.Commands() {
		check(cmd)
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	if len(root.Commands()) < 10 {
		t.Errorf("only %d commands", len(root.Commands()))
	}
	for what, code := range map[string]int{
		"pass": exitPass, "fail": exitFail, "inconclusive": exitInconclusive,
		"the lab or the harness failed": exitHarness,
		"bad input":                     exitBadInput, "interrupted": exitInterrupted,
	} {
		if text := fmt.Sprintf("%d %s", code, what); !strings.Contains(root.Long, text) {
			t.Errorf("the help does not say %q", text)
		}
	}
}

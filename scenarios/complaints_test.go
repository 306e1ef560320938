package scenarios

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

var update = flag.Bool("update", false, "write testdata/complaints.golden, the schema and docs/scenario-format.md anew")

// example is a scenario that is good; each complaint changes one place of it.
const example = `name: example
summary: a region is lost
timescale: 360
topology:
  preset: two-regions
  routing: {ttl: 60s, check: {interval: 30s, threshold: 3}}
workload: {writes: 30/s, reads: 15/s}
steps:
  - at: 18m
    inject: {lose_region: {region: us-east-1}}
objectives:
  recovery_point: 15m
  recovery_time: {within: 2h, window: 10m}
expect: pass
`

// lost is the step of the example.
const lost = "inject: {lose_region: {region: us-east-1}}"

// complaints are mistakes as people make them: what is changed in the example, and to what. What is said about each is
// in testdata/complaints.golden.
var complaints = []struct{ name, old, new string }{
	{"unknown key at the top", "workload:", "workloads:"},
	{"unknown key far from any", "expect: pass", "colour: blue"},
	{"unknown key below", "threshold: 3", "treshold: 3"},
	{"unknown key of a step", "- at: 18m", "- atr: 18m"},
	{"unknown fault", "lose_region:", "loose_region:"},
	{"unknown fault, other word", "lose_region:", "kill_region:"},
	{"unknown fault far from any", "{lose_region: {region: us-east-1}}", "{meteor: {}}"},
	{"unknown region", "region: us-east-1", "region: us-est-1"},
	{"region missing", "{region: us-east-1}", "{}"},
	{"unknown parameter", "{region: us-east-1}", "{regoin: us-east-1}"},
	{"fault without parameters", "{lose_region: {region: us-east-1}}", "lose_region"},
	{
		"two faults in a step", "{lose_region: {region: us-east-1}}",
		"{lose_region: {region: us-east-1}, partition: {between: [us-east-1, us-west-2]}}",
	},
	{"partition with a typo", "{lose_region: {region: us-east-1}}", "{partition: {between: [us-east-1, us-wst-2]}}"},
	{
		"latency with all wrong", "{lose_region: {region: us-east-1}}",
		"{latency: {from: us-east-1, to: us-east-1, delay: 1ms}}",
	},
	{"rule of nothing", "preset: two-regions", "replication: {rules: [{every: 1h}]}"},
	{"rule of two", "preset: two-regions", "replication: {rules: [{prefix: hot/, table: decisions}]}"},
	{"rule of another table", "preset: two-regions", "replication: {rules: [{table: orders}]}"},
	{"rule of no prefix", "preset: two-regions", "replication: {rules: [{prefix: ../hot}]}"},
	{
		"rule at two times", "preset: two-regions",
		"replication: {rules: [{prefix: verifications/, every: 1h, job: on}]}",
	},
	{"rule twice", "preset: two-regions", "replication: {rules: [{prefix: verifications/}, {prefix: verifications/}]}"},
	{"rule after one below", "preset: two-regions", "replication: {rules: [{prefix: verifications/a, after: hot/}]}"},
	{"rule of what the app does not write", "preset: two-regions", "replication: {rules: [{prefix: hot/}]}"},
	{
		"no time of day", "preset: two-regions",
		"replication: {rules: [{prefix: verifications/, window: {from: 23, to: \"25:00\"}}]}",
	},
	{
		"window of nothing", "preset: two-regions",
		"replication: {rules: [{prefix: verifications/, window: {from: \"23:00\", to: \"23:00\"}}]}",
	},
	{"lock without versions", "preset: two-regions", "replication: {object_lock: on}"},
	{
		"purge without versions", "lose_region: {region: us-east-1}",
		"purge_objects: {region: us-west-2, prefix: verifications/}",
	},
	{
		"clock without a window", "preset: two-regions",
		"replication: {clock: \"21:30\", rules: [{prefix: verifications/}]}",
	},
	{
		"rules of what a job copies", "preset: two-regions",
		"preset: backup-restore\n  replication: {rules: [{prefix: verifications/}]}",
	},
	{"step runs no rule", "  - at: 18m", "  - at: 9m\n    replicate: hot/\n  - at: 18m"},
	{"step restores what is not kept", "  - at: 18m", "  - at: 9m\n    restore: {rule: hot/, to: 1h}\n  - at: 18m"},
	{"claim of no rule", "expect: pass", "claims: [{rule: hot/, rpo: 1h}]\nexpect: pass"},
	{"claim of nothing", "expect: pass", "claims: [{rule: hot/}]\nexpect: pass"},
	{"claim of two", "expect: pass", "claims: [{rule: hot/, store: postgres, rpo: 1h}]\nexpect: pass"},
	{"claim of a store that is not read", "expect: pass", "claims: [{store: redis, rpo: 1h}]\nexpect: pass"},
	{"limit of no rule", "recovery_point: 15m", "recovery_point: {within: 15m, rules: {hot/: 1h}}"},
	{"bandwidth of next to nothing", "preset: two-regions", "bandwidth: 10kB"},
	{"expects a claim", "expect: pass", "expect: {fail: [claim]}"},
	{"unknown preset", "preset: two-regions", "preset: tow-regions"},
	{"unknown strategy", "preset: two-regions", "strategy: pilot-lite"},
	{"misspelt strategy", "preset: two-regions", "strategy: warmstandby"},
	{"unknown commit mode", "preset: two-regions", "commit: remot"},
	{"unknown replication mode", "preset: two-regions", "replication: {objects: continous}"},
	{"impossible combination", "preset: two-regions", "replication: {objects: backup}"},
	{"commit with backup", "preset: two-regions", "preset: backup-restore\n  commit: remote"},
	{"four regions", "preset: two-regions", "regions: [us-east-1, us-west-2, eu-west-1, eu-west-2]"},
	{
		"follows a misspelt region", "preset: two-regions",
		"regions: [us-east-1, us-west-2, {name: eu-west-1, follows: us-wst-2}]",
	},
	{"home follows", "preset: two-regions", "regions: [{name: us-east-1, follows: us-west-2}, us-west-2]"},
	{
		"pairs with all wrong", "preset: two-regions",
		"latencies: [{between: [us-east-1, us-wst-2], latency: 6s}, {between: [us-east-1]}, {latency: 5}, 7]",
	},
	{
		"shift with all wrong", "preset: two-regions",
		"automation: {shift: {share: 0.5%, holds: 5s, success: 99, p99: 1}}",
	},
	{"unknown server of AWS", "preset: two-regions", "aws: localstak"},
	{"unknown mode of reading", "preset: two-regions", "reads: locally"},
	{"local reads of a backup", "preset: two-regions", "preset: backup-restore\n  reads: local"},
	{"unknown guarantee", "recovery_point: 15m", "sessions: [read_your_writes, reads_your_writes]"},
	{"a guarantee twice", "recovery_point: 15m", "sessions: [monotonic_reads, monotonic_reads]"},
	{"local reads of nobody", "recovery_point: 15m", "local_reads: {p99: 20ms}"},
	{"local reads without a limit", "recovery_point: 15m", "local_reads: {}"},
	{
		"stale configuration without a loss", "{lose_region: {region: us-east-1}}\nobjectives:\n  recovery_point: 15m",
		"{partition: {between: [us-east-1, us-west-2]}}\nobjectives:\n  stale_config: 0s",
	},
	{"a guarantee expected and not promised", "expect: pass", "expect: {fail: [monotonic_reads]}"},
	{
		"lag too short in lab time", "{lose_region: {region: us-east-1}}",
		"{lag_replication: {store: postgres, region: us-west-2, lag: 2m}}",
	},
	{
		"lag of nowhere", "{lose_region: {region: us-east-1}}",
		"{lag_replication: {store: postgres, region: us-wst-2, lag: 20m}}",
	},
	{"a pair without latency", "preset: two-regions", "latencies:\n  - between: [us-east-1, us-west-2]"},
	{"a pair with a typo", "preset: two-regions", "latencies: [{betwen: [us-east-1, us-west-2], latency: 4ms}]"},
	{"unknown policy", "ttl: 60s", "policy: multi-value"},
	{"policy that needs another strategy", "ttl: 60s", "policy: multivalue"},
	{"bad region name", "preset: two-regions", "regions: [us-east-1, US_WEST]"},
	{"app nodes", "preset: two-regions", "regions: [us-east-1, {name: us-west-2, app_nodes: 90}]"},
	{"limit of no store", "recovery_point: 15m", "recovery_point: {within: 15m, stores: {}}"},
	{"limit of an unknown store", "recovery_point: 15m", "recovery_point: {within: 15m, stores: {rediss: 1h}}"},
	{
		"limit of a store under its service's name", "recovery_point: 15m",
		"recovery_point: {within: 15m, stores: {s3: 1h}}",
	},
	{
		"limit of a store that the app has not", "recovery_point: 15m",
		"recovery_point: {within: 15m, stores: {redis: 1h}}",
	},
	{
		"limit of a store that is not looked at", "recovery_point: 15m",
		"recovery_point: {within: 15m, stores: {items: 1h}}\n  stores: [postgres]",
	},
	{"limit without the others'", "recovery_point: 15m", "recovery_point: {stores: {items: 1h}}"},
	{"limit without unit", "recovery_point: 15m", "recovery_point: {within: 15m, stores: {items: 15}}"},
	{
		"limits that are too short", "recovery_point: 15m",
		"recovery_point: {within: 15m, stores: {items: 10s, objects: 0s}}",
	},
	{"time without unit", "recovery_point: 15m", "recovery_point: 15"},
	{"time with another unit", "recovery_point: 15m", "recovery_point: 15min"},
	{"time in weeks", "recovery_point: 15m", "recovery_point: 3w"},
	{"negative time", "recovery_point: 15m", "recovery_point: -15m"},
	{"no time at all", "recovery_point: 15m", "recovery_point: soon"},
	{"endless time", "recovery_point: 15m", "recovery_point: 99999999999h"},
	{"no value", "recovery_point: 15m", "recovery_point:"},
	{"list for a value", "recovery_point: 15m", "recovery_point: [15m]"},
	{"rate without unit", "writes: 30/s", "writes: 30"},
	{"rate per minute", "writes: 30/s", "writes: 30/min"},
	{"rate beyond the lab", "writes: 30/s", "writes: 3000/s"},
	{"share without unit", "window: 10m", "window: 10m, success: 0.99"},
	{"share above all", "window: 10m", "window: 10m, success: 101%"},
	{"unknown quantile", "window: 10m", "window: 10m, latency: {p98: 200ms}"},
	{"latency beyond the timeout", "window: 10m", "window: 10m, latency: {p99: 2s}"},
	{"unknown metric", "recovery_point: 15m", "recovery_piont: 15m"},
	{"unknown store", "recovery_point: 15m", "stores: [postgres, object]"},
	{"unknown finding", "expect: pass", "expect: {fail: [recoverytime]}"},
	{
		"finding without objective", "  recovery_point: 15m\n  recovery_time: {within: 2h, window: 10m}\nexpect: pass",
		"  recovery_time: {within: 2h, window: 10m}\nexpect: {fail: [recovery_point]}",
	},
	{"fail without findings", "expect: pass", "expect: fail"},
	{"unknown verdict", "expect: pass", "expect: passed"},
	{"unknown condition", "- at: 18m", "- when: backup_don\n    at: 18m"},
	{"condition that never comes", "- at: 18m", "- when: backup_done\n    at: 18m"},
	{"unknown job", "    inject: {lose", "    job: backups\n  - at: 19m\n    inject: {lose"},
	{"job that is not there", "    inject: {lose", "    job: backup\n  - at: 18m\n    inject: {lose"},
	{
		"steps out of order", "    inject: {lose_region: {region: us-east-1}}",
		"    inject: {lose_region: {region: us-east-1}}\n  - at: 10m\n    heal: lose_region",
	},
	{
		"heal of nothing", "    inject: {lose_region: {region: us-east-1}}",
		"    inject: {lose_region: {region: us-east-1}}\n  - at: 20m\n    heal: partition",
	},
	{
		"two verbs", "    inject: {lose_region: {region: us-east-1}}",
		"    inject: {lose_region: {region: us-east-1}}\n    heal: lose_region",
	},
	{"no verb", "    inject: {lose_region: {region: us-east-1}}", "    when: recovered"},
	{"a latency for no pair", "preset: two-regions", "latencies: {us-east-1: 5ms}"},
	{
		"both regions lost", "    inject: {lose_region: {region: us-east-1}}",
		"    inject: {lose_region: {region: us-east-1}}\n  - at: 20m\n    inject: {lose_region: {region: us-west-2}}",
	},
	{"steps is no list", "steps:\n  - at: 18m\n    inject: {lose_region: {region: us-east-1}}", "steps: {at: 18m}"},
	{"nothing promised", "  recovery_point: 15m\n  recovery_time: {within: 2h, window: 10m}", "  min_acknowledged: 10"},
	{"objective without limit", "{within: 2h, window: 10m}", "{window: 10m}"},
	{"observe missing", "  recovery_time: {within: 2h, window: 10m}\n", ""},
	{"observe too short", "expect: pass", "observe: 2h"},
	{"key twice", "expect: pass", "expect: pass\nname: again"},
	{"timescale of zero", "timescale: 360", "timescale: 0"},
	{"timescale with unit", "timescale: 360", "timescale: 6m"},
	{"checks too fast", "timescale: 360", "timescale: 3000"},
	{"point too fine", "recovery_point: 15m", "recovery_point: 10s"},
	{"window too short", "window: 10m", "window: 1m"},
	{"drill too long", "timescale: 360", "timescale: 5"},
	{"too little load", "workload: {writes: 30/s", "workload: {writes: 2/s"},
	{"automation off", "  preset: two-regions\n", "  preset: two-regions\n  automation: of\n"},
	{"anchor", "preset: two-regions", "preset: &p two-regions"},
	{"alias", "expect: pass", "expect: *p"},
	{"merge key", "  preset: two-regions", "  <<: {preset: two-regions}"},
	{"tag", "preset: two-regions", "preset: !!str two-regions"},
	{"second document", "expect: pass", "---\nexpect: pass"},
	{"bracket left open", "threshold: 3}}", "threshold: 3}"},
	{"tab for indentation", "  preset:", "\tpreset:"},
	{"colon without space", "expect: pass", "expect:pass"},
	{"path", "expect: pass", "evidence: /etc/passwd"},
	{"command", "{lose_region: {region: us-east-1}}", "{exec: {command: reboot}}"},
	{"story block then typo", "timescale: 360", "story: |\n  one\n\n  two: three\n\n# c\ntimscale: 360"},
	{"empty", example, ""},
	{"only comment", example, "# nothing\n"},
	{"a list", example, "- a\n"},
	{"text", example, "hello"},
	{"step after one below", lost, "after: cut\n    " + lost},
	{"step after two things", lost, "name: cut\n    " + lost + "\n  - {when: promoted, after: cut, heal: cut}"},
	{"step without a good name", lost, "name: The cut\n    " + lost},
	{"step that is called like a fault", lost, "name: partition\n    " + lost},
	{"steps of one name", lost, "name: cut\n    " + lost + "\n  - {name: cut, at: 19m, heal: cut}"},
	{"heal of a misspelt step", lost, "name: cut\n    " + lost + "\n  - {at: 19m, heal: cutt}"},
	{"heal of what ends by itself", lost, "name: cut\n    for: 43m\n    " + lost + "\n  - {at: 19m, heal: cut}"},
	{"heal of what was healed", lost, "name: cut\n    " + lost + "\n  - {at: 19m, heal: cut}\n  - {at: 20m, heal: cut}"},
	{
		"faults of one moment that hide each other", lost,
		"inject: [{lose_region: {region: us-east-1}}, {refuse: {from: clients, to: us-east-1, service: app}}]",
	},
	{
		"faults of one moment, the first of which is hidden", lost,
		"inject: [{refuse: {from: clients, to: us-east-1, service: app}}, {lose_region: {region: us-east-1}}]",
	},
	{"no faults of one moment", lost, "inject: []"},
	{"fault without a name among others", lost, "inject: [{lose_region: {region: us-east-1}}, lose_region]"},
	{"misspelt fault among others", lost, "inject: [{lose_region: {region: us-east-1}}, {partion: {}}]"},
	{"misspelt region among others", lost, "inject: [{pause: {region: us-west-2}}, {lose_region: {region: us-est-1}}]"},
	{"failover to home", lost, lost + "\n  - {at: 19m, failover: us-east-1}"},
	{"failover to a misspelt region", lost, lost + "\n  - {at: 19m, failover: us-wst-2}"},
	{"fault by a person", lost, "by: the engineer on call\n    " + lost},
	{"note and failover", lost, lost + "\n  - {at: 19m, failover: us-west-2, note: it is time}"},
	{"long note", lost, lost + "\n  - {at: 19m, note: " + strings.Repeat("on and ", 40) + "}"},
	{"misspelt loss", "preset: two-regions", "automation: {lost_when: database_or_app}"},
	{"success that nobody can count", "window: 10m}", "window: 10m, success: 99.99%}"},
	{
		"decision after the objective", "preset: two-regions",
		"preset: two-regions\n  automation: {check: {interval: 30s, threshold: 3}, decide: 3h}",
	},
	{"end of nothing", lost, lost + "\n  - {at: 19m, for: 43s, heal: lose_region}"},
	{"steady state behind an event", lost, lost + "\n  - {when: promoted, at: 1m, heal: lose_region}\n  - {at: 19m, " + lost + "}"},
	{"several at once", "summary: a region is lost\ntimescale: 360", "sumary: a region is lost\ntimescale: x"},
	{"several missing", "name: example\nsummary: a region is lost\n", ""},
	{"bad name", "name: example", "name: KYC Outage"},
	{"long summary", "summary: a region is lost", "summary: " + strings.Repeat("on and ", 40)},
	{"misspelt limit", "within: 2h", "wihtin: 2h"},
	{"escape sequences are not echoed", "expect: pass", "expect: \"pa\x1b[31mss\""},
	{"escape sequence in the summary", "summary: a region is lost", `summary: "a \e[31mregion is lost"`},
	{"escape sequence in the story", "timescale: 360", "timescale: 360\nstory: \"\\x9b2J all gone\""},
	{"text that turns round", "summary: a region is lost", `summary: "a region is \u202etsol"`},
	{"summary of two lines", "summary: a region is lost", `summary: "a region\nis lost"`},
	{"escape sequence in a key", "expect: pass", "\"ex\\e[31mpect\": pass"},
	{"zero byte written out", "region: us-east-1", `region: "us-east-1\0"`},
	{"bomb of aliases", "expect: pass", "a: &a [x, x]\nb: &b [*a, *a]\nexpect: *b"},
	{
		"caret in a long line", "threshold: 3}}",
		"threshold: 3, interval_between_two_checks_of_health: 30s, and_one_more_key: [a, b, c, d, e, f, g, h, i, j, " +
			"k, l, m, n, o, p]}}",
	},
	{"binary", example, "\x00\x01"},
	{"not UTF-8", example, "\xff\xfe"},
	{"too large", example, strings.Repeat("# nothing here ", 20_000)},
	{"line without end", example, strings.Repeat("# nothing here ", 100)},
	{"too many lines", example, strings.Repeat("a: b\n", 5_000)},
	{"switchover to a misspelt region", "inject: {lose_region: {region: us-east-1}}", "switchover: us-wst-2"},
	{"switchover to who serves", "inject: {lose_region: {region: us-east-1}}", "switchover: us-east-1"},
	{
		"switchover with a fault", "inject: {lose_region: {region: us-east-1}}",
		"inject: {pause: {region: us-west-2}}\n  - at: 20m\n    switchover: us-west-2",
	},
	{
		"fault after a switchover", "inject: {lose_region: {region: us-east-1}}",
		"switchover: us-west-2\n  - at: 20m\n    inject: {pause: {region: us-west-2}}",
	},
	{
		"a fault behind another", "inject: {lose_region: {region: us-east-1}}",
		"inject: {blackhole: {from: us-west-2, to: us-east-1, service: postgres}}\n  - at: 20m\n    inject: " +
			"{pause_replication: {store: postgres, region: us-west-2}}",
	},
	{
		"a receipt that lags", "{lose_region: {region: us-east-1}}",
		"{lag_replication: {store: postgres, region: us-west-2, lag: 20m, what: receipt}}",
	},
	{
		"a receipt of objects", "{lose_region: {region: us-east-1}}",
		"{pause_replication: {store: objects, region: us-west-2, what: receipt}}",
	},
	{"write gap without a switchover", "recovery_point: 15m", "write_gap: 15m"},
	{"joint recovery point of one store", "recovery_point: 15m", "joint_recovery_point: 0s\n  stores: [items]"},
	{"decisions of an app that says none", "recovery_point: 15m", "decisions: on"},
	{"decisions that are not promised", "recovery_point: 15m", "recovery_point: 15m\n  decisions: off"},
	{"too many complaints", example, strings.Repeat("a: b\n", 100)},
	{"brackets in brackets", "expect: pass", "expect: " + strings.Repeat("[", 200)},
	{"lists in lists", "expect: pass", "expect:\n  " + strings.Repeat("- ", 200) + "a"},
	{"indented without end", "expect: pass", "expect:\n" + strings.Repeat(" ", 200) + "fail: []"},
}

func TestComplaints(t *testing.T) {
	const golden = "testdata/complaints.golden"
	want := map[string]string{}
	text, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for section := range strings.SplitSeq(string(text), "## ") {
		name, said, _ := strings.Cut(section, "\n")
		want[name] = said
	}
	var all strings.Builder
	for _, c := range complaints {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(example, c.old) != 1 {
				t.Fatalf("%q is not in the example once", c.old)
			}
			_, err := Parse("f.yaml", []byte(strings.Replace(example, c.old, c.new, 1)))
			if err == nil {
				t.Fatal("the mistake was not noticed")
			}
			if p := (*file.Problem)(nil); !errors.As(err, &p) {
				t.Errorf("%T is no *file.Problem", err)
			}
			got := err.Error() + "\n"
			all.WriteString("## " + c.name + "\n" + got)
			if diff := cmp.Diff(want[c.name], got); diff != "" && !*update {
				t.Errorf("what is said (-want +got):\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheExampleIsGood(t *testing.T) {
	if _, err := Parse("f.yaml", []byte(example)); err != nil {
		t.Fatal(err)
	}
}

func TestEverythingIsSaidAtOnceInTheOrderOfTheFile(t *testing.T) {
	src := strings.NewReplacer("summary:", "sumary:", "ttl: 60s", "ttl: 60", "us-east-1", "us-east-2", "pass",
		"passed").Replace(example)
	_, err := Parse("f.yaml", []byte(src))
	var lines []int
	for _, p := range file.Problems(err) {
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{2, 6, 10, 14}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
	}
}

func TestAutomationThatIsOffNeverPromotes(t *testing.T) {
	src := strings.NewReplacer("preset: two-regions", "automation: off", "objectives:",
		"  - when: promoted\n    heal: lose_region\nobjectives:").Replace(example)
	_, err := Parse("f.yaml", []byte(src))
	if err == nil || !strings.Contains(err.Error(), "promoted never comes: the automation is off") {
		t.Error(err)
	}
}

package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// overnight is a scenario about a job.
const overnight = `name: overnight
summary: the worker of the nightly job is killed
timescale: 1200
app: batch
workload: {writes: 10/s}
steps:
  - job: nightly
  - stage: 4
    at: 20m
    inject: {kill: {node: worker.us-east-1}}
  - inject: {drop_records: {stage: 4, partition: 3, share: 5%}}
objectives: {conservation: on, deadline: {begins: 22:30, by: 06:00}, min_acknowledged: 20}
`

func TestAScenarioAboutAJob(t *testing.T) {
	s, err := Parse("f.yaml", []byte(overnight))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	want := measure.DeadlineObjective{
		Job: "nightly", Within: 22500 * time.Millisecond, Begins: 22*time.Hour + 30*time.Minute, By: 6 * time.Hour,
	}
	if got := plan.Judge.Deadline; got == nil || *got != want {
		t.Errorf("the deadline is %+v", got)
	}
	if p := plan.Judge.Conservation; p == nil || len(p.Stages) != 5 || p.Region != "us-east-1" {
		t.Errorf("the pipeline is %+v", p)
	}
	if plan.Observe <= want.Within {
		t.Errorf("a deadline after %s can't be missed: the drill watches for %s", want.Within, plan.Observe)
	}
	if plan.Steps[0].Job != "nightly" || plan.Steps[1].Stage != "4" || plan.Steps[1].At != time.Second {
		t.Errorf("the steps are %+v", plan.Steps)
	}
	drop, is := plan.Steps[2].Inject[0].(*fault.DropRecords)
	if !is || *drop != (fault.DropRecords{Stage: "4", Partition: "3", Share: 0.05}) {
		t.Errorf("the fault is %+v", plan.Steps[2].Inject)
	}
}

// Of an app that does not say where its objects are nobody could tell whether it dropped anything.
func TestADropThatNobodyWouldSee(t *testing.T) {
	const own = `name: unseen
summary: an app drops records, and does not say of what
timescale: 60
observe: 10m
app:
  image: nightly:1
  port: 80
  health: /up
  operations: {write: {post: /events, json: {id: "{{.ID}}"}, acknowledged: [2xx]}}
  stores: {s3: {bucket: documents, key: "inbox/{{.ID}}"}}
  extras: {answers: [drops]}
steps:
  - inject: {drop_records: {stage: 4, partition: 3, share: 5%}}
objectives: {recovery_point: {within: 1m}}
`
	const want = "the app does not say where the objects of its job are, so that nobody could tell what it lost"
	if _, err := Parse("f.yaml", []byte(own)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestMistakesAboutJobs(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"another job": {
			"job: nightly", "job: weekly",
			`7:10: steps[0].job: unknown job "weekly": known are backup, nightly, resume`,
		},
		"another stage": {
			"stage: 4\n", "stage: 6\n",
			`8:12: steps[1].stage: the app's pipeline has no stage "6"`,
		},
		"no name of a stage": {"stage: 4\n", "stage: ../4\n", `8:12: steps[1].stage: "../4" is no name`},
		"a stage too early": {
			"  - job: nightly\n", "",
			"7:12: steps[0].stage: 4 never begins: no step above orders the job of the app's pipeline: give one with job: nightly",
		},
		"two to wait for": {
			"stage: 4\n", "stage: 4\n    when: redirected\n",
			"the step waits for redirected already",
		},
		"a drop elsewhere": {
			"stage: 4, part", "stage: 9, part",
			"steps[2].inject.drop_records: the app's pipeline has no stage \"9\"",
		},
		"a drop in another region": {
			"share: 5%", "share: 5%, region: us-west-2",
			"steps[2].inject.drop_records.region: the job runs in us-east-1, and in us-west-2 no records are dropped",
		},
		"a drop of nothing": {"5%", "0%", "must be more than 0%"},
		"no time of day": {
			"22:30", "22h",
			`12:51: objectives.deadline.begins: "22h" is no time of day: write one such as 02:00`,
		},
		"too short a watch": {
			"timescale: 1200\n", "timescale: 1200\nobserve: 1h\n",
			"observe: 1h can't prove a missed deadline: it must cover the time from begins to by, 7h30m",
		},
		"an hour too many":    {"06:00", "24:00", `"24:00" is no time of day`},
		"conservation is off": {"conservation: on", "conservation: off", "objectives.conservation: off says nothing"},
		"no pipeline": {
			"app: batch\n", "", "objectives.conservation: the app does not say where the objects of its job are",
		},
		"two nights": {
			"objectives:", "  - job: nightly\nobjectives:",
			"12:10: steps[3].job: steps[0] orders nightly already, and a drill follows one run of a job",
		},
		"another job than that of the pipeline": {
			"job: nightly", "job: resume",
			"objectives.conservation: no step orders the job of the app's pipeline: give one with job: nightly",
		},
		"no job": {
			"  - job: nightly\n  - stage: 4\n    at: 20m\n", "  - at: 20m\n",
			"objectives.deadline: no step orders the job of the app's pipeline: give one with job: nightly",
		},
	} {
		_, err := Parse("f.yaml", []byte(strings.Replace(overnight, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
}

// A recovery time that is short must not end the drill before the deadline has passed.
func TestADeadlineIsAwaitedBesideARecoveryTime(t *testing.T) {
	s, err := Parse("f.yaml", []byte(strings.Replace(overnight, "objectives: {",
		"objectives: {recovery_time: {within: 1h, window: 40m}, ", 1)))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if plan.Observe <= plan.Judge.Deadline.Within {
		t.Errorf("the drill watches for %s, and the deadline is after %s", plan.Observe, plan.Judge.Deadline.Within)
	}
}

func TestWhereAJobRuns(t *testing.T) {
	steps, _, _ := strings.Cut(overnight, "  - inject: {drop") // whom nobody could tell to any more
	_, promises, _ := strings.Cut(overnight, "5%}}\n")
	for step, want := range map[string]string{
		"inject: {lose_region: {region: us-east-1}}": "us-west-2",
		"inject: {lose_region: {region: us-west-2}}": "us-east-1",
	} {
		source := strings.Replace(steps+promises, "inject: {kill: {node: worker.us-east-1}}", step, 1)
		s, err := Parse("f.yaml", []byte(source))
		if err != nil {
			t.Error(err)
			continue
		}
		if plan, err := s.Compile(); err != nil || plan.Pipeline.Region != want {
			t.Errorf("%s: it runs in %s: %v", step, plan.Pipeline.Region, err)
		}
	}
}

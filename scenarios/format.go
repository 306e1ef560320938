package scenarios

import (
	"regexp"
	"slices"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Format is a scenario file: its keys, as the file has them. Package file says what the tags mean.
type Format struct {
	Name        string        `yaml:"name,required" example:"kyc-region-outage" about:"What the scenario is called: a-z, 0-9 and -, beginning with a letter."`
	Summary     string        `yaml:"summary,required" max:"160" example:"us-east-1 is lost during the morning peak" about:"What it is about, in one line."`
	Story       file.Prose    `yaml:"story" max:"4000" example:"At nine in the morning us-east-1 is gone." about:"The incident or the remedy, told in a few sentences."`
	Timescale   float64       `yaml:"timescale,required" min:"1" max:"10000" note:"one lab second stands for that many seconds" example:"360" about:"One lab second stands for this many seconds. What is scheduled is divided by it."`
	Topology    Topology      `yaml:"topology" about:"The lab. Keys that are left out are as in the preset."`
	App         *App          `yaml:"app" example:"./shop.yaml" otherwise:"kyc, the sample app" about:"The app that is drilled: the name of one that comes with the program (kyc), the path of an app file from the scenario's folder, or what an app file would say."`
	Workload    Workload      `yaml:"workload" about:"The load, offered whether or not it is served. Rates are per lab second."`
	SteadyState SteadyState   `yaml:"steady_state" about:"What has to hold before anything is broken."`
	Steps       []Step        `yaml:"steps,required" about:"What is done, in order. Each step does one of inject, heal, job, replicate, restore and switchover."`
	Objectives  Objectives    `yaml:"objectives,required" about:"What is promised, and what it is judged by."`
	Documented  Documented    `yaml:"documented" about:"The numbers that a runbook or a contract has. A history of drills compares them with what was measured."`
	Claims      []Claim       `yaml:"claims" max:"8" example:"[{rule: hot/, rpo: 1h}]" about:"What a dashboard says. What was measured is compared with it."`
	Observe     file.Duration `yaml:"observe" example:"3h" otherwise:"1.25 times the recovery time, plus its window; as long as the deadline, if that is longer" about:"How long the recovery is awaited after the last fault."`
	Tail        file.Duration `yaml:"tail" example:"10m" otherwise:"the window of the recovery time" about:"How long the service is watched once it is back."`
	Expect      Expect        `yaml:"expect" otherwise:"pass" about:"What the drill must end with: pass, or exactly these findings."`
}

// scenarioFile is what complaints call a file with this format.
var scenarioFile = file.Kind{Name: "scenario", Least: "name, summary, timescale, steps, objectives"}

var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// check complains about what is well written but can't be: names that lead nowhere, values that contradict each
// other, steps out of order.
//
// The app is nil where it could not be read, and then nothing is said of what is asked of it.
func (f *Format) check(found *file.Complaints, a *app.App) {
	if found.Has("name") && !nameForm.MatchString(f.Name) {
		found.Add("name", "name: %s is no name: use a-z, 0-9 and -, beginning with a letter", file.Quote(f.Name))
	}
	t := f.Topology.compile()
	f.Workload.check(found, t)
	if f.Topology.check(found, "topology") {
		f.checkFaults(found, t)
	}
	f.checkSteps(found, t)
	f.checkObjectives(found, t)
	f.checkClaims(found, t)
	if a != nil {
		f.checkApp(found, t, a)
	}
	f.Expect.check(found, f.Objectives, len(f.Claims) > 0)
}

// Documented are numbers that people rely on.
type Documented struct {
	RecoveryTime  *file.Duration `yaml:"recovery_time" example:"58m" about:"How long a recovery takes."`
	RecoveryPoint *file.Duration `yaml:"recovery_point" example:"5m" about:"How old the newest of what is lost is."`
}

// SteadyState is what must hold before anything is broken.
type SteadyState struct {
	Hold   file.Duration `yaml:"hold" min:">0s" example:"12m" otherwise:"2s of lab time" about:"How long the steady state must hold without a break."`
	Within file.Physical `yaml:"within" default:"1m" min:">0s" example:"1m" about:"Time limit for reaching the steady state."`
}

// Expect is what a drill must end with.
type Expect struct {
	Verdict Verdict        `yaml:",alone"`
	Fail    []Finding      `yaml:"fail" takes:"finding" example:"[recovery_point]" about:"The findings that must be made, and no others."`
	Given   []Precondition `yaml:"given" takes:"precondition" example:"[redirected]" about:"What must have happened after the first fault, for the failure to be the one that is expected."`
}

func (e Expect) check(found *file.Complaints, o Objectives, claimed bool) {
	if found.Has("expect") && e.Verdict == "" && len(e.Fail) == 0 {
		found.Add("expect.fail", "expect: say what must be found: {fail: [recovery_point]}")
	}
	for i, f := range e.Fail {
		id, path := string(f), itemPath("expect.fail", i)
		switch {
		case slices.Contains(measure.Guarantees(), id):
			if !slices.Contains(o.Sessions, Guarantee(id)) {
				found.Add(path, "expect: %s can't be found: objectives.sessions has no %s", id, id)
			}
		case slices.Contains(measure.Promised(), id) && !found.Mentions("objectives."+id):
			found.Add(path, "expect: %s can't be found: objectives has no %s", id, id)
		case id == measure.FindingClaim && !claimed:
			found.Add(path, "expect: %s can't be found: there are no claims", id)
		case id == measure.FindingLinearizability && o.Consistency != measure.Linearizable:
			found.Add(path, "expect: %s can't be found: objectives has no consistency: %s", id, measure.Linearizable)
		}
	}
}

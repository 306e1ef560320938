package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
)

// Step is one thing that is done to the lab.
type Step struct {
	Name       StepName      `yaml:"name" example:"cut" about:"What other steps call this one."`
	At         file.Duration `yaml:"at" example:"18m" otherwise:"after the step above" about:"When the step is due, counted from the steady state, or from what the step waits for. Steps are done one after the other: one waits until the fault above it is confirmed, which takes seconds where that is seen by silence or is measured, and begins late if it was due before. That is told; show and check tell it beforehand."`
	When       Condition     `yaml:"when" takes:"condition" example:"backup_done" about:"What the step waits for: a mark of the lab, or recovered."`
	After      StepName      `yaml:"after" example:"cut" about:"The step above, by its name, from which at is counted: from when it was done, or its fault took effect. Behind a step that waits, after: steady_state says that at is counted from the steady state all the same."`
	Stage      app.Stage     `yaml:"stage" example:"score" about:"The stage of the app's pipeline that the step waits for, instead of a condition: it has begun when the one before has written all partitions."`
	Inject     []Fault       `yaml:"inject,one" takes:"fault" min:"1" max:"8" example:"{lose_region: {region: us-east-1}}" about:"The fault that is injected, with its parameters; or a list of several that come at one moment, each of which is confirmed."`
	For        file.Duration `yaml:"for" example:"43s" otherwise:"until a step heals it, or the drill ends" about:"How long the fault is in force, or each of several: it is healed so long after it took effect, also while other steps are done."`
	Heal       Injected      `yaml:"heal" example:"partition" about:"The fault to heal, by its kind: of several the oldest in force; or all that the step above of this name injected."`
	Job        string        `yaml:"job" example:"backup" about:"A job: backup of the lab, which is run to its end, or one of the app, which is ordered."`
	Replicate  RuleName      `yaml:"replicate" example:"hot/" about:"The rule of replication, by its prefix or table, that is run to its end: one that copies by job."`
	Restore    *Restore      `yaml:"restore" example:"{rule: hot/, to: 1h}" about:"Versions of objects that are brought back, in the region that survives."`
	Switchover string        `yaml:"switchover" example:"us-west-2" about:"The region that takes over from the one in charge, by an orderly switchover."`
	Failover   string        `yaml:"failover" example:"us-west-2" about:"The standby, which takes over because a person orders it, whatever the automation has seen or decided."`
	Note       string        `yaml:"note" max:"200" example:"deploys are locked" about:"What a person says at that time. It is in the record, and does nothing."`
	By         string        `yaml:"by" example:"the engineer on call" otherwise:"somebody" about:"The person who orders the failover, or says the note."`
}

// actions are the keys of what a step does.
var actions = []string{"inject", "heal", "job", "replicate", "restore", "switchover", "failover", "note"}

// Fault is a kind of the catalogue and its parameters, which are the fields of its struct; empty for none.
type Fault struct{ fault.Spec }

// Variants are the kinds of the catalogue.
func (*Fault) Variants() []file.Variant {
	var all []file.Variant
	for _, e := range fault.Catalogue() {
		all = append(all, file.Variant{Key: e.Kind, About: e.Mimics, Example: e.Example, New: func() any {
			spec, _ := fault.New(e.Kind)
			return spec
		}})
	}
	return all
}

// Choose takes the parameters that were read.
func (f *Fault) Choose(spec any) { f.Spec, _ = spec.(fault.Spec) }

// atScale is the fault in lab time; nil for none.
func (f Fault) atScale(timescale float64) fault.Spec {
	if s, ok := f.Spec.(fault.Scheduled); ok {
		return s.Scaled(timescale)
	}
	return f.Spec
}

// atScale are the faults in lab time; nil for none.
func (s Step) atScale(timescale float64) (all []fault.Spec) {
	for _, f := range s.Inject {
		if f.Spec != nil { // it could be read
			all = append(all, f.atScale(timescale))
		}
	}
	return all
}

// loses are the regions that the step loses.
func (s Step) loses() (regions []string) {
	for _, f := range s.Inject {
		if lost, is := f.Spec.(*fault.LoseRegion); is {
			regions = append(regions, lost.Region)
		}
	}
	return regions
}

// placedFault is a fault of a file.
type placedFault struct {
	fault.Spec
	path string
	step int
}

// faults are all that could be read, with their places.
func (f *Format) faults(found *file.Complaints) (all []placedFault) {
	for i, s := range f.Steps {
		for k, injected := range s.Inject {
			if injected.Spec == nil {
				continue
			}
			path := itemPath("steps", i) + ".inject"
			if at := itemPath(path, k); found.Has(at) {
				path = at
			}
			all = append(all, placedFault{injected.Spec, path + "." + injected.Kind(), i})
		}
	}
	return all
}

func (s Step) compile(timescale float64) drill.Step {
	after := string(s.After)
	if after == steadyState {
		after = ""
	}
	return drill.Step{
		Name: string(s.Name), At: s.At.Lab(timescale), When: drill.Condition(s.When), After: after,
		Inject: s.atScale(timescale), For: s.For.Lab(timescale), Heal: string(s.Heal),
		Job: s.Job, Stage: string(s.Stage),
		Replicate: string(s.Replicate), Restore: s.Restore.compile(timescale), Switchover: s.Switchover,
		Failover: s.Failover, Note: s.Note, By: s.By,
	}
}

// stepCheck follows what the steps have done so far.
type stepCheck struct {
	*Format
	found    *file.Complaints
	topology topology.Topology

	previousDue     time.Duration // when the step before was due, as far as that bounds the next
	injected        []injection   // in force, as far as steps heal
	named           []string      // steps above
	waited          string        // what a step above waits for
	broken          bool          // something was injected, or a region took over
	unreadableFault bool          // a fault could not be read
	backedUp        bool          // the backup job was run
	replicated      bool          // a rule was run
}

func (f *Format) checkSteps(found *file.Complaints, t topology.Topology) {
	c := &stepCheck{Format: f, found: found, topology: t}
	for i, s := range f.Steps {
		c.check(itemPath("steps", i), i, s)
	}
	if !c.broken && found.Has("steps") {
		found.Add("steps",
			"steps: nothing is injected, so nothing is tested: a drill has at least one inject or switchover")
	}
}

func (c *stepCheck) check(path string, i int, s Step) {
	c.checkAction(path)
	c.checkTime(path, s)
	c.checkCondition(path, drill.Condition(s.When))
	if s.Switchover != "" {
		c.broken = true
		c.checkSwitchover(path+".switchover", i)
	}
	for _, f := range s.Inject {
		c.broken = true
		if f.Spec == nil {
			c.unreadableFault = true
			continue
		}
		c.injected = append(c.injected, injection{f.Kind(), string(s.Name), time.Duration(s.For)})
	}
	if len(s.Inject) == 0 && c.found.Has(path+".inject") {
		c.broken, c.unreadableFault = true, true
	}
	if s.Heal != "" {
		c.checkHeal(path+".heal", path, string(s.Heal))
	}
	c.checkPerson(path, s)
	c.checkName(path+".name", string(s.Name))
	if s.Replicate != "" {
		c.replicated = true
		c.checkReplicate(path+".replicate", string(s.Replicate))
	}
	if s.Restore != nil {
		c.checkRestore(path+".restore", *s.Restore)
	}
	if s.Job == jobBackup {
		c.backedUp = true
		if strategy := c.topology.Strategy; strategy != topology.BackupRestore {
			c.found.Add(path+".job", "%s: there is no backup job with strategy %s: use strategy backup-restore", path,
				strategy)
		}
	}
}

func (c *stepCheck) checkAction(path string) {
	var given []string
	for _, action := range actions {
		if c.found.Has(path + "." + action) {
			given = append(given, action)
		}
	}
	if len(given) == 1 {
		return
	}
	what := "nothing"
	if len(given) > 0 {
		what = strings.Join(given, " and ")
	}
	c.found.Add(path,
		"%s: a step does exactly one of %s and %s; this one does %s", path,
		strings.Join(actions[:len(actions)-1], ", "), actions[len(actions)-1], what)
}

// checkCondition complains about one that can't come true.
func (c *stepCheck) checkCondition(path string, when drill.Condition) {
	path, at := path+".when", path
	switch {
	case when == "" || slices.Contains(anytimeMarks, when):
	case when == api.MarkReplicated:
		if !c.replicated {
			c.found.Add(path, "%s: %s never comes: no step above runs replicate", at, when)
		}
	case when == api.MarkBackup:
		if !c.backedUp {
			c.found.Add(path, "%s: %s never comes: no step above runs job: backup", at, when)
		}
	case !c.broken:
		c.found.Add(path, "%s: %s never comes: no step above injects anything", at, when)
	case c.topology.Automation.Off && slices.Contains(automationMarks, when):
		c.found.Add(path, "%s: %s never comes: the automation is off", at, when)
	case when == drill.Recovered && c.Objectives.RecoveryTime == nil:
		c.found.Add(path, "%s: recovered is judged by the objective recovery_time, which is missing", at)
	}
}

// checkSwitchover asks whether the regions can change roles, and whether there is anything to change at this step.
func (c *stepCheck) checkSwitchover(path string, step int) {
	if c.topology.Validate() != nil {
		return
	}
	to, serves := c.Steps[step].Switchover, c.topology.Home().Name
	if err := c.topology.CheckSwitchover(to); err != nil {
		c.found.Add(path, "%s: %v%s", path, err, hint(to, regionNames(c.topology)))
		return
	}
	for _, s := range c.Steps {
		if len(s.Inject) > 0 {
			c.found.Add(path, "%s: another step injects a fault: a drill breaks something or changes roles, "+
				"so that it is known what came of which", path)
			return
		}
	}
	for _, before := range c.Steps[:step] {
		if before.Switchover != "" {
			serves = before.Switchover
		}
	}
	if to == serves {
		c.found.Add(path, "%s: %s serves already at this step", path, to)
	}
}

func (d table) steps() {
	d.row("STEPS", "REAL", "LAB")
	d.scheduled("  steady state holds for", d.plan.Steady.Hold)
	for _, s := range d.plan.Steps {
		after := "steady state"
		if s.When != "" {
			after = string(s.When)
		}
		if s.Stage != "" {
			after = "stage " + s.Stage + " has begun"
		}
		if s.After != "" {
			after = s.After
		}
		called := ""
		if s.Name != "" {
			called = s.Name + ": "
		}
		d.scheduled("  "+called+stepText(s)+", after "+after, s.At)
		for i := 1; i < len(s.Inject); i++ {
			d.row("    and "+injectedText(s.Inject[i]), "", "")
		}
		if s.For > 0 {
			d.scheduled("    healed, after it took effect", s.For)
		}
	}
	d.scheduled("  recovery is awaited for", d.plan.Observe)
	d.scheduled("  and watched for", d.plan.Tail)
	d.row("", "", "")
}

// shownOfNote is how many characters of a note a table has place for.
const shownOfNote = 48

func injectedText(f fault.Spec) string { return f.Kind() + ": " + f.Target() }

// stepText says what a step does, in the words of the file; of several faults, the first.
func stepText(s drill.Step) string {
	switch {
	case len(s.Inject) > 0:
		return "inject " + injectedText(s.Inject[0])
	case s.Heal != "":
		return "heal " + s.Heal
	case s.Switchover != "":
		return "switch over to " + s.Switchover
	case s.Failover != "":
		return "fail over to " + s.Failover + by(s)
	case s.Note != "":
		return "note" + by(s) + ": " + file.Brief(s.Note, shownOfNote)
	case s.Restore != nil:
		return "restore versions of " + s.Restore.Rule
	case s.Replicate != "":
		return "replicate " + s.Replicate
	default:
		return "run job " + s.Job
	}
}

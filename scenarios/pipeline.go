package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Deadline is when a job must be done, by the clock of the story.
type Deadline struct {
	Begins TimeOfDay `yaml:"begins,required" example:"02:00" about:"What time it is when the job is ordered."`
	By     TimeOfDay `yaml:"by,required" example:"14:00" about:"What time it is when it must be done: within a day."`
}

// TimeOfDay is a time such as 14:00, since midnight.
type TimeOfDay time.Duration

var timeOfDayForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// UnmarshalText reads a time such as 14:00.
func (d *TimeOfDay) UnmarshalText(text []byte) error {
	if !timeOfDayForm.Match(text) {
		return fmt.Errorf("%s is no time of day: write one such as 02:00 or 14:30", file.Quote(string(text)))
	}
	at, err := time.Parse("15:04", string(text))
	*d = TimeOfDay(at.Hour())*TimeOfDay(time.Hour) + TimeOfDay(at.Minute())*TimeOfDay(time.Minute)
	return err
}

// Form is that of a time of day.
func (*TimeOfDay) Form() file.Form {
	return file.Form{Words: "a time of day", Schema: &jsonschema.Schema{
		Type: "string", Pattern: timeOfDayForm.String(), Examples: []any{"02:00", "14:00"},
	}}
}

// within is how long the job may take.
func (d Deadline) within() time.Duration {
	const day = 24 * time.Hour
	within := time.Duration(d.By - d.Begins)
	if within <= 0 {
		within += day
	}
	return within
}

func (d Deadline) compile(timescale float64) *measure.DeadlineObjective {
	return &measure.DeadlineObjective{
		Within: file.Duration(d.within()).Lab(timescale), Begins: time.Duration(d.Begins), By: time.Duration(d.By),
	}
}

// jobRegion is where a job of the app runs to its end: at home, unless somebody else takes over.
func jobRegion(steps []Step, t topology.Topology) string {
	home := t.Home().Name
	for _, s := range steps {
		if s.Switchover != "" || slices.Contains(s.loses(), home) {
			return survivor(steps, t)
		}
	}
	return home
}

// checkPipeline complains about jobs and stages that the app does not have, and about promises of which its objects
// tell nothing.
func (f *Format) checkPipeline(found *file.Complaints, t topology.Topology, a *app.App) {
	jobs := append([]string{jobBackup}, a.Jobs()...)
	var stages []string
	if p := a.Pipeline(); p != nil {
		stages = p.Names()
	}
	ordered := -1 // the step that orders the job of the pipeline
	for i, s := range f.Steps {
		at := itemPath("steps", i)
		if s.Job != "" && !slices.Contains(jobs, s.Job) {
			found.Add(at+".job", "%s.job: unknown job %s: %s", at, file.Quote(s.Job), file.Suggest(s.Job, jobs))
		}
		switch {
		case s.Stage == "":
		case s.When != "":
			found.Add(at+".stage", "%s.stage: the step waits for %s already: give one of the two", at, s.When)
		case !slices.Contains(stages, string(s.Stage)):
			found.Add(at+".stage", "%s.stage: the app's pipeline has no stage %s%s", at, file.Quote(string(s.Stage)),
				hint(string(s.Stage), stages))
		case ordered < 0:
			found.Add(at+".stage", "%s.stage: %s never begins: no step above orders %s", at, s.Stage, pipelineJob(a))
		}
		switch {
		case s.Job == "" || s.Job != a.PipelineJob():
		case ordered >= 0:
			found.Add(at+".job", "%s.job: %s orders %s already, and a drill follows one run of a job: a second would "+
				"write the same objects; give it a scenario of its own", at, itemPath("steps", ordered), s.Job)
		default:
			ordered = i
		}
	}
	for _, injected := range f.faults(found) {
		f.checkDrop(found, injected, stages, jobRegion(f.Steps, t))
	}
	for key, promised := range map[string]bool{
		"conservation": bool(f.Objectives.Conservation), "deadline": f.Objectives.Deadline != nil,
	} {
		path := "objectives." + key
		switch {
		case found.Has(path) && !promised && key == "conservation":
			found.Add(path, "%s: off says nothing: leave it out", path)
		case !promised:
		case len(stages) == 0:
			found.Add(path, "%s: the app does not say where the objects of its job are: say it with pipeline", path)
		case ordered < 0:
			found.Add(path, "%s: no step orders %s", path, pipelineJob(a))
		}
	}
}

// pipelineJob is the job of the app's pipeline, in words.
func pipelineJob(a *app.App) string {
	if job := a.PipelineJob(); job != "" {
		return "the job of the app's pipeline: give one with job: " + job
	}
	return "a job of the app, which has none: say under jobs how it is ordered"
}

// checkDrop complains about a fault that drops nothing, or of which nobody could tell what it drops.
func (f *Format) checkDrop(found *file.Complaints, injected placedFault, stages []string, region string) {
	drop, is := injected.Spec.(*fault.DropRecords)
	if !is {
		return
	}
	path := injected.path
	switch {
	case len(stages) == 0:
		found.Add(path, "%s: the app does not say where the objects of its job are, so that nobody could tell what it "+
			"lost: say it with pipeline", path)
	case drop.Stage != "" && !slices.Contains(stages, string(drop.Stage)):
		found.Add(path+".stage", "%s: the app's pipeline has no stage %s: it has %s%s", path,
			file.Quote(string(drop.Stage)),
			strings.Join(stages, ", "), hint(string(drop.Stage), stages))
	case drop.Region != "" && drop.Region != region:
		found.Add(path+".region", "%s.region: the job runs in %s, and in %s no records are dropped: leave it out", path,
			region, drop.Region)
	}
}

func (d table) pipeline() {
	if o := d.plan.Judge.Deadline; o != nil {
		clock := func(at time.Duration) string { return time.Time{}.Add(at).Format("15:04") }
		d.scheduled(fmt.Sprintf("  deadline %s of a job ordered at %s", clock(o.By), clock(o.Begins)), o.Within)
	}
	if p := d.plan.Judge.Conservation; p != nil {
		d.row("  conservation", "of the records in "+strings.Join(p.Stages, ", "), "")
	}
}

package app

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Job is what starts a job of the app, or has it go on.
type Job struct {
	Request `yaml:",inline" example.get:"/jobs/nightly/start" example.post:"/jobs/nightly" example.put:"/jobs/nightly" example.patch:"/jobs/nightly" example.delete:"/jobs/nightly/pause" example.headers:"{X-Operator: night}" example.json:"{from: 4}" example.body:"from=4"`
}

// Pipeline is what one job makes of its input: stages one after another, each of which reads what the one before wrote,
// partition by partition. All of it are objects of the lab's bucket, with one JSON document a line.
type Pipeline struct {
	Stages   []Stage   `yaml:"stages,required,unique" min:"1" max:"50" example:"[clean, enrich, score]" about:"Its stages, in their order."`
	Key      Field     `yaml:"key,required" example:"id" about:"The field of each record by which it is known in all stages."`
	Input    Template  `yaml:"input,required" example:"input/{{.Partition}}.jsonl" about:"How the objects are called that the first stage reads."`
	Output   Template  `yaml:"output,required" example:"stages/{{.Stage}}/{{.Partition}}.jsonl" about:"How the objects are called that a stage hands on."`
	Rejected *Template `yaml:"rejected" example:"rejected/{{.Stage}}/{{.Partition}}.jsonl" about:"How the objects are called in which a stage puts what it sorts out. Without it nothing may be."`
	Expected *Template `yaml:"expected" example:"reference/{{.Stage}}/{{.Partition}}.jsonl" about:"How the objects are called that an undisturbed run handed on. What a stage hands on must be the same, whatever its order."`
	Done     string    `yaml:"done,required" max:"500" example:"jobs/nightly/done" about:"The object that is written when the job is done."`
	Job      Stage     `yaml:"job" otherwise:"the app's only one" example:"nightly" about:"The job that is done then, of which all of these are the objects. One that has it go on is another."`
}

// The placeholders of a pipeline's keys.
const (
	placeStage     = "Stage"
	placePartition = "Partition"
)

// Part is what an object of a pipeline is there for.
type Part string

// The parts, by their names in histories.
const (
	PartInput    Part = "input"
	PartOutput   Part = "output"
	PartRejected Part = "rejected"
	PartExpected Part = "expected"
	PartDone     Part = "done"
)

// Placed is what an object of a pipeline is, as its key says.
type Placed struct {
	Part             Part
	Stage, Partition string // empty where the part has none
}

// Stage is the name of a stage, which may be its number.
type Stage string

var stageForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$`)

// longestStage is how long the name of a stage may be.
const longestStage = 64

// UnmarshalText reads a name such as score, or 4.
func (s *Stage) UnmarshalText(text []byte) error {
	if len(text) > longestStage || !stageForm.Match(text) {
		return fmt.Errorf("%s is no name: use letters, digits, - and _", file.Quote(string(text)))
	}
	*s = Stage(text)
	return nil
}

// Form is that of a name.
func (*Stage) Form() file.Form {
	return file.Form{Words: "a name, or a number", Schema: &jsonschema.Schema{
		Type: []string{"string", "integer"}, Pattern: stageForm.String(), MaxLength: longestStage,
	}}
}

// keyPattern is how the keys of one part of a pipeline are made.
type keyPattern struct {
	part Part
	key  string // of the app's file
	text Template
}

func (p *Pipeline) patterns() []keyPattern {
	all := []keyPattern{{PartInput, "input", p.Input}, {PartOutput, "output", p.Output}}
	if p.Rejected != nil {
		all = append(all, keyPattern{PartRejected, "rejected", *p.Rejected})
	}
	if p.Expected != nil {
		all = append(all, keyPattern{PartExpected, "expected", *p.Expected})
	}
	return all
}

// Names are those of its stages, in their order.
func (p *Pipeline) Names() []string {
	names := make([]string, len(p.Stages))
	for i, stage := range p.Stages {
		names[i] = string(stage)
	}
	return names
}

// Prefixes are what the keys of the objects begin with that a job reads and writes, each once. They are in the order in
// which they can be listed while it works, from what it writes last on: what a stage sorted out must not be listed
// before the output to which it belongs.
func (p *Pipeline) Prefixes() []string {
	all := []string{p.Done}
	for _, part := range []Part{PartOutput, PartRejected, PartExpected, PartInput} {
		for _, pattern := range p.patterns() {
			before, _ := pattern.text.Around()
			if pattern.part == part && !slices.Contains(all, before) {
				all = append(all, before)
			}
		}
	}
	return all
}

// Place says what an object is by its key; false for one that is none of the pipeline's.
func (p *Pipeline) Place(object string) (at Placed, is bool) {
	if object == p.Done {
		return Placed{Part: PartDone}, true
	}
	for _, pattern := range p.patterns() {
		stages := p.Names()
		if pattern.part == PartInput {
			stages = []string{""}
		}
		for _, stage := range stages {
			if partition, is := pattern.partition(stage, object); is {
				return Placed{pattern.part, stage, partition}, true
			}
		}
	}
	return Placed{}, false
}

// partition is the one that an object is of, if a stage calls its objects so.
func (k keyPattern) partition(stage, object string) (name string, is bool) {
	const mark = "\x00" // in no key
	before, after, _ := strings.Cut(k.text.fill(Values{Stage: stage, Partition: mark}, plain), mark)
	rest, begins := strings.CutPrefix(object, before)
	name, ends := strings.CutSuffix(rest, after)
	return name, begins && ends && name != "" && !strings.Contains(name, "/")
}

// checkJob complains where nobody can tell whose objects they are.
func (p *Pipeline) checkJob(found *file.Complaints, at string, jobs []string) {
	path := at + ".job"
	switch {
	case p.Job == "" && len(jobs) > 1:
		found.Add(at, "%s: the app has jobs %s: say with job of which of them these are the objects", at,
			strings.Join(jobs, ", "))
	case p.Job != "" && !slices.Contains(jobs, string(p.Job)):
		found.Add(path, "%s: unknown job %s: name one of jobs", path, file.Quote(string(p.Job)))
	}
}

// check complains about objects that can't be told apart.
func (p *Pipeline) check(found *file.Complaints, at string, jobs []string) {
	if p == nil {
		return
	}
	p.checkJob(found, at, jobs)
	sound := len(p.Stages) > 0
	for _, pattern := range p.patterns() {
		path, known := at+"."+pattern.key, []string{placeStage, placePartition}
		if pattern.part == PartInput {
			known = known[1:]
		}
		if !found.Has(path) {
			sound = false
			continue
		}
		pattern.text.check(found, path, known)
		for _, name := range known {
			if !pattern.text.usesOnce(name) {
				found.Add(path, "%s: %s does not have {{.%s}} once, so that nobody can tell what an object is of", path,
					file.Quote(pattern.text.text), name)
				sound = false
			}
		}
	}
	if sound {
		p.checkApart(found, at)
	}
}

// checkApart complains about a part whose objects could be another's.
func (p *Pipeline) checkApart(found *file.Complaints, at string) {
	for _, pattern := range p.patterns() {
		want := Placed{Part: pattern.part, Partition: "0"}
		if pattern.part != PartInput {
			want.Stage = string(p.Stages[0])
		}
		object := pattern.text.fill(Values{Stage: want.Stage, Partition: want.Partition}, plain)
		if is, _ := p.Place(object); is != want {
			path := at + "." + pattern.key
			found.Add(path, "%s: %s could be of %s too: have them called otherwise", path, file.Quote(object), is.Part)
		}
	}
}

func (t Template) usesOnce(name string) bool {
	n := 0
	for _, is := range t.names {
		if is == name {
			n++
		}
	}
	return n == 1
}

// checkJobs complains about jobs that can't be ordered.
func (f *Format) checkJobs(found *file.Complaints, at string) {
	for _, name := range slices.Sorted(maps.Keys(f.Jobs)) {
		path, job := file.Join(at, name), f.Jobs[name]
		if !stageForm.MatchString(name) {
			found.Add(path, "%s: %s is no name: use letters, digits, - and _", at, file.Quote(name))
		}
		job.check(found, path, nil)
	}
}

// Jobs are the names of the app's jobs, sorted.
func (a *App) Jobs() []string { return slices.Sorted(maps.Keys(a.file.Jobs)) }

// Job is what a job is ordered by; nil: there is no such job.
func (a *App) Job(name string) *Operation {
	job, is := a.file.Jobs[name]
	if !is {
		return nil
	}
	return job.compile()
}

// PipelineJob is the job of which the objects of the pipeline are; empty: there is none.
func (a *App) PipelineJob() string {
	p := a.file.Pipeline
	switch {
	case p == nil || len(a.file.Jobs) == 0:
		return ""
	case p.Job != "":
		return string(p.Job)
	}
	return a.Jobs()[0]
}

// Pipeline is what the app's job makes of its input; nil: nobody says.
func (a *App) Pipeline() *Pipeline { return a.file.Pipeline }

package app

import (
	"slices"
	"strings"
	"testing"
)

const nightly = minimal + `jobs: {nightly: {post: /jobs/nightly, json: {from: 1}}}
pipeline:
  stages: [clean, score]
  key: id
  input: "in/{{.Partition}}.jsonl"
  output: "out/{{.Stage}}/{{.Partition}}.jsonl"
  rejected: "out/{{.Stage}}/{{.Partition}}.rejected"
  done: jobs/done
`

func TestAnObjectIsPlacedByItsKey(t *testing.T) {
	a, err := Parse("app.yaml", []byte(nightly), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := a.Pipeline()
	for object, want := range map[string]Placed{
		"in/07.jsonl":             {PartInput, "", "07"},
		"out/clean/07.jsonl":      {PartOutput, "clean", "07"},
		"out/score/a-b.rejected":  {PartRejected, "score", "a-b"},
		"jobs/done":               {Part: PartDone},
		"out/other/07.jsonl":      {},
		"out/clean/07/more.jsonl": {},
		"out/clean/.jsonl":        {},
		"in/07.json":              {},
		"jobs/done/2":             {},
	} {
		if got, is := p.Place(object); got != want || is != (want != Placed{}) {
			t.Errorf("%s is %+v, %v", object, got, is)
		}
	}
	if got := p.Prefixes(); !slices.Equal(got, []string{"jobs/done", "out/", "in/"}) {
		t.Errorf("the prefixes are %q", got)
	}
}

// Of two jobs somebody has to say whose objects they are.
func TestWhoseObjectsTheyAre(t *testing.T) {
	two := strings.Replace(nightly, "jobs: {", "jobs: {resume: {post: /jobs/nightly/resume}, ", 1)
	for source, want := range map[string]string{
		nightly:                            "",
		two:                                "pipeline: the app has jobs nightly, resume: say with job of which",
		two + "  job: nightly\n":           "",
		two + "  job: weekly\n":            `pipeline.job: unknown job "weekly": name one of jobs`,
		two + "  job: {post: /jobs/new}\n": "pipeline.job",
	} {
		a, err := Parse("app.yaml", []byte(source), nil)
		switch {
		case want == "" && (err != nil || a.PipelineJob() != "nightly"):
			t.Errorf("it is of %q: %v", a.PipelineJob(), err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestAJobIsARequest(t *testing.T) {
	a, err := Parse("app.yaml", []byte(nightly), nil)
	if err != nil {
		t.Fatal(err)
	}
	job := a.Job("nightly")
	if job == nil || job.Method != "POST" || !job.Acknowledges(201) || job.Acknowledges(503) {
		t.Fatalf("the job is %+v", job)
	}
	if f := job.Fill(Values{}); f.Path != "/jobs/nightly" || string(f.Body) != `{"from":1}` {
		t.Errorf("it is sent as %s %s", f.Path, f.Body)
	}
	if a.Job("weekly") != nil || !slices.Equal(a.Jobs(), []string{"nightly"}) {
		t.Errorf("the jobs are %q", a.Jobs())
	}
}

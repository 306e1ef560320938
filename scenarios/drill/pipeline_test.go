package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	appfile "github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// nightly is a job of two stages over two partitions in a lab: a stage takes so long, and writes a partition half way.
type nightly struct {
	stage time.Duration

	mu    sync.Mutex
	began time.Time
}

func (n *nightly) order(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.began = time.Now()
	return nil
}

func (n *nightly) objects() []history.PipelineSight {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []history.PipelineSight
	add := func(part, stage, partition string) {
		all = append(all, history.PipelineSight{
			Part: part, Stage: stage, Partition: partition, Object: part + stage + partition, Version: "1",
		})
	}
	add(history.PartInput, "", "0")
	add(history.PartInput, "", "1")
	if n.began.IsZero() {
		return all
	}
	halves := int(2 * time.Since(n.began) / n.stage)
	for i := range min(halves, 4) {
		add(history.PartOutput, fmt.Sprint(1+i/2), fmt.Sprint(i%2))
	}
	if halves >= 4 {
		add(history.PartDone, "", "")
	}
	return all
}

func pipelinePlan(t *testing.T, steps ...Step) Plan {
	t.Helper()
	p := plan(steps...)
	batch, err := appfile.Named("batch")
	if err != nil {
		t.Fatal(err)
	}
	p.App = batch
	p.Pipeline = &measure.Pipeline{Job: "nightly", Stages: []string{"1", "2"}, Region: "east"}
	p.Judge.RecoveryTime, p.Judge.RecoveryPoint = nil, nil
	p.Judge.Conservation = p.Pipeline
	p.Judge.Deadline = &measure.DeadlineObjective{Within: 20 * time.Second}
	p.Observe = 20 * time.Second
	return p
}

func inStage(stage string, s Step) Step {
	s.At, s.Stage = 0, stage
	return s
}

func TestADrillFollowsAJob(t *testing.T) {
	t.Parallel()
	l, job := newLab(t), &nightly{stage: time.Second}
	l.unattended, l.job, l.pipeline = true, job.order, job.objects
	l.portions = func() ([]history.Portion, error) { return portions("a"), nil }
	o := run(t.Context(), t, pipelinePlan(t, Step{Job: "nightly"}, inStage("2", cutEast(&cut{}))), l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	var ordered, done, second time.Duration
	for _, m := range o.Marks {
		if m.Name == history.JobOrdered && m.Detail == "nightly" {
			ordered = m.At.Hi
		}
	}
	for _, s := range o.Sights {
		switch {
		case s.Part == history.PartDone:
			done = s.At.Hi
		case s.Stage == "1" && s.Partition == "1":
			second = s.At.Hi
		}
	}
	broken := o.fault(t, "cut").Command
	if ordered == 0 || second == 0 || broken < second || done < broken {
		t.Errorf("ordered at %s, the second stage began at %s, broken at %s, done at %s", ordered, second, broken, done)
	}
	if ended, _ := o.PhaseAt(history.PhaseStop); ended > done+5*time.Second {
		t.Errorf("done at %s, and it was watched until %s", done, ended)
	}
	c := o.report.Metrics.Conservation
	if len(o.Portions) != 3 || c == nil || c.Missing != 1 || len(c.Breaches) != 1 || c.Breaches[0].Stage != "2" {
		t.Errorf("of %d portions %+v", len(o.Portions), c)
	}
	d := o.report.Metrics.Deadline
	if d == nil || d.Lo.Duration() > 2*time.Second || d.Hi.Duration() < 2*time.Second {
		t.Errorf("it took 2 s, and is said to have taken %+v", d)
	}
}

// The deadline counts from the order of the job, and so does how long it is watched.
func TestAJobThatIsOrderedLongAfterTheFault(t *testing.T) {
	t.Parallel()
	l, job := newLab(t), &nightly{stage: time.Second}
	l.unattended, l.job, l.pipeline = true, job.order, job.objects
	l.portions = func() ([]history.Portion, error) { return portions("a", "b"), nil }
	p := pipelinePlan(t, cutEast(&cut{}), Step{At: 4 * time.Second, Job: "nightly"})
	p.Observe = 3500 * time.Millisecond
	o := run(t.Context(), t, p, l)
	if d := o.report.Metrics.Deadline; o.err != nil || d == nil || d.Censored {
		t.Errorf("the deadline is %+v: %v", d, o.err)
	}
}

// portions are those of a job that hands on these of two records in the end.
func portions(last ...string) []history.Portion {
	return []history.Portion{
		{Part: history.PartInput, Partition: "0", Keys: []string{"a", "b"}},
		{Part: history.PartOutput, Stage: "1", Partition: "0", Keys: []string{"a", "b"}},
		{Part: history.PartOutput, Stage: "2", Partition: "0", Keys: last},
	}
}

// What the incident left is read before anything is healed, which could put it right.
func TestThePipelineIsReadBeforeHealing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		early, late []string // what the last stage handed on; none: the store does not answer
		want        measure.Verdict
		read        string
	}{
		"what healing puts right": {[]string{"a"}, []string{"a", "b"}, measure.Fail, history.BeforeReturn},
		"what healing puts wrong": {[]string{"a", "b"}, []string{"a"}, measure.Pass, history.BeforeReturn},
		"what is read too late":   {nil, []string{"a", "b"}, measure.Inconclusive, history.AfterReconciliation},
		"a loss read too late":    {nil, []string{"a"}, measure.Inconclusive, history.AfterReconciliation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, job := newLab(t), &nightly{stage: time.Second}
			l.unattended, l.job, l.pipeline = true, job.order, job.objects
			l.portions = func() ([]history.Portion, error) {
				l.mu.Lock()
				defer l.mu.Unlock()
				switch {
				case len(l.healed) > 0:
					return portions(c.late...), nil
				case c.early == nil:
					return nil, errors.New("the store is away")
				}
				return portions(c.early...), nil
			}
			o := run(t.Context(), t, pipelinePlan(t, Step{Job: "nightly"}, inStage("2", cutEast(&cut{}))), l)
			m := o.report.Metrics.Conservation
			if o.err != nil || m == nil || m.Verdict != c.want {
				t.Fatalf("conservation is %+v, want %s: %v", m, c.want, o.err)
			}
			for _, p := range o.Portions {
				if f := o.fault(t, "cut"); p.Read != c.read || (p.At.Hi <= f.Healed.Lo) != (c.read == history.BeforeReturn) {
					t.Errorf("healed at %+v, and read %s at %+v", f.Healed, p.Read, p.At)
				}
			}
		})
	}
}

// What a stage is told to lose is recorded, so that the judge can see whether it lost anything.
func TestWhatIsDroppedIsRecorded(t *testing.T) {
	f := recordOf(&fault.DropRecords{Stage: "2", Partition: "01", Share: 0.05}, time.Second)
	if f.Drops == nil || *f.Drops != (history.Drops{Stage: "2", Partition: "01", Share: 0.05}) ||
		f.Command != time.Second {
		t.Errorf("recorded %+v", f)
	}
}

func TestAStageThatNeverBegins(t *testing.T) {
	t.Parallel()
	l, job := newLab(t), &nightly{stage: time.Hour}
	l.unattended, l.job, l.pipeline = true, job.order, job.objects
	p := pipelinePlan(t, Step{Job: "nightly"}, inStage("2", cutEast(&cut{})))
	p.Observe = 0
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	o := run(ctx, t, p, l)
	if f := o.fault(t, "cut"); o.err != nil || f.Confirmed || f.By != `not injected: "stage 2" never came` {
		t.Errorf("got %+v, %v", f, o.err)
	}
	o.want(t, measure.Inconclusive)
}

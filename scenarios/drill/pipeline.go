package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// listEvery is how often the objects of a pipeline are listed: a stage takes seconds, and a listing some milliseconds.
const listEvery = 200 * time.Millisecond

// followPipeline records what the job reads, and what its stages hand on, when it is first seen, or seen to be written
// again, until it is stopped. A listing that fails says nothing.
func (d *drill) followPipeline(ctx context.Context) (stop func()) {
	if d.plan.Pipeline == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(listEvery)
		defer tick.Stop()
		seen := map[string]string{} // versions by object
		before := d.rec.Now()
		for {
			asked := d.rec.Now()
			all, err := d.lab.Pipeline(ctx, d.plan.Pipeline.Region)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				d.notePipeline(all, seen, history.Interval{Lo: before, Hi: d.rec.Now()})
				before = asked
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// notePipeline records what a listing has that the one before did not have.
func (d *drill) notePipeline(all []history.PipelineSight, seen map[string]string, at history.Interval) {
	for _, s := range all {
		if s.Part == history.PartRejected || s.Part == history.PartExpected || seen[s.Object] == s.Version {
			continue
		}
		seen[s.Object] = s.Version
		s.At = at
		d.rec.Sight(s)
		if s.Part == history.PartDone {
			d.say("the job is done")
		}
	}
}

// order runs a job of the lab to its end, or has the app begin one of its own.
func (d *drill) order(ctx context.Context, job string) error {
	d.say("job %s is ordered", job)
	ctx, cancel := context.WithTimeout(ctx, jobWithin)
	defer cancel()
	lo := d.rec.Now()
	if err := d.lab.Job(ctx, job); err != nil {
		return err
	}
	if d.plan.App.Job(job) != nil {
		d.ordered = d.rec.Now()
		d.rec.Mark(history.Mark{
			At: history.Interval{Lo: lo, Hi: d.rec.Now()}, Source: "harness", Name: history.JobOrdered, Detail: job,
		})
	}
	return nil
}

// awaitStage waits until a stage of the pipeline has begun; false when it did not in time.
func (d *drill) awaitStage(ctx context.Context, stage string) (begun bool, err error) {
	limit := d.rec.Now() + max(d.plan.Observe, 30*time.Second)
	err = d.poll(ctx, func() (bool, error) {
		begun = d.stageBegun(stage)
		return begun || d.rec.Now() > limit, d.endThoseDue(ctx)
	})
	return begun, err
}

// stageBegun says whether the stage before has written all partitions of the input; of the first stage, whether the job
// was ordered.
func (d *drill) stageBegun(stage string) bool {
	h := d.rec.Snapshot()
	before := ""
	for _, s := range d.plan.Pipeline.Stages {
		if s == stage {
			break
		}
		before = s
	}
	inputs, outputs := map[string]bool{}, map[string]bool{}
	for _, s := range h.Sights {
		switch {
		case s.Part == history.PartInput:
			inputs[s.Partition] = true
		case s.Part == history.PartOutput && s.Stage == before:
			outputs[s.Partition] = true
		}
	}
	if before == "" {
		for _, m := range h.Marks {
			if m.Name == history.JobOrdered && m.Detail == d.plan.Pipeline.Job {
				return true
			}
		}
		return false
	}
	return len(inputs) > 0 && len(outputs) >= len(inputs)
}

// followsJob says whether something is promised of the app's job.
func (d *drill) followsJob() bool {
	return d.plan.Judge.Deadline != nil || d.plan.Judge.Conservation != nil
}

// jobDone says whether there is nothing left to wait for: nothing is promised of a job, or it was seen to be done.
func (d *drill) jobDone(h history.History) bool {
	if !d.followsJob() {
		return true
	}
	for _, s := range h.Sights {
		if s.Part == history.PartDone {
			return true
		}
	}
	return false
}

// readPipeline records what the objects of the pipeline hold, as far as they can be read, before anything is healed:
// healing puts corrupt objects right, starts workers again, and lets late copies arrive. Where the store does not
// answer then, they are read once more when it does, and judged as what came too late.
func (d *drill) readPipeline(ctx context.Context, which string) {
	if d.plan.Judge.Conservation == nil || d.pipelineRead {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	region := d.plan.Pipeline.Region
	var all []history.Portion
	var at history.Interval
	limit := d.rec.Now() + readAgainFor
	err := d.pollEvery(ctx, 2*lookEvery, func() (bool, error) {
		at.Lo = d.rec.Now()
		var err error
		all, err = d.lab.Portions(ctx, region)
		at.Hi = d.rec.Now()
		if late := at.Hi >= limit; err != nil && late {
			return true, err
		} else if err == nil {
			return late || !slices.ContainsFunc(all, func(p history.Portion) bool { return p.Error != "" }), nil
		}
		return false, nil
	})
	if err != nil {
		d.note("pipeline_unread", fmt.Sprintf("%s, the objects of the pipeline in %s: %v", which, region, err))
		return
	}
	d.pipelineRead = true
	records := 0
	for _, p := range all {
		p.Read, p.At, p.Region = which, at, region
		d.rec.Portion(p)
		records += p.Records
	}
	d.say("read the pipeline in %s: %d objects with %d records", region, len(all), records)
}

package measure

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// stages are those of the pipeline of the fixtures. The first rejects one record of ten.
var stages = []string{"clean", "enrich", "score"}

func conserving(deadlineMS int) *overrides {
	return &overrides{Conservation: stages, DeadlineMS: deadlineMS}
}

var pipelineFixtures = []fixture{
	{"conservation-kept", func(d *drill) { d.pipeline() }, expectation{
		Why:  "40 records go in, 4 are rejected, 36 come out; done 3.49 s to 3.61 s after the order.",
		Spec: conserving(4000), Verdict: Pass,
		Figures: figures{Missing: new(0), InFlight: new(0), DeadlineMS: []float64{3490, 3610}},
	}},
	{"conservation-dropped", func(d *drill) {
		d.pipeline()
		d.reach("score", "01", func(keys []string) []string { return keys[:len(keys)-2] })
	}, expectation{
		Why:  "The last stage hands on 16 of the 18 records of one partition.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(2), InFlight: new(0), Breaches: []string{"score/01"}},
	}},
	{"conservation-dropped-early", func(d *drill) {
		d.pipeline()
		fewer := func(keys []string) []string { return keys[1:] }
		d.reach("enrich", "00", fewer)
		d.reach("score", "00", fewer)
	}, expectation{
		Why:  "The second stage drops a record; the last one hands on all that it was given: one stage is to blame.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(1), InFlight: new(0), Breaches: []string{"enrich/00"}},
	}},
	{"conservation-swapped", func(d *drill) {
		d.pipeline()
		d.reach("score", "00", func(keys []string) []string { return append(keys[1:], keys[1], "nobody") })
	}, expectation{
		Why: "One record is missing, one is there twice, and one is there that nobody gave: by count alone it is " +
			"one more.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(1), InFlight: new(0), Breaches: []string{"score/00"}},
	}},
	{"conservation-content", func(d *drill) {
		d.pipeline()
		d.output("enrich", "01").SHA256 = strings.Repeat("0", 64)
		d.output("score", "01").SHA256 = strings.Repeat("1", 64)
	}, expectation{
		Why:  "The keys are right, and what the second stage made of them is not what an undisturbed run makes.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(0), InFlight: new(0), Breaches: []string{"enrich/01"}},
	}},
	{"conservation-in-flight", func(d *drill) {
		d.pipeline()
		d.Portions = slices.DeleteFunc(d.Portions, func(p history.Portion) bool {
			return p.Part == history.PartOutput && p.Stage == "score"
		})
		d.Sights = d.Sights[:len(d.Sights)-1]
	}, expectation{
		Why:  "The job is not done when the drill ends: 36 records are in flight, and none is missing yet.",
		Spec: conserving(6000), Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingConservation: Inconclusive, FindingDeadline: Inconclusive},
		Figures:  figures{Missing: new(0), InFlight: new(36), DeadlineMS: []float64{5290}},
	}},
	{"conservation-not-written", func(d *drill) {
		d.pipeline()
		d.Portions = slices.DeleteFunc(d.Portions, func(p history.Portion) bool {
			return p.Part == history.PartOutput && p.Stage == "score" && p.Partition == "01"
		})
	}, expectation{
		Why:  "The job says that it is done, and there is no output of one partition.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(18), InFlight: new(0), Breaches: []string{"score/01"}},
	}},
	{"conservation-input-gone", func(d *drill) {
		d.pipeline()
		d.Portions = slices.DeleteFunc(d.Portions, func(p history.Portion) bool {
			return p.Partition == "01" && p.Part != history.PartExpected
		})
	}, expectation{
		Why: "An undisturbed run makes something of two partitions, and of one there is nothing at all, its input " +
			"included.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(0), InFlight: new(0), Breaches: []string{"clean/01"}},
	}},
	{"conservation-nothing-of-nothing", func(d *drill) {
		d.pipeline()
		d.Portions = append(d.Portions, history.Portion{
			Read: d.Portions[0].Read, At: d.Portions[0].At, Part: history.PartExpected, Stage: "clean", Partition: "02",
			Object: "reference/clean/02",
			SHA256: nothing,
		})
	}, expectation{
		Why:  "Of a partition without an input an undisturbed run makes nothing, and so did this one.",
		Spec: conserving(4000), Verdict: Pass, Figures: figures{Missing: new(0), InFlight: new(0)},
	}},
	{"conservation-unread", func(d *drill) {
		d.pipeline()
		p := d.output("score", "01")
		*p = history.Portion{
			Read: p.Read, At: p.At, Part: p.Part, Stage: p.Stage, Partition: p.Partition, Object: p.Object,
			Error: "line 3 is no JSON",
		}
	}, expectation{
		Why:  "One object can't be read: nobody knows what it holds.",
		Spec: conserving(4000), Verdict: Inconclusive, Findings: one(FindingConservation, Inconclusive),
	}},
	{"conservation-read-late", func(d *drill) {
		d.pipeline()
		d.reach("score", "01", func(keys []string) []string { return keys[:len(keys)-2] })
		for i := range d.Portions {
			d.Portions[i].Read, d.Portions[i].At = history.AfterReconciliation, *between(7600, 7700)
		}
	}, expectation{
		Why:  "The store did not answer before the faults were healed: what it lacks afterwards proves nothing.",
		Spec: conserving(4000), Verdict: Inconclusive, Findings: one(FindingConservation, Inconclusive),
		Figures: figures{Missing: new(2), InFlight: new(0), Breaches: []string{"score/01"}},
	}},
	{"conservation-read-in-healing", func(d *drill) {
		d.pipeline()
		for i := range d.Portions {
			d.Portions[i].At = *between(6850, 7001)
		}
	}, expectation{
		Why:  "The fault may have been healed a millisecond before the objects were read to the last.",
		Spec: conserving(4000), Verdict: Inconclusive, Findings: one(FindingConservation, Inconclusive),
	}},
	{"drop-in-time", func(d *drill) {
		d.pipeline()
		d.dropOfScore01(3000, 3010)
		d.reach("score", "01", func(keys []string) []string { return keys[1:] })
	}, expectation{
		Why:  "The last stage is told to lose records before it writes the partition, and does.",
		Spec: conserving(4000), Verdict: Fail, Findings: one(FindingConservation, Fail),
		Figures: figures{Missing: new(1), InFlight: new(0), Breaches: []string{"score/01"}},
	}},
	{"drop-too-late", func(d *drill) {
		d.pipeline()
		d.dropOfScore01(3901, 3910)
	}, expectation{
		Why:  "The last stage is told to lose records when it has written the partition: nothing was tested.",
		Spec: conserving(4000), Verdict: Inconclusive, Findings: nothingProved(),
	}},
	{"drop-too-late-and-a-loss", func(d *drill) {
		d.pipeline()
		d.dropOfScore01(3901, 3910)
		d.reach("score", "01", func(keys []string) []string { return keys[1:] })
	}, expectation{
		Why:  "The same, and records are missing there: they are not the fault's, and it is not known whose they are.",
		Spec: conserving(4000), Verdict: Inconclusive, Findings: nothingProved(),
	}},
	{"drop-of-nothing", func(d *drill) {
		d.pipeline()
		d.dropOfScore01(3000, 3010)
	}, expectation{
		Why:  "The partition is written under the fault, and all records are there: it dropped nothing.",
		Spec: conserving(4000), Verdict: Inconclusive, Findings: nothingProved(),
	}},
	{"drop-made-good", func(d *drill) {
		d.pipeline()
		d.dropOfScore01(3000, 3010)
		d.Faults[len(d.Faults)-1].Healed = between(4000, 4010)
		d.Sights = append(d.Sights, history.PipelineSight{
			At: *between(4400, 4500), Part: history.PartOutput, Stage: "score", Partition: "01",
			Object: "output/score/01.jsonl", Version: "2",
		})
	}, expectation{
		Why:  "The partition is written under the fault, and once more after it was healed: nothing is missing.",
		Spec: conserving(4000), Verdict: Pass, Figures: figures{Missing: new(0), InFlight: new(0)},
	}},
	{"deadline-missed", func(d *drill) { d.pipeline() }, expectation{
		Why:  "The job is done 3.49 s after the order at the earliest, and 3.4 s are promised.",
		Spec: conserving(3400), Verdict: Fail, Findings: one(FindingDeadline, Fail),
	}},
	{"deadline-straddling", func(d *drill) { d.pipeline() }, expectation{
		Why:  "The same, and 3.5 s are promised: nobody can tell.",
		Spec: conserving(3500), Verdict: Inconclusive, Findings: one(FindingDeadline, Inconclusive),
	}},
	{"deadline-never-done", func(d *drill) {
		d.pipeline()
		d.Sights = d.Sights[:len(d.Sights)-1]
	}, expectation{
		Why:  "The job was watched for longer than is promised, and is not done.",
		Spec: conserving(4000), Verdict: Fail,
		Findings: map[string]Verdict{FindingConservation: Inconclusive, FindingDeadline: Fail},
		Figures:  figures{DeadlineMS: []float64{5290}},
	}},
	{"deadline-of-another-job", func(d *drill) {
		d.pipeline()
		d.Marks = append([]history.Mark{{
			At: *between(1090, 1100), Source: "harness", Name: history.JobOrdered, Detail: "weekly",
		}}, d.Marks...)
	}, expectation{
		Why:  "Another job was ordered 0.1 s before the one that is promised: 3.61 s are counted from that.",
		Spec: conserving(3650), Verdict: Pass, Figures: figures{DeadlineMS: []float64{3490, 3610}},
	}},
	{"deadline-done-before", func(d *drill) {
		d.pipeline()
		d.Sights[len(d.Sights)-1].At = *between(1000, 1100)
	}, expectation{
		Why:  "What says that the job is done was there before it was ordered: it is that of another night.",
		Spec: conserving(4000), Verdict: Fail,
		Findings: map[string]Verdict{FindingConservation: Inconclusive, FindingDeadline: Fail},
		Figures:  figures{DeadlineMS: []float64{5290}},
	}},
	{"deadline-no-job", func(d *drill) {
		d.pipeline()
		d.Marks = slices.DeleteFunc(d.Marks, func(m history.Mark) bool { return m.Name == history.JobOrdered })
	}, expectation{
		Why:  "Nobody ordered the job: what says that it is done is of no night of the drill.",
		Spec: conserving(4000), Verdict: Inconclusive,
		Findings: map[string]Verdict{FindingConservation: Inconclusive, FindingDeadline: Inconclusive},
	}},
}

// pipeline adds a job that is ordered at 1.2 s and seen to be done between 4.7 and 4.8 s. Two partitions of 20 records
// go through three stages; the first rejects two of each.
func (d *drill) pipeline() {
	d.Marks = append(d.Marks, history.Mark{
		At: *between(1190, 1210), Source: "harness", Name: history.JobOrdered, Detail: "nightly",
	})
	add := func(part, stage, partition string, keys []string) {
		sum := sha256.Sum256([]byte(stage + strings.Join(keys, "\n")))
		p := history.Portion{
			Read: history.BeforeReturn, At: *between(6850, 6950), Region: home, Part: part, Stage: stage,
			Partition: partition,
			Object:    strings.Trim(part+"/"+stage+"/"+partition, "/") + ".jsonl",
			Records:   len(keys), SHA256: hex.EncodeToString(sum[:]), Keys: keys,
		}
		d.Portions = append(d.Portions, p)
		if part == history.PartOutput {
			p.Part, p.Keys = history.PartExpected, nil
			d.Portions = append(d.Portions, p)
		}
	}
	for _, partition := range []string{"00", "01"} {
		var keys []string
		for i := range 20 {
			keys = append(keys, fmt.Sprintf("r%s-%02d", partition, i))
		}
		add(history.PartInput, "", partition, keys)
		add(history.PartRejected, stages[0], partition, keys[:2])
		for i, stage := range stages {
			at := 2000 + 900*i
			d.Sights = append(d.Sights, history.PipelineSight{
				At: *between(at, at+100), Part: history.PartOutput, Stage: stage, Partition: partition,
				Object: "output/" + stage + "/" + partition + ".jsonl", Version: "1",
			})
			add(history.PartOutput, stage, partition, keys[2:])
		}
	}
	d.Sights = append(d.Sights, history.PipelineSight{
		At: *between(4700, 4800), Part: history.PartDone, Object: "jobs/nightly/done", Version: "1",
	})
}

// dropOfScore01 has the last stage lose records of the second partition, which it writes between 3.8 and 3.9 s.
func (d *drill) dropOfScore01(from, until int) {
	d.Faults = append(d.Faults, history.Fault{
		Name: "drop_records", Target: "partition 01 in stage score", Command: time.Duration(from-10) * msec,
		Effective: between(from, until), Healed: between(6960, 6970), Confirmed: true, By: "of 100 records 95 came out",
		Drops: &history.Drops{Stage: "score", Partition: "01", Share: 0.05},
	})
}

// nothingProved are the findings of a drill about a job that proves nothing.
func nothingProved() map[string]Verdict {
	all := void()
	all[FindingConservation], all[FindingDeadline] = Inconclusive, Inconclusive
	return all
}

func (d *drill) output(stage, partition string) *history.Portion {
	for i := range d.Portions {
		if p := &d.Portions[i]; p.Part == history.PartOutput && p.Stage == stage && p.Partition == partition {
			return p
		}
	}
	panic("there is no output of " + stage + " and " + partition)
}

// reach has a stage hand on other records of a partition.
func (d *drill) reach(stage, partition string, handOn func(keys []string) []string) {
	p := d.output(stage, partition)
	p.Keys = handOn(slices.Clone(p.Keys))
	p.Records, p.SHA256 = len(p.Keys), "another"
}

func TestAFindingNamesWhereRecordsWereLost(t *testing.T) {
	d := goodDrill()
	d.pipeline()
	d.reach("score", "01", func(keys []string) []string { return keys[:len(keys)-2] })
	d.spec.Conservation = &Pipeline{Stages: stages}
	for _, f := range Judge(d.History, d.spec).Findings {
		const want = "stage score, partition 01: of 18 records in, 16 came out and 0 were rejected: " +
			"2 are missing (11.11 %), such as r01-18, r01-19"
		if f.ID == FindingConservation && f.Detail != want {
			t.Errorf("%s\nwant %s", f.Detail, want)
		}
	}
}

func TestADeadlineIsToldByTheClockOfTheStory(t *testing.T) {
	d := goodDrill() // at 60, so that 3.5 s are 3.5 min
	d.pipeline()
	d.spec.Deadline = &DeadlineObjective{Within: 4 * msec * 1000, Begins: 23*hour + 58*minute, By: 2 * minute}
	for _, f := range Judge(d.History, d.spec).Findings {
		const want = "job nightly was done after 3.49 s … 3.61 s, at 00:01 (+1 d) " +
			"(objective 00:02, 4 s after it was ordered)"
		if f.ID == FindingDeadline && f.Detail != want {
			t.Errorf("%s\nwant %s", f.Detail, want)
		}
	}
}

const (
	minute = 60_000 * msec
	hour   = 60 * minute
)

package measure

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingConservation fails when records that went into a stage of the app's pipeline neither came out of it nor were
// rejected by it, or others did.
const FindingConservation = "conservation"

// Pipeline is what an app's job makes of its input: stages one after another, each by partitions.
type Pipeline struct {
	// Job is the one that makes it; empty: the first that is ordered.
	Job    string
	Stages []string // in their order
	// Region is where its objects are read.
	Region string
}

// given is what a stage reads of a partition: what the stage before handed on.
func (p Pipeline) given(stage, partition string) portionOf {
	if i := slices.Index(p.Stages, stage); i > 0 {
		return portionOf{history.PartOutput, p.Stages[i-1], partition}
	}
	return portionOf{history.PartInput, "", partition}
}

// Conservation is what became of the records that went into the app's pipeline, as its objects hold them in the end.
type Conservation struct {
	In       int         `json:"in"`        // records of the input
	Out      int         `json:"out"`       // that the last stage handed on
	Rejected int         `json:"rejected"`  // by all stages
	InFlight int         `json:"in_flight"` // of partitions that a stage has not written yet
	Missing  int         `json:"missing"`   // that went into a stage, and are nowhere
	Stages   []StageFlow `json:"stages"`    // in their order
	Breaches []Breach    `json:"breaches"`  // by stage and partition
	Compared int         `json:"compared"`  // outputs whose content was compared with that of an undisturbed run
	Verdict  Verdict     `json:"verdict"`
}

// StageFlow is what one stage did with the records of all partitions.
type StageFlow struct {
	Stage      string `json:"stage"`
	Partitions int    `json:"partitions"` // that went into it
	In         int    `json:"in"`
	Out        int    `json:"out"`
	Rejected   int    `json:"rejected"`
	InFlight   int    `json:"in_flight"`
	Missing    int    `json:"missing"`
	Written    int    `json:"written"` // how often its outputs were seen to be written, the most of any partition
}

// Breach is one partition of one stage in which records were not conserved.
type Breach struct {
	Stage     string   `json:"stage"`
	Partition string   `json:"partition"`
	In        int      `json:"in"`
	Out       int      `json:"out"`
	Rejected  int      `json:"rejected"`
	Missing   int      `json:"missing"`  // went in, and are nowhere
	Added     int      `json:"added"`    // are there, and did not go in
	Repeated  int      `json:"repeated"` // are there more often than they went in
	Differs   bool     `json:"differs"`  // the keys are right, and the content is not that of an undisturbed run
	Object    string   `json:"object"`   // that is wrong
	Keys      []string `json:"keys"`     // of records that are missing, added or repeated, at most 20
}

// mostKeys is how many keys of a breach are told.
const mostKeys = 20

// MeasureConservation follows the records of an app's pipeline through its stages, partition by partition: what a stage
// was given is what the one before handed on, and it is conserved when each of its records is in the stage's output or
// among what it rejected, once, and nothing else is. Where a stage has not written a partition, its records are in
// flight while the job is not done, and missing once it is. All is read from the objects; what the job says of itself
// plays no part. It is nil where nothing is promised of that.
func MeasureConservation(h history.History, s Spec) *Conservation { //nolint:revive // Conservation is what it returns
	if s.Conservation == nil {
		return nil
	}
	m := &Conservation{Stages: []StageFlow{}, Breaches: []Breach{}}
	all := portionsOf(h)
	_, done := doneSight(h, s.Conservation.Job)
	for i, stage := range s.Conservation.Stages {
		flow := StageFlow{Stage: stage, Written: timesWritten(h, stage)}
		for _, partition := range all.partitions() {
			from := s.Conservation.given(stage, partition)
			in, given := all[from]
			in.Stage, in.Partition = from.stage, partition
			_, wrote := all[portionOf{history.PartOutput, stage, partition}]
			// What an undisturbed run makes of a partition whose input is gone is not there, and was not moved on.
			_, expects := all[portionOf{history.PartExpected, stage, partition}]
			if in.Error == "" && (given || wrote || expects) {
				m.follow(&flow, all, in, done)
			}
		}
		m.Rejected, m.InFlight, m.Missing = m.Rejected+flow.Rejected, m.InFlight+flow.InFlight, m.Missing+flow.Missing
		if i == 0 {
			m.In = flow.In
		}
		m.Out = flow.Out
		m.Stages = append(m.Stages, flow)
	}
	switch {
	case readLate(h) != "":
	case len(m.Breaches) > 0:
		m.Verdict = Fail
	case m.In > 0 && done && all.problem() == "":
		m.Verdict = Pass
	}
	return m
}

// follow adds what a stage did with the records of one partition.
func (m *Conservation) follow(flow *StageFlow, all portions, in history.Portion, done bool) {
	flow.Partitions, flow.In = flow.Partitions+1, flow.In+len(in.Keys)
	out, written := all[portionOf{history.PartOutput, flow.Stage, in.Partition}]
	rejected := all[portionOf{history.PartRejected, flow.Stage, in.Partition}]
	if out.Error != "" || rejected.Error != "" {
		return // nobody knows
	}
	if !written && !done {
		flow.InFlight += len(in.Keys)
		return
	}
	b := Breach{
		Stage: flow.Stage, Partition: in.Partition, In: len(in.Keys), Out: len(out.Keys), Rejected: len(rejected.Keys),
		Object: cmp.Or(out.Object, "none"),
	}
	b.compare(in.Keys, slices.Concat(out.Keys, rejected.Keys))
	flow.Out, flow.Rejected, flow.Missing = flow.Out+b.Out, flow.Rejected+b.Rejected, flow.Missing+b.Missing
	if expected, is := all[portionOf{history.PartExpected, flow.Stage, in.Partition}]; is && expected.Error == "" {
		m.Compared++
		// What comes of a breach in a stage before is told there, once.
		before, known := all[portionOf{history.PartExpected, in.Stage, in.Partition}]
		follows := known && contentsOf(before) != contentsOf(in)
		b.Differs = !follows && b.conserved() && contentsOf(expected) != contentsOf(out)
	}
	if !b.conserved() || b.Differs {
		m.Breaches = append(m.Breaches, b)
	}
}

// contentsOf is the hash of what a portion holds. An object that is not there holds what an empty one does.
func contentsOf(p history.Portion) string { return cmp.Or(p.SHA256, nothing) }

// nothing is the SHA-256 of no records, in hex.
var nothing = fmt.Sprintf("%x", sha256.Sum256(nil))

// compare counts what went in and is nowhere, and the other way round.
func (b *Breach) compare(in, there []string) {
	balance := map[string]int{}
	given := map[string]bool{}
	for _, key := range in {
		balance[key]--
		given[key] = true
	}
	for _, key := range there {
		balance[key]++
	}
	b.Keys = []string{}
	for key, n := range balance {
		switch {
		case n == 0:
			continue
		case n < 0:
			b.Missing -= n
		case given[key]:
			b.Repeated += n
		default:
			b.Added += n
		}
		b.Keys = append(b.Keys, key)
	}
	slices.Sort(b.Keys)
	b.Keys = b.Keys[:min(len(b.Keys), mostKeys)]
}

func (b *Breach) conserved() bool { return b.Missing == 0 && b.Added == 0 && b.Repeated == 0 }

// String is the breach in a sentence.
func (b Breach) String() string {
	text := fmt.Sprintf("stage %s, partition %s: of %s in, %d came out and %d were rejected", b.Stage, b.Partition,
		Count(b.In, "record", "records"), b.Out, b.Rejected)
	var wrong []string
	if b.Missing > 0 {
		wrong = append(wrong, fmt.Sprintf("%d are missing (%s)", b.Missing,
			inPercent(float64(b.Missing)/float64(b.In)))) // of nothing, nothing is missing
	}
	if b.Added > 0 {
		wrong = append(wrong, fmt.Sprintf("%d are there that did not go in", b.Added))
	}
	if b.Repeated > 0 {
		wrong = append(wrong, fmt.Sprintf("%d are there more than once", b.Repeated))
	}
	if b.Differs {
		wrong = append(wrong, "their content is not that of an undisturbed run")
	}
	text += ": " + strings.Join(wrong, ", ")
	if len(b.Keys) > 0 {
		const examples = 5
		text += ", such as " + strings.Join(b.Keys[:min(len(b.Keys), examples)], ", ")
	}
	return text
}

// conservation is the checker of what became of the records of a pipeline.
type conservation struct{ promises }

// IDs are those of its findings.
func (conservation) IDs() []string { return []string{FindingConservation} }

// Measure notes what became of them.
func (conservation) Measure(v *view, m *Metrics) {
	m.Conservation = MeasureConservation(v.History, v.spec)
}

// Find says in which stages and partitions they were not conserved.
func (conservation) Find(v *view, m Metrics) []Finding {
	c := m.Conservation
	if c == nil {
		return nil
	}
	f := Finding{ID: FindingConservation, Checker: "conservation", Verdict: c.Verdict}
	problem, late := portionsOf(v.History).problem(), readLate(v.History)
	switch {
	case late != "":
		f.Detail = "what the incident left of the records is not known: " + late
		if len(c.Breaches) > 0 {
			f.Detail += "; afterwards " + c.breaches()
		}
	case len(c.Breaches) > 0:
		f.Detail = c.breaches()
	case problem != "":
		f.Detail = "what became of the records is not known: " + problem
	case c.In == 0:
		f.Detail = "the pipeline had no input, so that nothing could get lost"
	case c.Verdict != Pass:
		f.Detail = fmt.Sprintf("the job is not done: %d of %d records are in flight", c.InFlight, c.In)
	default:
		f.Detail = fmt.Sprintf(
			"%s in = %d out + %d rejected, in each of %s and in each partition, by count and by key%s",
			Count(c.In, "record", "records"), c.Out, c.Rejected, Count(len(c.Stages), "stage", "stages"),
			c.comparedTo())
	}
	if job := v.spec.Conservation.Job; job != "" {
		f.Detail = "job " + job + ": " + f.Detail
	}
	return []Finding{f}
}

func (c Conservation) breaches() string {
	const examples = 3
	var each []string
	for _, b := range c.Breaches[:min(len(c.Breaches), examples)] {
		each = append(each, b.String())
	}
	text := strings.Join(each, "; ")
	if more := len(c.Breaches) - examples; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

func (c Conservation) comparedTo() string {
	if c.Compared == 0 {
		return ""
	}
	return fmt.Sprintf("; %s by hash those of an undisturbed run", Count(c.Compared, "output is", "outputs are"))
}

// Rows show all records, and below them each stage.
func (conservation) Rows(s rowSource) []Row {
	c := s.Metrics.Conservation
	if c == nil {
		return nil
	}
	rows := []Row{{
		ID: FindingConservation, Name: "conservation", Judged: true, Verdict: c.Verdict, Objective: always,
		Measured: balanceText(c.In, c.Out, c.Rejected, c.InFlight, c.Missing),
	}}
	for _, flow := range c.Stages {
		measured := balanceText(flow.In, flow.Out, flow.Rejected, flow.InFlight, flow.Missing)
		if flow.Written > 1 {
			measured += fmt.Sprintf("; written %d times", flow.Written)
		}
		rows = append(rows, Row{
			ID: FindingConservation + "." + flow.Stage, Name: "stage " + flow.Stage, Part: true, Measured: measured,
		})
	}
	return rows
}

func balanceText(in, out, rejected, inFlight, missing int) string {
	text := fmt.Sprintf("%d in = %d out + %d rejected", in, out, rejected)
	if inFlight > 0 {
		text += fmt.Sprintf(" + %d in flight", inFlight)
	}
	if missing > 0 {
		text += fmt.Sprintf(" + %d missing", missing)
	}
	return text
}

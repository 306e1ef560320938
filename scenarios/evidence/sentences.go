package evidence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// rows are what was measured, in words.
func (r Result) rows() []measure.Row {
	report := measure.Report{
		Verdict: r.Verdict, Reasons: r.Reasons, Incidents: r.Incidents, Metrics: r.Metrics,
		Findings: r.Findings,
	}
	return report.Rows(r.Scenario.Timescale)
}

// Why says in one sentence why the drill ended as it did.
func (r Result) Why() string {
	switch {
	case r.Status == Errored:
		return "The harness could not do its work: " + strings.TrimSuffix(r.Error, ".") + "."
	case r.Status == Interrupted:
		return "The drill was interrupted; what was measured until then proves nothing."
	case len(r.Reasons) > 0:
		return r.Reasons[0]
	}
	return "Nothing was measured."
}

// Command repeats the drill; empty where only a program of somebody's own does.
func (r Result) Command() string {
	switch {
	case r.Scenario.Program != "":
		return ""
	case r.Scenario.Repeat != "":
		return "regionfall run " + r.Scenario.Repeat
	}
	return "regionfall run " + r.Scenario.Name
}

// Program says which program repeats the drill, where no command does; empty where one does.
func (r Result) Program() string {
	switch r.Scenario.Program {
	case "":
		return ""
	case UnknownProgram:
		return "run the Go program that ran it"
	}
	return "run " + r.Scenario.Program + ", the Go program that ran it"
}

// Expectation says what the scenario's author expected and whether it came true, and if not why. Empty when pass was
// expected and nothing else is to be said.
func (r Result) Expectation() string {
	if r.Expected.Verdict != measure.Fail {
		return ""
	}
	text := "expected fail"
	if len(r.Expected.Findings) > 0 {
		text += ": " + strings.Join(r.Expected.Findings, ", ")
	}
	if r.Expected.Met {
		return text + ": met"
	}
	if r.Status != Completed {
		return text + ": not met (the drill did not complete)"
	}
	var why []string
	missing, surplus := r.unexpected()
	if slices.ContainsFunc(r.Findings, func(f measure.Finding) bool {
		return f.ID == measure.FindingDrill &&
			f.Verdict != measure.Pass
	}) {
		why = append(why, "the drill proves nothing")
	}
	for _, p := range r.Expected.Given {
		if !p.Met {
			why = append(why, "did not come true: "+p.Name)
		}
	}
	if len(missing) > 0 {
		why = append(why, "not found: "+strings.Join(missing, ", "))
	}
	if len(surplus) > 0 {
		why = append(why, "not expected: "+strings.Join(surplus, ", "))
	}
	if len(why) == 0 {
		why = append(why, "the verdict is "+r.Verdict.String())
	}
	return text + ": not met (" + strings.Join(why, "; ") + ")"
}

// Times say when the drill began and how long it took; empty where nobody noted it.
func (r Result) Times() string {
	if r.Began == nil {
		return ""
	}
	text := r.Began.UTC().Format("2006-01-02 15:04:05") + " UTC"
	if r.Ended != nil {
		text += ", for " + measure.Exactly(r.Ended.Sub(*r.Began).Round(time.Second))
	}
	return text
}

// Words say which program it was, as far as that is known.
func (h Harness) Words() string {
	var parts []string
	if h.Version != nil {
		parts = append(parts, *h.Version)
	}
	if h.Commit != nil {
		text := "commit " + (*h.Commit)[:min(12, len(*h.Commit))]
		if h.Dirty != nil && *h.Dirty {
			text += " with changes"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// Words say what class of machine it was.
func (h Host) Words() string {
	text := fmt.Sprintf("%s/%s, %s", h.OS, h.Arch, measure.Count(h.Processors, "processor", "processors"))
	if h.MemoryMB != nil {
		text += fmt.Sprintf(", %d MB", *h.MemoryMB)
	}
	if h.Kernel != nil {
		text += ", kernel " + *h.Kernel
	}
	return text
}

// story tells the incidents, where there is more to tell than the figures of one.
func (r Result) story() []string {
	if len(r.Incidents) < 2 {
		return nil
	}
	var all []string
	for _, i := range r.Incidents {
		all = append(all, i.Words())
	}
	return all
}

// FullScale is the extrapolation in words; empty when there is none.
func (r Result) FullScale() string {
	t := r.Metrics.RecoveryTime
	if t == nil || t.FullScale == nil || r.Scenario.Timescale == 1 {
		return ""
	}
	return fmt.Sprintf("At full scale, by extrapolation (scaled phases %s, physical phases as they were): recovered "+
		"in about %s.",
		measure.Scale(r.Scenario.Timescale), measure.Exactly(time.Duration(*t.FullScale)))
}

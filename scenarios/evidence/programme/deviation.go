package programme

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Tolerance is how far what was measured may be off what is promised, or documented, as auditors have it.
const Tolerance = 0.10

// major is from where on a deviation is grave.
const major = 0.50

// Deviation is a figure that is off by more than the tolerance. Off an objective is only what is worse: a service that
// is back sooner keeps its promise. Off what is documented is either way: then the document is wrong.
type Deviation struct {
	ID       string  `json:"id"` // the same from drill to drill
	Severity string  `json:"severity"`
	Scenario string  `json:"scenario"`
	Metric   string  `json:"metric"`
	Against  string  `json:"against"` // objective or documented
	Off      float64 `json:"off"`     // 0.15 is 15 % more; 0 where MS is null
	MS       *int64  `json:"ms"`
	Wanted   int64   `json:"wanted_ms"`
}

// The two things that a figure is held against.
const (
	againstObjective  = "objective"
	againstDocumented = "documented"
)

// Deviations are those of a drill.
func (e Entry) Deviations() (all []Deviation) {
	for _, f := range e.Figures {
		for _, held := range []struct {
			against string
			wanted  *int64
		}{{againstObjective, f.Objective}, {againstDocumented, f.Documented}} {
			if held.wanted == nil {
				continue
			}
			d := Deviation{
				ID: identifier(e.Programme, e.Scenario, f.Metric, held.against), Scenario: e.Scenario, Metric: f.Metric,
				Against: held.against, MS: f.MS, Wanted: *held.wanted, Severity: "minor",
			}
			switch {
			case f.MS == nil:
				d.Severity = "major" // it was not reached, or not measured
			case *held.wanted == 0 && *f.MS > 0: // nothing may be lost: how much was is for the verdict to say
				if f.Verdict != "fail" {
					continue
				}
				d.Severity = "major"
			case *held.wanted == 0:
				continue
			default:
				d.Off = float64(*f.MS-*held.wanted) / float64(*held.wanted)
				if held.against == againstObjective && d.Off <= Tolerance || d.Off <= Tolerance && d.Off >= -Tolerance {
					continue
				}
				if d.Off > major || d.Off < -major {
					d.Severity = "major"
				}
			}
			all = append(all, d)
		}
	}
	return all
}

// identifier is of what deviates, and not of how far or when.
func identifier(parts ...string) string {
	sum := sha256.Sum256(fmt.Append(nil, parts))
	return "F-" + hex.EncodeToString(sum[:4])
}

// Finding is a deviation over time.
type Finding struct {
	Deviation           // the latest
	First     time.Time `json:"first_seen"`
	Last      time.Time `json:"last_seen"`
	Times     int       `json:"times"`
	Open      bool      `json:"open"` // the latest drill of the scenario has it
	// What a reviewed file says of it.
	Register *Registered `json:"register"`
}

// Findings are the deviations of a history, in the order in which they were first seen.
func Findings(history []Entry) []Finding {
	var all []Finding
	place := map[string]int{}
	for _, e := range history {
		for i := range all {
			if all[i].Scenario == e.Scenario {
				all[i].Open = false
			}
		}
		for _, d := range e.Deviations() {
			i, seen := place[d.ID]
			if !seen {
				i = len(all)
				place[d.ID] = i
				all = append(all, Finding{First: e.Began})
			}
			f := &all[i]
			f.Deviation, f.Last, f.Open = d, e.Began, true
			f.Times++
		}
	}
	return all
}

package topology

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// CopyRule says which objects or items are copied to other regions, and when. Where a store has rules, what none of
// them covers is not copied. Durations count from when the lab's schedule begins.
type CopyRule struct {
	// Name is what it is called: the prefix of its objects, or the table of its items.
	Name   string
	Prefix string // of the keys of its objects
	When   CopyTime
	// Of a window: when the first opens, which is before the schedule begins if it is open by then, and how long each
	// stays open. Every is the time from one opening, or one run, to the next.
	Opens time.Duration `json:",omitempty"`
	Lasts time.Duration `json:",omitempty"`
	Every time.Duration `json:",omitempty"`
	// After is a rule whose objects come first: nothing is copied before all of them are there that were written before
	// it.
	After string `json:",omitempty"`
}

// CopyTime is when a rule copies.
type CopyTime string

// The times of copying.
const (
	CopyAlways CopyTime = "continuous" // as the replicator finds
	CopyWindow CopyTime = "window"     // in a window that opens once a day
	CopyEvery  CopyTime = "every"      // at a cadence: all that is there then
	CopyJob    CopyTime = "job"        // when somebody runs it: all that is there then
)

// Day is the time after which a window opens again.
const Day = 24 * time.Hour

// Rules are those of both stores, by which what is copied is known.
func (t Topology) Rules() []CopyRule {
	return append(t.Objects.Rules[:len(t.Objects.Rules):len(t.Objects.Rules)], t.Items.Rules...)
}

// Rule is the one of that name.
func (t Topology) Rule(name string) (CopyRule, bool) {
	for _, r := range t.Rules() {
		if r.Name == name {
			return r, true
		}
	}
	return CopyRule{}, false
}

// isWithin says whether another rule covers all the objects that this one would.
func (r CopyRule) isWithin(other CopyRule) bool {
	return other.Prefix != "" && strings.HasPrefix(r.Prefix, other.Prefix)
}

// scaled divides the times of a rule by n.
func (r CopyRule) scaled(n float64) CopyRule {
	for _, d := range []*time.Duration{&r.Opens, &r.Lasts, &r.Every} {
		*d = time.Duration(float64(*d) / n)
	}
	return r
}

func (r Replication) scaled(n float64) Replication {
	rules := make([]CopyRule, len(r.Rules))
	for i, rule := range r.Rules {
		rules[i] = rule.scaled(n)
	}
	if r.Rules != nil {
		r.Rules = rules
	}
	return r
}

// rules complains about rules of copying, which a file has in one list.
func (v *validation) rules(t Topology) {
	seen := map[string]bool{}
	var above []CopyRule
	for i, r := range t.Rules() {
		field := fmt.Sprintf("replication.rules[%d]", i)
		if seen[r.Name] {
			v.complain(field, "there are two rules for %s: which of them would copy it?", r.Name)
		} else if wide := slices.IndexFunc(above, r.isWithin); wide >= 0 {
			v.complain(field, "it copies nothing, as all of %s belongs to %s above it: put it above that", r.Name,
				above[wide].Name)
		}
		above = append(above, r)
		switch r.When {
		case CopyWindow:
			if r.Lasts <= 0 || r.Lasts >= r.Every {
				v.complain(field+".window", "it lasts %s: must be more than 0s, and less than a day", r.Lasts)
			}
		case CopyEvery:
			v.positive(field+".every", r.Every)
		}
		if r.After != "" && !seen[r.After] {
			v.complain(field+".after", "no rule above it is called %q", r.After)
		}
		seen[r.Name] = true
	}
	for store, is := range map[string]Replication{"objects": t.Objects, "items": t.Items} {
		if len(is.Rules) > 0 && is.Mode != Continuous {
			v.complain("replication.rules", "the backup job copies %s, by no rule: set replication.%s to %s", store,
				store, Continuous)
		}
	}
	if len(seen) > 0 && t.Postgres.Commit == CommitRemote {
		v.complain("replication.rules",
			"a rule can't go with commit remote, which promises every write in the other region")
	}
}

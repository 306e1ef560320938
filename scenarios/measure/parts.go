package measure

import (
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Rule is a part of a store that reaches other regions by a rule of its own. An id belongs to the first rule of its
// store that covers it.
type Rule struct {
	Name   string // such as hot/
	Store  string
	Prefix string // of the ids that it covers
	// Continuous says that copies are made at any time: that they are late is due to the machine, not to a schedule.
	Continuous bool
}

// part is what is judged by itself: a store, one rule of it, or what none of its rules covers.
type part struct {
	name, store string
	rules       []Rule // of the store
	index       int    // of the rule; -1 for what none of them covers
}

// covers says whether an id belongs to the part.
func (p part) covers(id string) bool {
	return slices.IndexFunc(p.rules, func(r Rule) bool { return strings.HasPrefix(id, r.Prefix) }) == p.index
}

// isWhole says whether the part is a store without rules.
func (p part) isWhole() bool { return len(p.rules) == 0 }

// isRule says whether the part is a rule.
func (p part) isRule() bool { return p.index >= 0 }

// isPrompt says whether copies of the part are made at any time.
func (p part) isPrompt() bool { return !p.isRule() || p.rules[p.index].Continuous }

// of are those of the writes that belong to the part.
func (p part) of(writes []write) []write {
	if p.isWhole() {
		return writes
	}
	var own []write
	for _, w := range writes {
		if p.covers(w.ID) {
			own = append(own, w)
		}
	}
	return own
}

// rulesOf are the rules of a store.
func (s Spec) rulesOf(store string) []Rule {
	return slices.DeleteFunc(slices.Clone(s.Rules), func(r Rule) bool { return r.Store != store })
}

// newParts are what is judged by itself, in the order of the stores. What no rule of a store covers is one where
// anything was acknowledged, or is there, that none does.
func (v *view) newParts() []part {
	var all []part
	for _, store := range v.spec.Stores {
		rules := v.spec.rulesOf(store)
		for i, r := range rules {
			all = append(all, part{name: r.Name, store: store, rules: rules, index: i})
		}
		if rest := (part{name: store, store: store, rules: rules, index: -1}); rest.isWhole() || v.mention(rest) {
			all = append(all, rest)
		}
	}
	return all
}

// mention says whether anything was acknowledged, or is there, that belongs to a part.
func (v *view) mention(p part) bool {
	return slices.ContainsFunc(v.Ops, func(op history.Op) bool {
		return op.Kind == history.Write && op.Outcome == history.OK && p.covers(op.ID)
	}) || slices.ContainsFunc(v.Reads, func(r history.FinalRead) bool {
		return r.Store == p.store && slices.ContainsFunc(r.IDs, p.covers)
	})
}

// Judged are the names of what has a limit: stores without rules, and rules.
func (s Spec) Judged() []string {
	var names []string
	for _, store := range s.Stores {
		rules := s.rulesOf(store)
		for _, r := range rules {
			names = append(names, r.Name)
		}
		if len(rules) == 0 {
			names = append(names, store)
		}
	}
	return names
}

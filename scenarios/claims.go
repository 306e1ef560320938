package scenarios

import (
	"cmp"
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Claim is what a dashboard says of a rule, of a store or, where it names neither, of everything.
type Claim struct {
	Rule  RuleName      `yaml:"rule" example:"hot/" about:"The rule of replication, by its prefix or table, that it is about."`
	Store Store         `yaml:"store" takes:"store" example:"postgres" about:"The store that it is about, in place of a rule."`
	RPO   file.Duration `yaml:"rpo,required" min:">0s" example:"1h" about:"The recovery point that the dashboard shows."`
}

// of is what the claim is about.
func (c Claim) of() string {
	if c.Rule != "" {
		return string(c.Rule)
	}
	return string(c.Store)
}

// claims are those of the file, in lab time.
func (f *Format) claims(timescale float64) []measure.Claim {
	var all []measure.Claim
	for _, c := range f.Claims {
		all = append(all, measure.Claim{Of: c.of(), RecoveryPoint: c.RPO.Lab(timescale)})
	}
	return all
}

// checkClaims complains about claims of what is not measured.
func (f *Format) checkClaims(found *file.Complaints, t topology.Topology) {
	for i, c := range f.Claims {
		path := itemPath("claims", i)
		_, is := t.Rule(string(c.Rule))
		switch {
		case c.Rule != "" && c.Store != "":
			found.Add(path, "%s: it is about a rule or about a store, not both", path)
		case c.Rule != "" && !is:
			found.Add(path+".rule", "%s.rule: no rule of topology.replication is called %s%s", path,
				file.Quote(string(c.Rule)),
				hint(string(c.Rule), ruleNames(t)))
		case c.Store != "" && !slices.Contains(f.Objectives.Stores, c.Store):
			found.Add(path+".store", "%s.store: %s is not among objectives.stores", path, c.Store)
		case slices.ContainsFunc(f.Claims[:i], func(other Claim) bool { return other.of() == c.of() }):
			found.Add(path, "%s: a claim above is about %s too: which of them does the dashboard show?", path,
				cmp.Or(c.of(), "everything"))
		}
	}
}

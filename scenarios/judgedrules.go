package scenarios

import (
	"maps"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// checkRuled complains about rules that no write of the app can be told to belong to.
func (f *Format) checkRuled(found *file.Complaints, a *app.App) {
	s := a.Stores().S3
	if s == nil {
		return
	}
	before, _ := s.Key.Around()
	for i, r := range f.Topology.Replication.Rules {
		prefix := string(r.Prefix)
		if prefix != "" && !strings.HasPrefix(before, prefix) && !strings.HasPrefix(prefix, before) {
			found.Add(itemPath("topology.replication.rules", i)+".prefix",
				"topology.replication.rules[%d].prefix: the app writes no key below %s: its keys begin with %s", i,
				prefix,
				before)
		}
	}
}

// checkJudged complains about what is said of rules of which nothing is measured.
func (f *Format) checkJudged(found *file.Complaints, t topology.Topology, a *app.App) {
	judged := judgedRules(t, toStrings(f.Objectives.Stores), a)
	check := func(path, name string) {
		rule, is := t.Rule(name)
		if !is || slices.ContainsFunc(judged, func(r measure.Rule) bool { return r.Name == name }) {
			return
		}
		store := Store(history.StoreItems)
		if rule.Prefix != "" {
			store = history.StoreObjects
		}
		switch {
		case !slices.Contains(storesOf(a), store):
			found.Add(path, "%s: nothing is measured of %s: the app does not say how it writes to %s", path, name,
				store)
		case !slices.Contains(f.Objectives.Stores, store):
			found.Add(path, "%s: nothing is measured of %s: %s is not among objectives.stores", path, name, store)
		case rule.After != "":
			found.Add(path, "%s: nothing is measured of %s: no write of a client is told to belong to what is copied "+
				"after %s", path, name, rule.After)
		}
	}
	for i, c := range f.Claims {
		check(itemPath("claims", i)+".rule", string(c.Rule))
	}
	if p := f.Objectives.RecoveryPoint; p != nil {
		for _, name := range slices.Sorted(maps.Keys(p.Rules)) {
			check(ruleLimitsPath+"."+name, name)
		}
	}
	for i, r := range f.Topology.Replication.Rules {
		if r.StandsFor > 0 && r.Table == "" {
			check(itemPath("topology.replication.rules", i)+".stands_for", r.name())
		}
	}
}

// inheritLimits gives the rules of a store that has a limit of its own that limit, where they have none.
func inheritLimits(s *measure.Spec) {
	if s.RecoveryPoint == nil {
		return
	}
	limits := s.RecoveryPoint.Stores
	for _, r := range s.Rules {
		limit, has := limits[r.Store]
		if _, own := limits[r.Name]; has && !own {
			limits[r.Name] = limit
		}
	}
}

// judgedRules are the rules of what the app writes, as they are seen by the ids of its writes. A rule of what clients
// do not write, such as manifests, is judged by no write.
func judgedRules(t topology.Topology, stores []string, a *app.App) []measure.Rule {
	var all []measure.Rule
	if a == nil {
		return nil
	}
	if s := a.Stores().S3; s != nil && slices.Contains(stores, history.StoreObjects) {
		before, _ := s.Key.Around()
		for _, r := range t.Objects.Rules {
			prefix, is := strings.CutPrefix(r.Prefix, before)
			if !is && !strings.HasPrefix(before, r.Prefix) || r.After != "" {
				continue
			}
			if !is {
				prefix = ""
			}
			all = append(all, measure.Rule{
				Name: r.Name, Store: history.StoreObjects, Prefix: prefix, Continuous: r.When == topology.CopyAlways,
			})
		}
	}
	if slices.Contains(stores, history.StoreItems) {
		for _, r := range t.Items.Rules {
			all = append(all, measure.Rule{
				Name: r.Name, Store: history.StoreItems, Continuous: r.When == topology.CopyAlways,
			})
		}
	}
	return all
}

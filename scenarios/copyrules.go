package scenarios

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// CopyRule is which objects or items are copied, and when: at any time, unless it says otherwise.
type CopyRule struct {
	Prefix    RuleName       `yaml:"prefix" example:"hot/" about:"The prefix of the keys of the objects that it copies."`
	Table     RuleName       `yaml:"table" example:"decisions" about:"The table whose items it copies, in place of a prefix."`
	Window    *Window        `yaml:"window" example:"{from: \"23:00\", to: \"04:00\"}" about:"The time of day in which it copies."`
	Every     *file.Duration `yaml:"every" min:">0s" example:"1h" about:"How often it copies all that is there then, from the steady state on."`
	Job       file.Switch    `yaml:"job" example:"on" about:"That it copies when a step runs it (replicate), and never else."`
	After     RuleName       `yaml:"after" example:"hot/" about:"A rule above. An object is copied once all is that this rule had to copy when the object was seen: so a manifest comes after what it names."`
	StandsFor file.Size      `yaml:"stands_for" example:"40TB" about:"How much data its objects in the lab stand for. What waits to be copied is told at that scale too, as an extrapolation."`
}

// standFor are the sizes that the objects of rules stand for, by rule.
func (r Replication) standFor() map[string]int64 {
	var all map[string]int64
	for _, rule := range r.Rules {
		if rule.StandsFor > 0 {
			if all == nil {
				all = map[string]int64{}
			}
			all[rule.name()] = int64(rule.StandsFor)
		}
	}
	return all
}

// Window is a time of day.
type Window struct {
	From *file.TimeOfDay `yaml:"from,required" example:"\"23:00\"" about:"When it begins."`
	To   *file.TimeOfDay `yaml:"to,required" example:"\"04:00\"" about:"When it ends, which may be the next morning."`
}

// RuleName is what a rule is called: the prefix of its objects, or the table of its items.
type RuleName string

var ruleNameForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$`)

// UnmarshalText reads a name such as hot/.
func (r *RuleName) UnmarshalText(text []byte) error {
	if len(text) > longestRuleName || !ruleNameForm.Match(text) {
		return fmt.Errorf("%s is no prefix of keys, and no table: use letters, digits, _, - and /, such as hot/",
			file.Quote(string(text)))
	}
	*r = RuleName(text)
	return nil
}

const longestRuleName = 64

// Form is that of such a name.
func (*RuleName) Form() file.Form {
	return file.Form{Words: "a prefix of keys or a table", Schema: &jsonschema.Schema{
		Type: "string", Pattern: ruleNameForm.String(), MaxLength: longestRuleName,
	}}
}

// name is what the rule is called.
func (r CopyRule) name() string { return string(cmp.Or(r.Table, r.Prefix)) }

// compileRules has the rules of each store.
func (r Replication) compileRules(out *topology.Topology) {
	out.Objects.Versions, out.Objects.Locked = bool(r.Versions), bool(r.Lock)
	var clock time.Duration
	if r.Clock != nil {
		clock = time.Duration(*r.Clock)
	}
	for _, rule := range r.Rules {
		store := &out.Objects
		if rule.Table != "" {
			store = &out.Items
		}
		store.Rules = append(store.Rules, rule.compile(clock))
	}
}

// compile is the rule, where the schedule begins at a time of day.
func (r CopyRule) compile(clock time.Duration) topology.CopyRule {
	out := topology.CopyRule{
		Name: r.name(), Prefix: string(r.Prefix), After: string(r.After), When: topology.CopyAlways,
	}
	switch w := r.Window; {
	case w != nil && w.From != nil && w.To != nil:
		from, to := time.Duration(*w.From), time.Duration(*w.To)
		out.When, out.Every = topology.CopyWindow, topology.Day
		out.Lasts = (to - from + topology.Day) % topology.Day
		out.Opens = (from - clock + topology.Day) % topology.Day
		if out.Opens+out.Lasts > topology.Day { // it is open when the schedule begins
			out.Opens -= topology.Day
		}
	case r.Every != nil:
		out.When, out.Every = topology.CopyEvery, time.Duration(*r.Every)
	case bool(r.Job):
		out.When = topology.CopyJob
	}
	return out
}

// checkRules complains about rules, which stand below base, that say too little, or too much.
func (r Replication) checkRules(found *file.Complaints, base string) {
	at := file.Join(base, "replication.rules")
	windows := false
	for i, rule := range r.Rules {
		path := itemPath(at, i)
		switch {
		case (rule.Prefix == "") == (rule.Table == ""):
			found.Add(path, "%s: say which objects or items it copies: by their prefix, or by their table", path)
		case rule.Table != "" && rule.Table != topology.ItemsTable:
			found.Add(path+".table", "%s.table: nothing copies %s: the lab's own table is %s", path,
				file.Quote(string(rule.Table)), topology.ItemsTable)
		case rule.Table != "" && rule.After != "":
			found.Add(path+".after", "%s.after: it goes with a prefix only", path)
		case rule.Table != "" && rule.StandsFor > 0:
			found.Add(path+".stands_for", "%s.stands_for: it goes with a prefix only: nobody counts the items that "+
				"wait", path)
		case slices.Contains(Store("").Values(), rule.name()):
			found.Add(path+".prefix", "%s.prefix: %s is what a store is called: write %s/", path, rule.name(),
				rule.name())
		}
		var times []string
		for _, key := range []string{"window", "every", "job"} {
			if found.Mentions(path + "." + key) {
				times = append(times, key)
			}
		}
		if len(times) > 1 {
			found.Add(path, "%s: it copies at one of %s", path, strings.Join(times, " and "))
		}
		windows = windows || rule.Window != nil
	}
	if clock := file.Join(base, "replication.clock"); found.Has(clock) && !windows {
		found.Add(clock, "%s has no effect: no rule has a window", clock)
	}
}

// checkReplicate complains about a rule that can't be run.
func (c *stepCheck) checkReplicate(path, name string) {
	rule, is := c.topology.Rule(name)
	switch {
	case !is:
		found := ruleNames(c.topology)
		c.found.Add(path, "%s: no rule of topology.replication is called %s%s", path, file.Quote(name),
			hint(name, found))
	case rule.When != topology.CopyJob:
		c.found.Add(path, "%s: %s copies by itself (%s): give the rule job: on, to have it run by a step", path, name,
			rule.When)
	}
}

// Restore is what objects are brought back to.
type Restore struct {
	Rule RuleName      `yaml:"rule,required" example:"hot/" about:"The rule of replication, by its prefix, whose objects they are."`
	To   file.Duration `yaml:"to,required" example:"1h" about:"How long before the last fault it was: each object gets the newest version that is not younger, or its first where all are."`
}

func (r *Restore) compile(timescale float64) *drill.Restore {
	if r == nil {
		return nil
	}
	return &drill.Restore{Rule: string(r.Rule), To: r.To.Lab(timescale)}
}

// checkRestore complains about versions that nobody keeps, or that are not of a rule.
func (c *stepCheck) checkRestore(path string, r Restore) {
	rule, is := c.topology.Rule(string(r.Rule))
	switch {
	case !is || rule.Prefix == "":
		c.found.Add(path+".rule", "%s.rule: no rule of topology.replication has the prefix %s%s", path,
			file.Quote(string(r.Rule)), hint(string(r.Rule), ruleNames(c.topology)))
	case !c.topology.Objects.Versions:
		c.found.Add(path, "%s: no versions are kept: set topology.replication.versions to on", path)
	case !c.broken:
		c.found.Add(path, "%s: no step above breaks anything, so there is nothing to count back from", path)
	}
}

func ruleNames(t topology.Topology) []string {
	var names []string
	for _, r := range t.Rules() {
		names = append(names, r.Name)
	}
	return names
}

// checkRuleLimits complains about limits of rules that there are not.
func (f *Format) checkRuleLimits(found *file.Complaints, t topology.Topology) {
	for name := range f.Objectives.RecoveryPoint.Rules {
		if _, is := t.Rule(name); !is {
			path := ruleLimitsPath + "." + name
			found.Add(path, "%s: no rule of topology.replication is called %s%s", path, file.Quote(name),
				hint(name, ruleNames(t)))
		}
	}
}

// copyRules has a row for each rule.
func (d table) copyRules() {
	for _, r := range d.plan.Topology.Rules() {
		when := string(r.When)
		if r.After != "" {
			when += ", after " + r.After
		}
		lab := ""
		full := func(lab time.Duration) string {
			return file.Short(time.Duration(float64(lab) * d.plan.Timescale).Round(time.Second))
		}
		switch r.When {
		case topology.CopyWindow:
			when = fmt.Sprintf("%s of each day, from %s after steady state", full(r.Lasts), full(r.Opens))
			lab = fmt.Sprintf("%s, from %s", file.Short(r.Lasts), file.Short(r.Opens))
		case topology.CopyEvery:
			when, lab = "every "+full(r.Every), file.Short(r.Every)
		}
		d.row("    "+r.Name, when, lab)
	}
}

// restores is how often versions are to be brought back.
func restores(steps []drill.Step) (n int) {
	for _, s := range steps {
		if s.Restore != nil {
			n++
		}
	}
	return n
}

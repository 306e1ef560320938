package scenarios

import (
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/file"
)

// injection is a fault that a step has injected.
type injection struct {
	kind, step string
	ends       time.Duration // after it took effect; 0: when a step heals it
}

func (i injection) is(what string) bool { return what != "" && (i.kind == what || i.step == what) }

// checkTime asks when a step is due.
func (c *stepCheck) checkTime(path string, s Step) {
	at, after := time.Duration(s.At), string(s.After)
	waits := string(s.When)
	if s.Stage != "" {
		waits = "stage " + string(s.Stage)
	}
	if after != "" && after != steadyState {
		if waits != "" {
			c.found.Add(path+".after", "%s: it is counted from %s, or from %s: leave one of them out", path, after,
				waits)
		} else if !slices.Contains(c.named, after) {
			c.found.Add(path+".after", "%s.after: no step above is called %s%s", path, file.Quote(after),
				hint(after, c.named))
		}
		waits = after
	}
	if s.For != 0 && !c.found.Has(path+".inject") {
		c.found.Add(path+".for", "%s.for: nothing is injected: it goes with inject", path)
	}
	if waits != "" {
		c.waited, c.previousDue = waits, 0 // counted from an event, it bounds nothing that is counted from steady state
		return
	}
	switch {
	case at < c.previousDue:
		c.found.Add(path+".at", "%s: %s is before the step above (%s): write steps in order", path, file.Short(at),
			file.Short(c.previousDue))
	case at > 0 && c.waited != "" && after == "":
		c.found.Add(path+".at", "%s: %s would be counted from the steady state, and a step above waits for %s: give "+
			"that a name, and write after: NAME; or after: %s, if it is so meant", path, file.Short(at), c.waited,
			steadyState)
	}
	c.previousDue = at
}

// checkName remembers what a step is called.
func (c *stepCheck) checkName(path, name string) {
	switch {
	case name == "":
		return
	case slices.Contains(c.named, name):
		c.found.Add(path, "%s: a step above is called %s, too", path, name)
	case name == steadyState, slices.Contains(FaultKind("").Values(), name),
		slices.Contains(Condition("").Values(), name):
		c.found.Add(path, "%s: %s means something else: choose another name", path, name)
	}
	c.named = append(c.named, name)
}

// checkHeal asks whether there is such a fault, which a step may heal.
func (c *stepCheck) checkHeal(at, path, what string) {
	is := func(i injection) bool { return i.is(what) }
	i := slices.IndexFunc(c.injected, func(i injection) bool { return is(i) && i.ends == 0 })
	switch kinds := FaultKind("").Values(); {
	case i >= 0 && c.injected[i].step == what:
		c.injected = slices.DeleteFunc(c.injected, is)
	case i >= 0:
		c.injected = slices.Delete(c.injected, i, i+1)
	case slices.ContainsFunc(c.injected, is):
		c.found.Add(at, "%s: %s ends by itself, as its step says: leave out this step, or for", path, what)
	case slices.Contains(kinds, what) && !c.unreadableFault:
		c.found.Add(at, "%s: there is no %s to heal: no step above injects it", path, what)
	case slices.Contains(c.named, what):
		c.found.Add(at, "%s: step %s injects nothing, or is healed already", path, what)
	case !c.unreadableFault:
		c.found.Add(at, "%s: %s is no fault, and no step above: %s", at, file.Quote(what),
			file.Suggest(what, append(kinds, c.named...)))
	}
}

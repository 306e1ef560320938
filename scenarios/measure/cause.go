package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// conditions are the faults that take nothing away from anybody by themselves: they prepare what another one, or an
// ordered move, will meet. A drill in which nothing else is broken is about them; there they are causes.
var conditions = []string{
	"kill_automation", "fail_step", "hang_step", "repeat_step",
	"lag_replication", "pause_replication", "throttle_replication", "overwrite_objects", "delete_objects",
	"purge_objects",
	"delay_config", "freeze_config", "roll_back_config",
	"squeeze", "drop_records", "corrupt_object",
}

// Conditions are the kinds of the faults that only prepare.
func Conditions() []string { return slices.Clone(conditions) }

// cause is a fault that takes something away, or an ordered move: an outage, a loss or a change of who is in charge is
// put down to one.
type cause struct {
	history.Fault
	effect history.Interval // when it became effective
	index  int              // in the order of time
	fault  int              // its place among the history's faults
}

// causesOf are those of a history, by when they became effective.
func causesOf(h history.History) []cause {
	var all, prepared []cause
	for i, f := range h.Faults {
		switch {
		case !confirmed(f):
		case slices.Contains(conditions, f.Name):
			prepared = append(prepared, cause{Fault: f, effect: *f.Effective, fault: i})
		default:
			all = append(all, cause{Fault: f, effect: *f.Effective, fault: i})
		}
	}
	if len(all) == 0 {
		all = prepared
	}
	slices.SortStableFunc(all, func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.effect.Lo, b.effect.Lo), cmp.Compare(a.effect.Hi, b.effect.Hi))
	})
	for i := range all {
		all[i].index = i
	}
	return all
}

// Role is what a fault is to a drill.
type Role string

// The roles.
const (
	RoleCause     Role = "cause"     // outages, losses and changes of who is in charge are put down to it
	RoleCondition Role = "condition" // it prepares what another fault, or an ordered move, will meet
)

// Roles are those of a history's faults, in their order.
func Roles(h history.History) []Role {
	causes := causesOf(h)
	var all []Role
	for i, f := range h.Faults {
		role := RoleCause
		if slices.Contains(conditions, f.Name) && !slices.ContainsFunc(causes,
			func(c cause) bool { return c.fault == i }) {
			role = RoleCondition
		}
		all = append(all, role)
	}
	return all
}

// earliestEffect is when a cause can have had an effect at the earliest. What takes much away does not do it at one
// instant: some of it is gone from the order on, and the probe looks at one place of it.
func (c cause) earliestEffect() time.Duration {
	if c.Command > 0 {
		return min(c.Command, c.effect.Lo)
	}
	return c.effect.Lo
}

// latest is the latest cause that may have had an effect by a time; false when there is none.
func latest(causes []cause, t time.Duration) (c cause, found bool) {
	last := -1
	for i := range causes {
		if causes[i].earliestEffect() <= t {
			last = i
		}
	}
	if last < 0 {
		return c, false
	}
	return causes[last], true
}

// loses says whether it takes a region away that answers.
func (c *cause) loses(region string) bool { return slices.Contains(c.Regions, region) }

// healedAt is when what it took away was given back, and false where it never was. What moved in order is not given
// back.
func (c *cause) healedAt() (at time.Duration, is bool) {
	if c.Healed == nil || c.Name == history.Switchover {
		return 0, false
	}
	return c.Healed.Lo, true
}

func (c cause) String() string { return c.Name + " on " + c.Target }

func confirmed(f history.Fault) bool {
	return f.Confirmed && f.Effective != nil && f.Effective.Valid()
}

func acknowledged(op *history.Op) bool { return op.Kind == history.Write && op.Outcome == history.OK }

// firstOrder is when the first fault was ordered, whatever it broke; without one, the end of the observation.
func firstOrder(h history.History) time.Duration {
	first := endOf(h)
	for _, f := range h.Faults {
		first = min(first, f.Command)
	}
	return first
}

// endOf is when the observation ends: the end of the workload, else of what was recorded.
func endOf(h history.History) time.Duration {
	if at, reached := h.PhaseAt(history.PhaseStop); reached {
		return at
	}
	var end time.Duration
	for i := range h.Ops {
		end = max(end, h.Ops[i].Done)
	}
	return end
}

package measure

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/scenarios/history"
)

// portionOf is what a portion is of.
type portionOf struct{ part, stage, partition string }

type portions map[portionOf]history.Portion

func portionsOf(h history.History) portions {
	all := portions{}
	for _, p := range h.Portions {
		all[portionOf{p.Part, p.Stage, p.Partition}] = p
	}
	return all
}

// partitions are all there are, sorted: also those that a stage made up.
func (all portions) partitions() []string {
	var names []string
	for at := range all {
		names = append(names, at.partition)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// problem is an object that could not be read; empty: all could.
func (all portions) problem() string {
	var problems []string
	for _, p := range all {
		if p.Error != "" {
			problems = append(problems, p.Object+" can't be read: "+p.Error)
		}
	}
	if len(problems) == 0 {
		return ""
	}
	return slices.Min(problems)
}

// readLate says why what the objects held when they were read may not be what the incident left: the faults that were
// still in force had been healed, or may have been. Empty: they had not.
func readLate(h history.History) string {
	stop := endOf(h)
	for _, p := range h.Portions {
		for _, f := range h.Faults {
			// What a step heals is part of the story.
			if f.Healed != nil && f.Healed.Lo >= stop && (p.Read != history.BeforeReturn || p.At.Hi > f.Healed.Lo) {
				return fmt.Sprintf(
					"the objects could not be read before %s on %s was healed, which may have changed them", f.Name,
					f.Target)
			}
		}
	}
	return ""
}

// timesWritten is how often the outputs of a stage were seen to be written, the most of any partition.
func timesWritten(h history.History, stage string) int {
	most, count := 0, map[string]int{}
	for _, s := range h.Sights {
		if s.Part == history.PartOutput && s.Stage == stage {
			count[s.Partition]++
			most = max(most, count[s.Partition])
		}
	}
	return most
}

// doneSight is when a job was seen to be done for the last time since it was ordered; false: it was not.
func doneSight(h history.History, job string) (last history.PipelineSight, is bool) {
	order, ordered := orderOf(h, job)
	for _, s := range h.Sights {
		if s.Part == history.PartDone && ordered && s.At.Hi >= order.At.Lo {
			last, is = s, true
		}
	}
	return last, is
}

// orderOf is when a job was ordered first. Without a name it is any.
func orderOf(h history.History, job string) (order history.Mark, is bool) {
	for _, m := range h.Marks {
		if m.Name == history.JobOrdered && (job == "" || m.Detail == job) {
			return m, true
		}
	}
	return history.Mark{}, false
}

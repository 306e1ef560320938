package measure

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/scenarios/history"
)

// dropReasons say which faults that were to have a stage lose records had none lose any. That a stage would lose them,
// which is what the probe sees, says nothing of a stage that is over, or has written the partition.
func (v *view) dropReasons() []string {
	var all []string
	for _, f := range v.Faults {
		if !confirmed(f) || f.Drops == nil {
			continue
		}
		written, last := v.writtenUnder(f)
		switch lost, known := v.lostBy(*f.Drops); {
		case !written:
			all = append(all, fmt.Sprintf("%s on %s dropped nothing: it was not written while that was in force; "+
				"inject it before the stage comes to it", f.Name, f.Target))
		case last && known && lost == 0:
			all = append(all, fmt.Sprintf("%s on %s dropped nothing: no record that went in is missing", f.Name,
				f.Target))
		}
	}
	return all
}

// writtenUnder says whether the partition was written while a fault of it may have been in force, and whether that is
// how it was left.
func (v *view) writtenUnder(f history.Fault) (written, last bool) {
	until := v.end
	if f.Healed != nil {
		until = f.Healed.Hi
	}
	for _, s := range v.Sights {
		if s.Part == history.PartOutput && s.Stage == f.Drops.Stage && s.Partition == f.Drops.Partition {
			last = s.At.Hi >= f.Effective.Lo && s.At.Lo <= until
			written = written || last
		}
	}
	return written, last
}

// lostBy is how many records of a partition a stage was given, and are nowhere; false: nobody knows.
func (v *view) lostBy(d history.Drops) (lost int, known bool) {
	if v.spec.Conservation == nil || len(v.Portions) == 0 || readLate(v.History) != "" {
		return 0, false
	}
	all := portionsOf(v.History)
	in, given := all[v.spec.Conservation.given(d.Stage, d.Partition)]
	out, rejected := all[portionOf{history.PartOutput, d.Stage, d.Partition}],
		all[portionOf{history.PartRejected, d.Stage, d.Partition}]
	if !given || in.Error != "" || out.Error != "" || rejected.Error != "" {
		return 0, false
	}
	var b Breach
	b.compare(in.Keys, slices.Concat(out.Keys, rejected.Keys))
	return b.Missing, true
}

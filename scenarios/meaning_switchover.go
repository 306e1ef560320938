package scenarios

import (
	"slices"

	"github.com/regionfall/regionfall/scenarios/drill"
)

// switchoverMeaning asks whether the regions can change roles, and whether there is anything to change at this step.
func (r *reader) switchoverMeaning(path string, p *drill.Plan, step int) {
	to, serves := p.Steps[step].Switchover, p.Topology.Home().Name
	path += ".switchover"
	if err := p.Topology.CheckSwitchover(to); err != nil {
		r.complain(path, "%s: %v%s", path, err, regionHint(to, p.Topology))
		return
	}
	if slices.ContainsFunc(p.Steps, func(s drill.Step) bool { return s.Inject != nil }) {
		r.complain(path, "%s: another step injects a fault: a drill breaks something or changes roles, so that it is known what came of which", path)
		return
	}
	for _, before := range p.Steps[:step] {
		if before.Switchover != "" {
			serves = before.Switchover
		}
	}
	if to == serves {
		r.complain(path, "%s: %s serves already at this step", path, to)
	}
}

// writeGapMeaning asks for the switchover that brings one.
func (r *reader) writeGapMeaning(p *drill.Plan) {
	if p.Judge.WriteGap == nil {
		return
	}
	if !slices.ContainsFunc(p.Steps, func(s drill.Step) bool { return s.Switchover != "" }) {
		r.complain("objectives.write_gap", "objectives.write_gap: no step is a switchover, so there is no gap to measure")
	} else if *p.Judge.WriteGap <= 0 && !r.meant["objectives.write_gap"] {
		r.complain("objectives.write_gap", "objectives.write_gap: 0s can't be kept: must be more than 0s")
	}
}

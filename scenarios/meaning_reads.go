package scenarios

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
)

// staleConfigMeaning asks for what has to happen so that a configuration can be stale: a region that is lost, and clients that are redirected.
func (r *reader) staleConfigMeaning(p *drill.Plan) {
	if p.Judge.StaleConfig == nil {
		return
	}
	lost := slices.ContainsFunc(p.Steps, func(s drill.Step) bool {
		_, is := s.Inject.(*fault.LoseRegion)
		return is
	})
	switch {
	case !lost:
		r.complain("objectives.stale_config", "objectives.stale_config: no step loses a region, so nothing can refer to one that is lost")
	case p.Topology.Automation.Off:
		r.complain("objectives.stale_config", "objectives.stale_config: the automation is off, and nobody else redirects clients")
	}
}

// readingMeaning holds what is promised about reads against what is read, and how.
func (r *reader) readingMeaning(p *drill.Plan) {
	j := p.Judge
	for i, id := range j.Sessions {
		if id != "" && slices.Contains(j.Sessions[:i], id) {
			r.complain(fmt.Sprintf("objectives.sessions[%d]", i), "objectives.sessions: %s is there twice", id)
		}
	}
	if len(j.Sessions) > 0 && p.Workload.Reads == 0 {
		r.complain("objectives.sessions", "objectives.sessions: nothing is read that could show it: workload.reads is 0/s")
	}
	if r.at["objectives.local_reads"] == nil {
		return
	}
	switch {
	case j.LocalReads <= 0 || j.LocalReads > p.Workload.Timeout:
		if !r.meant["objectives.local_reads.p99"] {
			r.complain("objectives.local_reads", "objectives.local_reads: %s must be more than 0s and at most the workload's timeout of %s: write {p99: 20ms}",
				short(j.LocalReads), short(p.Workload.Timeout))
		}
	case p.Workload.Reads == 0:
		r.complain("objectives.local_reads", "objectives.local_reads: nothing is read that could show it: workload.reads is 0/s")
	case !p.Topology.Reads.Local():
		r.complain("objectives.local_reads", "objectives.local_reads: no region reads from a database of its own: set topology.reads to %s or %s",
			topology.ReadsLocal, topology.ReadsSession)
	}
}

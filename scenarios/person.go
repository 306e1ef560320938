package scenarios

import (
	"github.com/regionfall/regionfall/scenarios/drill"
)

// checkPerson complains about what a person can't do.
func (c *stepCheck) checkPerson(path string, s Step) {
	if s.By != "" && s.Failover == "" && s.Note == "" {
		c.found.Add(path+".by", "%s.by: no person does this: it goes with failover or note", path)
	}
	standby := c.topology.Standby().Name
	switch at := path + ".failover"; {
	case s.Failover == "" || c.topology.Validate() != nil:
	case c.topology.Automation.Off:
		c.found.Add(at, "%s: the automation is off, and there is nobody else to order it from", at)
	case s.Failover != standby:
		c.found.Add(at, "%s: only %s can take over, where the automation is", at, standby)
	}
}

// by says who does a step, where that is known.
func by(s drill.Step) string {
	if s.By == "" {
		return ""
	}
	return " by " + s.By
}

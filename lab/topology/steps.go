package topology

// Steps are the steps of the failover automation in their order, as faults name them.
func (t Topology) Steps() []string {
	steps := []string{"detect", "decide", "fence"}
	if !t.Streams() {
		steps = append(steps, "restore")
	}
	steps = append(steps, "promote", "repoint", "scale_out")
	if t.Automation.Preflight {
		steps = append(steps, "preflight")
	}
	steps = append(steps, "redirect")
	if len(t.Followers()) > 0 {
		steps = append(steps, "follow")
	}
	return steps
}

// Followers are the regions that neither are home nor take over: after a failover their databases follow the one that does.
func (t Topology) Followers() []Region {
	if !t.Streams() || len(t.Regions) <= minRegions {
		return nil
	}
	return t.Regions[minRegions:]
}

package evidence

import "fmt"

// staleConfigRows say for how long the lost region was referred to, and below it by whom.
func (r Result) staleConfigRows(c StaleConfig) []row {
	out := row{
		ID: "stale_config", Name: "stale configuration", Objective: promised(*c.ObjectiveMS), Judged: true, Verdict: c.Verdict, Measured: "not measured",
	}
	if *c.ObjectiveMS == 0 {
		out.Objective = "none at redirect"
	}
	say := func(scale float64) string {
		switch {
		case c.LoMS == nil:
			return ""
		case c.Censored:
			return "> " + atLeast(atScale(*c.LoMS, scale))
		case c.HiMS != nil && *c.HiMS > 0:
			return between(atScale(*c.LoMS, scale), atScale(*c.HiMS, scale))
		}
		return ""
	}
	switch lab := say(1); {
	case lab != "":
		out.Measured = fmt.Sprintf("%s, %s failed at %s", lab, count(c.Failed, "operation", "operations"), count(len(nodesOf(c)), "node", "nodes"))
	case c.LoMS != nil:
		out.Measured = "none of " + count(c.Nodes, "node", "nodes")
	}
	out.Deviation = deviation(c.LoMS, c.HiMS, c.Censored, *c.ObjectiveMS)
	r.full(&out, c.FullObjectiveMS, say)
	rows := []row{out}
	for _, v := range c.Stale {
		rows = append(rows, row{
			ID: "stale_config." + v.Node + "." + v.Key + "." + v.Source, Name: v.Service + " " + v.Key, Part: true,
			Measured: fmt.Sprintf("%s: %s in %s, by %s, revision %d", v.Node, v.Address, v.Region, v.Source, v.Revision),
		})
	}
	return rows
}

func nodesOf(c StaleConfig) map[string]bool {
	nodes := map[string]bool{}
	for _, v := range c.Stale {
		nodes[v.Node] = true
	}
	return nodes
}

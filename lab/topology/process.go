package topology

import "slices"

// Process is a kind of nodes of somebody's own app that take no requests, such as workers. Where some of a region's
// app nodes run, as many of its nodes do in proportion: the first whenever any app node does.
type Process struct {
	Name  string
	Count int  // of its nodes in each region
	Work  Work // how much each is told to do
}

// Process finds one by its name.
func (t Topology) Process(name string) (Process, bool) {
	i := slices.IndexFunc(t.Processes, func(p Process) bool { return p.Name == name })
	if i < 0 {
		return Process{}, false
	}
	return t.Processes[i], true
}

// AppPlaces are the places of the app's nodes in a region: those that take requests, and those of its parts.
func (t Topology) AppPlaces(r Region) (all []Place) {
	add := func(part string, count int) {
		for n := range count {
			all = append(all, Place{Service: ServiceApp, Region: r.Name, Number: n + 1, Part: part})
		}
	}
	add("", max(r.AppNodes, 1))
	for _, part := range t.Services {
		add(part, 1)
	}
	for _, p := range t.Processes {
		add(p.Name, p.Count)
	}
	return all
}

// RunsFrom is how many of a region's app nodes have to be asked for until one of the app's nodes there runs: of those
// that take requests, that is their number.
func (t Topology) RunsFrom(at Place) int {
	p, is := t.Process(at.Part)
	if !is {
		return at.Number
	}
	r, _ := t.Region(at.Region)
	return 1 + (at.Number-1)*max(r.AppNodes, 1)/p.Count
}

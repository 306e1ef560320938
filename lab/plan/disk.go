package plan

import "github.com/regionfall/regionfall/lab/topology"

// Disk is a volume of a limited size, so that it can really be full. It is in memory, and lasts as long as a running
// node has it: the hub keeps every one, as a disk shelf outlives a server.
type Disk struct {
	Volume string
	Path   string // where the node has it
	Size   int64  // bytes
	Keep   bool   // the node does no more than keep it: it can't write, and gives it no content
}

// dataDisk is what the node of a place has its data on.
func dataDisk(at topology.Place) Disk {
	return Disk{Volume: at.Name(), Path: DataDir, Size: topology.DataSize}
}

// disks are those of all nodes, for the hub to keep.
func disks(t topology.Topology) []Disk {
	var all []Disk
	for _, s := range services {
		if !s.Disk {
			continue
		}
		for _, region := range names(t) {
			for _, at := range s.in(t, region) {
				d := dataDisk(at)
				d.Path, d.Keep = "/disks/"+at.Name(), true
				all = append(all, d)
			}
		}
	}
	return all
}

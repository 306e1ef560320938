package plan

import (
	"cmp"

	"github.com/regionfall/regionfall/lab/topology"
)

// DataDir is where every store keeps its files, in a volume of its own. PostgreSQL's is a small disk, and its
// write-ahead log is on another.
const (
	DataDir = topology.DataDir
	walDir  = "/var/lib/regionfall/wal"
)

// restoreDir is where the automation hands a base backup to a database that is to be restored.
const restoreDir = "/restore"

var postgres = Service{
	Name: topology.ServicePostgres, Image: "postgres", Needs: Needs{Scratch: []string{"/run/postgresql"}}, // its socket
	Start: Kept, Disk: true, Restores: true,
	tell: tellPostgres,
}

func tellPostgres(p *Plan, n *Node) error {
	t := p.Topology
	n.Volumes = map[string]string{walDir: n.Name() + "-wal"}
	source := t.Source(n.Region)
	if t.Streams() {
		// of home, which streams from nobody: for the day on which it is demoted
		from := cmp.Or(source, t.Standby().Name)
		n.Env["PRIMARY_HOST"], n.Env["PRIMARY_PORT"] = "hub", p.port(n.Region, from, topology.ServicePostgres)
		n.Env["SLOT"] = t.Slot(n.Region)
	}
	switch {
	case source == "":
		n.Env["ROLE"] = "primary"
		if t.Postgres.Commit == topology.CommitRemote {
			n.Env["SYNCHRONOUS"] = "on"
		}
	case !t.Streams():
		n.Env["ROLE"] = "restore"
		n.Volumes[restoreDir] = n.Region + "-restore"
	default:
		n.Env["ROLE"] = "replica"
	}
	return nil
}

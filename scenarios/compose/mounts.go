package compose

import (
	"os"
	"path"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/regionfall/regionfall/lab/topology"
)

// mount is a file that the compose file mounts into the app.
type mount struct {
	source string // from the folder of the compose file
	target string // in the container
}

// findMounts finds the files that are mounted into the app, and says of each that an app file can carry it. Others are
// those of its volumes that nothing carries.
func (d *draft) findMounts() (others bool) {
	for i, v := range d.service.Volumes {
		info, err := os.Stat(v.Source)
		if v.Type != types.VolumeTypeBind || err != nil || !info.Mode().IsRegular() {
			others = true
			continue
		}
		m := mount{d.fromHere(v.Source), path.Clean(v.Target)}
		d.mounts = append(d.mounts, m)
		d.remark(d.line("volumes", itoa(i)), "%s: %s, which is mounted at %s, is not carried over: files can carry it "+
			"to a place in %s", d.service.Name, m.source, m.target, topology.FilesDir)
	}
	return others
}

// carried is where a file would be. No two are in the same place.
func (m mount) carried(taken []string) string {
	to := topology.FilesDir + "/" + path.Base(m.target)
	if slices.Contains(taken, to) {
		return topology.FilesDir + m.target
	}
	return to
}

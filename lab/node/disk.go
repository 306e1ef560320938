package node

import (
	"fmt"

	"github.com/moby/moby/api/types/mount"
)

// Disk is a volume of a limited size, so that it can really be full. It is in memory, and lasts as long as a running node has it: one
// whose content must outlive its node is kept by a second node too.
type Disk struct {
	Volume string
	Path   string // where the node has it
	Size   int64  // bytes
	Keep   bool   // the node does no more than keep it: it can't write, and gives it no content
}

// mounts are volumes of the engine only: no node sees a file of the engine's machine, and least of all the engine's socket.
func mounts(s Spec) []mount.Mount {
	var ms []mount.Mount
	for path, volume := range s.Volumes {
		ms = append(ms, mount.Mount{
			Type: mount.TypeVolume, Source: volume, Target: path, VolumeOptions: &mount.VolumeOptions{Labels: s.Labels},
		})
	}
	for _, d := range s.Disks {
		ms = append(ms, mount.Mount{
			Type: mount.TypeVolume, Source: d.Volume, Target: d.Path, ReadOnly: d.Keep,
			VolumeOptions: &mount.VolumeOptions{NoCopy: d.Keep, Labels: ofLab(s.Labels), DriverConfig: &mount.Driver{
				Name:    "local",
				Options: map[string]string{"type": "tmpfs", "device": "tmpfs", "o": fmt.Sprintf("size=%d,mode=0700", d.Size)},
			}},
		})
	}
	return ms
}

// ofLab are the labels that say which lab's a thing is, and not which node's.
func ofLab(labels map[string]string) map[string]string {
	own := map[string]string{}
	for _, l := range []string{LabelLab, LabelHost, LabelKept} {
		own[l] = labels[l]
	}
	return own
}

package node

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"
)

// Disk is a volume of a limited size, so that it can really be full. It is in memory, and lasts as long as a running
// node has it: one whose content must outlive its node is kept by a second node too.
type Disk struct {
	Volume string
	Path   string // where the node has it
	Size   int64  // bytes
	Keep   bool   // the node does no more than keep it: it can't write, and gives it no content
}

// createVolumes makes the volumes of a node that are not there yet. Left to the making of a container, Podman would
// make plain ones of them, without a size and without the labels by which they are found.
func (e *Engine) createVolumes(ctx context.Context, s Spec) error {
	create := func(o client.VolumeCreateOptions) error {
		o.Driver = "local"
		_, err := e.client.VolumeCreate(ctx, o)
		if err != nil && !strings.Contains(err.Error(), "already exists") { // Podman, asked by two at once
			return fmt.Errorf("create volume %s: %s", o.Name, oneLine(err))
		}
		return nil
	}
	for _, name := range s.Volumes {
		if err := create(client.VolumeCreateOptions{Name: name, Labels: s.Labels}); err != nil {
			return err
		}
	}
	for _, d := range s.Disks {
		err := create(client.VolumeCreateOptions{Name: d.Volume, Labels: ofLab(s.Labels), DriverOpts: map[string]string{
			"type": "tmpfs", "device": "tmpfs", "o": fmt.Sprintf("size=%d,mode=0700", d.Size),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// mounts are volumes of the engine only: no node sees a file of the engine's machine, and least of all the engine's
// socket.
func mounts(s Spec) []mount.Mount {
	var ms []mount.Mount
	for path, volume := range s.Volumes {
		ms = append(ms, mount.Mount{Type: mount.TypeVolume, Source: volume, Target: path})
	}
	for _, d := range s.Disks {
		ms = append(ms, mount.Mount{
			Type: mount.TypeVolume, Source: d.Volume, Target: d.Path, ReadOnly: d.Keep,
			VolumeOptions: &mount.VolumeOptions{NoCopy: d.Keep},
		})
	}
	return ms
}

// ofLab are the labels that say which lab's a thing is, and not which node's.
func ofLab(labels map[string]string) map[string]string {
	own := map[string]string{}
	for _, l := range []string{LabelLab, LabelHost, LabelKept, LabelContainer} {
		own[l] = labels[l]
	}
	return own
}

package lab

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
)

// plans plans the lab for an app; together says that one program serves S3 and DynamoDB.
func (l *Lab) plans(app App, together bool) {
	l.plan = plan.New(l.topology, app)
	l.plan.Together, l.plan.Door = together, l.Addresses().Door
}

// spec is the container of a planned node: its names are the lab's, its image is of the set, and what the program needs
// that serves S3 or DynamoDB is added.
func (b *builder) spec(n plan.Node) (node.Spec, error) {
	images := b.options.Images
	s := node.Spec{
		Name: n.Name(), ID: b.named(n.Name()), Region: n.Region, Service: n.Service, Labels: maps.Clone(b.labels),
		Aliases: n.Aliases, Publish: n.Publish, Env: n.Env, Entrypoint: n.Entrypoint, Cmd: n.Cmd, Files: n.Files,
		Needs:    node.Needs(n.Needs),
		Yields:   n.Yields,
		Volatile: images.Volatile(n.Service), Volumes: map[string]string{},
	}
	for path, volume := range n.Volumes {
		s.Volumes[path] = b.named(volume)
	}
	for _, network := range n.Networks {
		s.Networks = append(s.Networks, b.named(network))
	}
	for _, d := range n.Disks {
		d.Volume = b.named(d.Volume)
		s.Disks = append(s.Disks, node.Disk(d))
	}
	kind := n.Image
	if server, served := images.Servers[n.Service]; served {
		kind = server.Image
		s.Needs.Root, s.Needs.Writable, s.Loopback = server.Needs.Root, server.Needs.Root,
			slices.Clone(server.Needs.Loopback)
		if folder := server.Needs.Folder; folder != "" {
			s.Volumes[folder] = s.ID
		}
	}
	if s.Image = cmp.Or(n.Foreign, images.Images[kind].Name); s.Image == "" {
		return s, fmt.Errorf("start %s: there is no image %q", s.Name, kind)
	}
	for label, value := range map[string]string{
		node.LabelNode: s.Name, node.LabelRegion: s.Region, node.LabelService: string(s.Service),
		node.LabelVolatile: strconv.FormatBool(s.Volatile),
	} {
		s.Labels[label] = value
	}
	return s, nil
}

// named is the name on the engine of something of this lab.
func (l *Lab) named(what string) string { return "regionfall-" + l.Name + "-" + what }

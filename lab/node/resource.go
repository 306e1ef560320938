package node

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/topology"
)

// The labels of everything a lab creates.
const (
	LabelLab       = "regionfall.lab"       // the lab's name
	LabelHost      = "regionfall.host"      // the machine of its owner, as a random word
	LabelContainer = "regionfall.container" // the container that its owner runs in, where that is the engine's
	LabelKept      = "regionfall.kept"      // "true": it outlives its owner
	LabelNode      = "regionfall.node"      // the node's name
	LabelRegion    = "regionfall.region"    // the node's region
	LabelService   = "regionfall.service"   // the node's service
	LabelVolatile  = "regionfall.volatile"  // "true": its store is gone when it is killed
	LabelTopology  = "regionfall.topology"  // on the hub: the topology, as JSON
	LabelApp       = "regionfall.app"       // on the hub: the app's image, port and paths, as JSON
	LabelServers   = "regionfall.servers"   // on the hub: what serves S3 and DynamoDB, as JSON
)

// Resource is a container, network or volume that a lab created.
type Resource struct {
	Kind   string // container, network, volume
	ID     string
	Name   string
	Status string // of a container, in the engine's words: running, exited, paused, created, …
	Labels map[string]string
}

// Node is a found container as a node.
func (e *Engine) Node(f Resource) *Node {
	return &Node{
		Spec: Spec{
			Name: f.Labels[LabelNode], ID: f.Name, Region: f.Labels[LabelRegion], Labels: f.Labels,
			Service: topology.Service(f.Labels[LabelService]), Volatile: f.Labels[LabelVolatile] == "true",
		},
		engine: e, container: f.ID,
	}
}

// Find lists everything that carries the label of a lab; an empty name means any lab.
func (e *Engine) Find(ctx context.Context, lab string) ([]Resource, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	label := LabelLab
	if lab != "" {
		label += "=" + lab
	}
	filters := make(client.Filters).Add("label", label)
	var found []Resource
	cs, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		return nil, fmt.Errorf("list containers: %s", oneLine(err))
	}
	for _, c := range cs.Items {
		f := Resource{Kind: "container", ID: c.ID, Status: string(c.State), Labels: c.Labels}
		if len(c.Names) > 0 {
			f.Name = strings.TrimPrefix(c.Names[0], "/")
		}
		found = append(found, f)
	}
	ns, err := e.client.NetworkList(ctx, client.NetworkListOptions{Filters: filters})
	if err != nil {
		return nil, fmt.Errorf("list networks: %s", oneLine(err))
	}
	for _, n := range ns.Items {
		found = append(found, Resource{Kind: "network", ID: n.ID, Name: n.Name, Labels: n.Labels})
	}
	vs, err := e.client.VolumeList(ctx, client.VolumeListOptions{Filters: filters})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %s", oneLine(err))
	}
	for _, v := range vs.Items {
		found = append(found, Resource{Kind: "volume", ID: v.Name, Name: v.Name, Labels: v.Labels})
	}
	return found, nil
}

// Remove removes what was found: containers first, then networks and volumes. What is already gone is fine, and so is
// what cannot go yet (its removal is under way, or a container that is just being created holds it): whoever has to see
// it gone looks again.
func (e *Engine) Remove(ctx context.Context, found []Resource) error {
	var containers, rest errgroup.Group
	for _, f := range found {
		if f.Kind == "container" {
			containers.Go(func() error { return inTurn(ctx, func() error { return e.remove(ctx, f) }) })
		}
	}
	err := containers.Wait()
	for _, f := range found {
		if f.Kind != "container" {
			rest.Go(func() error { return e.remove(ctx, f) })
		}
	}
	return errors.Join(err, rest.Wait())
}

func (e *Engine) remove(ctx context.Context, f Resource) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var err error
	switch f.Kind {
	case "container":
		_, err = e.client.ContainerRemove(ctx, f.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	case "network":
		_, err = e.client.NetworkRemove(ctx, f.ID, client.NetworkRemoveOptions{})
	case "volume":
		_, err = e.client.VolumeRemove(ctx, f.ID, client.VolumeRemoveOptions{Force: true})
	}
	notYet := err != nil && (errdefs.IsConflict(err) || strings.Contains(err.Error(), "active endpoints"))
	if err == nil || errdefs.IsNotFound(err) || notYet {
		return nil
	}
	return fmt.Errorf("remove %s %s: %s", f.Kind, f.Name, oneLine(err))
}

// StuckNetworks counts the networks of a lab on which there is no container, where nothing else is left of it: those
// that the engine could remove, and does not.
func (e *Engine) StuckNetworks(ctx context.Context, lab string) (networks int, err error) {
	found, err := e.Find(ctx, lab)
	if err != nil {
		return 0, err
	}
	for _, f := range found {
		if f.Kind != "network" {
			return 0, nil
		}
		n, err := e.client.NetworkInspect(ctx, f.ID, client.NetworkInspectOptions{})
		if err != nil {
			return 0, fmt.Errorf("inspect network %s: %s", f.Name, oneLine(err))
		}
		if len(n.Network.Containers) == 0 {
			networks++
		}
	}
	return networks, nil
}

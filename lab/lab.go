// Package lab is a running lab: regions in containers, every path between them through the hub. It is the only door to
// the packages below it: topology says what a lab should look like, node runs containers, link carries what crosses,
// fault breaks it.
//
// # In another repository
//
// Up brings a lab up with an App of one's own, Down takes it away and counts what is left. Addresses are where this
// process reaches it: the Resolver by which clients find the app, the Door of a region, and Endpoints past all faults
// for SQL, package store and any Redis client. A fault of package fault goes through a Guard (inject, see it in force,
// heal, see it healed) or, to stay when the process has ended, through Faults. Observe looks at what the name service
// answers and what the automation does, Status at everything at once. Alive ends a wait when one of the lab's own
// programs has died. The images come from package image. The example is whole.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// Options say which lab to bring up.
type Options struct {
	Topology topology.Topology // scaled
	Images   image.Set
	App      App          // instead of the sample app
	Kept     bool         // the lab can be made to outlive this process, with Keep
	Progress func(string) // told about each step; nil for none
}

// served says whether what serves S3 and DynamoDB is what the topology asks for: a drill that is about one of them
// proves nothing with the other.
func (o Options) served() error {
	if want := o.Topology.AWS.Or(o.Images.AWS); want != o.Images.AWS {
		return fmt.Errorf("topology %s asks for S3 and DynamoDB from %s, and these images have them from %s",
			o.Topology.Name, want, o.Images.AWS)
	}
	return nil
}

// Lab is a set of running regions and links.
type Lab struct {
	Name    string
	ReadyIn time.Duration // from Up's call to every node answering
	// EngineKeeps is how many networks the engine did not let go of in Down though nothing is on them: Docker 20.10 may
	// lose count of that ("has active endpoints"), and only its restart helps. They hold nothing, and are not counted
	// as left over.
	EngineKeeps int

	topology  topology.Topology
	plan      *plan.Plan
	servers   map[topology.Service]image.Server
	engine    *node.Engine
	hub       *link.Hub
	nodes     []*node.Node
	links     []*link.Link
	published map[string]string // port on the hub ("20003/tcp") to host:port
	resolver  string            // host:port of the name service's DNS over UDP
	lines     probe.Lines       // connections that the harness keeps open, through taps and from clients
	owner     *state.Owner
	monitor   monitor
}

// Topology is what the lab was asked to be.
func (l *Lab) Topology() topology.Topology { return l.topology }

// Engine describes the container engine in a few words.
func (l *Lab) Engine() string { return l.engine.Version() }

// node is one by its name; the error has the names there are.
func (l *Lab) node(name string) (*node.Node, error) {
	var names []string
	for _, n := range l.nodes {
		if n.Name() == name {
			return n, nil
		}
		names = append(names, n.Name())
	}
	slices.Sort(names)
	return nil, fmt.Errorf("lab %s has no node %q; it has %s", l.Name, name, strings.Join(names, ", "))
}

// NodeNames are the names of all nodes.
func (l *Lab) NodeNames() []string {
	var names []string
	for _, n := range l.nodes {
		names = append(names, n.Name())
	}
	slices.Sort(names)
	return names
}

// Job runs a job of the lab to its end: "backup" is the backup job of strategy backup-restore.
func (l *Lab) Job(ctx context.Context, name string) error {
	if name != string(topology.ServiceBackup) || l.topology.Strategy != topology.BackupRestore {
		return fmt.Errorf("run job %q: the lab has none of that name", name)
	}
	tap, err := l.Addresses().Tap(topology.ServiceBackup.Host(l.topology.Home().Name))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := at(tap).Call(ctx, http.MethodPost, "/backup", nil, nil); err != nil {
		return fmt.Errorf("run job %s: %w", name, err)
	}
	return nil
}

// WriteLogs hands what each node printed to w, which is asked once per node.
func (l *Lab) WriteLogs(ctx context.Context, w func(nodeName string) (io.WriteCloser, error)) error {
	for _, n := range l.nodes {
		f, err := w(n.Name())
		if err != nil {
			return err
		}
		// The first failure is the story of all: the engine is gone, or the disk is full.
		if err := errors.Join(n.Logs(ctx, f, 0), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Down removes the lab and counts what is left of it. It works on a context that has ended. The error is ErrEngineGone
// when the engine has stopped answering.
func (l *Lab) Down(ctx context.Context) (leftovers int, err error) {
	l.closeMonitor()
	defer l.Leave()
	if l.engine.Gone(ctx) {
		return 0, ErrEngineGone
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	left, err := remove(ctx, l.engine, l.Name, nil, removeWithin)
	if left > 0 && err == nil {
		l.EngineKeeps, err = l.engine.StuckNetworks(ctx, l.Name)
		left -= l.EngineKeeps
	}
	forget := l.owner.Release
	if err != nil || left > 0 {
		forget = l.owner.Unlock // the notes stay: by them the next sweep knows that nobody keeps what is left
	}
	return left, errors.Join(err, forget(), l.engine.Close())
}

// Leave closes this process's ways into the lab, and leaves the lab as it is.
func (l *Lab) Leave() {
	if l.hub != nil { // it may not have come so far
		l.hub.Close()
	}
}

// Keep lets a lab that was brought up with Kept outlive this process. Until then it is swept like any other when its
// owner dies.
func (l *Lab) Keep() error {
	l.closeMonitor()
	return l.owner.Keep()
}

// at is whoever answers at a tap.
func at(tap string) api.HTTP { return api.HTTP{Base: "http://" + tap} }

// Package plan says which nodes and which paths a topology needs, and what each node is told. It is pure: nothing here
// runs, and the same topology always gives the same plan, so that a lab can be found again by another process.
//
// Everything that is particular to a service is in the file of that service, in one Service. Whoever asks "is it
// PostgreSQL?" should ask here what it is about PostgreSQL that matters.
package plan

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// Plan is a lab on paper.
type Plan struct {
	Topology topology.Topology
	App      App // whole
	Paths    []topology.Path
	// TapPorts says that each tap has a port of its own, as somebody needs who is not this process.
	TapPorts bool
	// Commands are what somebody's own app runs: those of its processes by their names, by topology.Preparing that by
	// which it is prepared, where files are written before it, and by none that of the nodes which take requests. They
	// are known when the image is.
	Commands map[string][]string
	// Together says that the node of S3 serves DynamoDB too.
	Together bool
	// Door is where clients reach the app of a region, as host:port. It is known when the hub runs, and needed for the
	// name service only.
	Door func(region string) (string, error)
}

// New plans a lab for an app.
func New(t topology.Topology, a App) *Plan {
	p := &Plan{Topology: t, App: a.Whole(), Paths: append(Paths(t), direct(t, a.Direct)...)}
	for i, path := range p.Paths {
		if path.Service == topology.ServiceApp {
			host, _, _ := strings.Cut(path.Upstream, ":")
			port := p.App.Port
			if _, is := t.Process(topology.PlaceOf(topology.ServiceApp, path.Node).Part); is {
				port = topology.PortSupervisor // it need not listen itself
			}
			p.Paths[i].Upstream = net.JoinHostPort(host, strconv.Itoa(port))
		}
	}
	if p.supervised() {
		p.supervisors()
	}
	return p
}

// Carried are the paths that are proxies on the hub.
func (p *Plan) Carried() []topology.Path {
	return slices.DeleteFunc(slices.Clone(p.Paths), func(path topology.Path) bool {
		return path.From == topology.Tap && !p.TapPorts
	})
}

// Node is one node on paper. Networks and volumes are named within the lab: whoever starts it puts the lab's name
// before them.
type Node struct {
	topology.Place
	Image    string   // of an image set, by what it is for
	Foreign  string   // an image that is of no set, by its name on the engine: that of somebody's own app
	Networks []string // the first is the one ports are published on
	Aliases  []string // host names in its networks
	Publish  []string // "8053/udp"
	Env      map[string]string
	// Entrypoint and Cmd are in place of the image's, where they are not empty.
	Entrypoint, Cmd []string
	Files           map[string][]byte // copied into its volumes before start
	Volumes         map[string]string // by path
	Disks           []Disk
	Needs           Needs
	Yields          bool // gives way to other nodes while the processor is short
}

// Needs are what a node may do beyond what every node may. The zero value is the strictest: a user that is not root, no
// capability, and a root file system that nobody writes to but for /tmp.
type Needs struct {
	Root     bool     // runs as whom its image names, be it root
	Writable bool     // writes wherever its user may, and not to Scratch and /tmp only
	Scratch  []string // folders it writes to beside /tmp: in memory, and empty again whenever it starts
}

// Hosts says whether a place has a node of its own: where one program serves S3 and DynamoDB, the items have none.
func (p *Plan) Hosts(at topology.Place) bool {
	return at.Service != topology.ServiceDynamoDB || !p.Together
}

// Node says how the node of a place is started.
func (p *Plan) Node(at topology.Place) (Node, error) {
	s := Of(at.Service)
	n := Node{
		Place: at, Image: s.Image, Networks: []string{at.Region},
		Aliases: []string{at.Name(), at.Service.Host(at.Region)},
		Env:     map[string]string{"NODE": at.Name(), "REGION": at.Region}, Yields: s.Managed, Needs: s.Needs,
	}
	if at.Part != "" {
		n.Aliases = n.Aliases[:1] // clients come in by the others
	}
	if s.Disk {
		n.Disks = []Disk{dataDisk(at)}
	}
	err := s.tell(p, &n)
	if err != nil {
		err = fmt.Errorf("plan %s: %w", at.Name(), err)
	}
	return n, err
}

// Places lists every node of a topology but the hub.
func Places(t topology.Topology) []topology.Place {
	var all []topology.Place
	places := append(slices.Clone(names(t)), topology.Global)
	for _, where := range places {
		for _, s := range services {
			all = append(all, s.in(t, where)...)
		}
	}
	return all
}

func names(t topology.Topology) []string {
	all := make([]string, len(t.Regions))
	for i, r := range t.Regions {
		all[i] = r.Name
	}
	return all
}

// InOrder is every place in the order in which nodes are started.
func (p *Plan) InOrder() []topology.Place {
	all := Places(p.Topology)
	slices.SortStableFunc(all, func(a, b topology.Place) int {
		return cmp.Compare(Of(a.Service).Start,
			Of(b.Service).Start)
	})
	return all
}

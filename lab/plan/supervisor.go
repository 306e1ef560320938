package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// programDir is where ownImage has the program. A node of another image runs it from a volume, which the region's
	// replicator has first and so fills: such an image need not have a shell, nor be built again.
	programDir = "/regionfall"
	program    = programDir + "/regionfall"
)

// endpoints are their addresses in a node, on the ports after the supervisor's.
func endpoints() map[string]string {
	all := map[string]string{}
	for i, key := range topology.EndpointKeys() {
		all[key] = fmt.Sprintf("127.0.0.1:%d", topology.PortSupervisor+1+i)
	}
	return all
}

func programVolume(region string) string { return region + "-program" }

// supervised says whether the app is somebody's own, which a supervisor keeps running.
func (p *Plan) supervised() bool { return p.App.Image != "" }

// supervise has a node run its app under a supervisor.
func (p *Plan) supervise(n *Node) error {
	c := api.SupervisorConfig{
		Command: p.Commands[""], ConfigFile: topology.ConfigFile,
		RunsFrom: p.Topology.RunsFrom(n.Place), Service: n.Part,
		Restarts: p.App.Repoint == RepointRestart, Ready: p.appURL(n.Place, p.App.Ready), Holds: p.App.Holds,
	}
	templates := p.App.Files
	if process, is := p.App.Processes[n.Part]; is {
		templates = process.Files
		c.Command, c.Ready, c.Holds = p.Commands[n.Part], "", process.Holds
		if process.Ready != "" {
			c.Ready = fmt.Sprintf("http://%s:%d%s", n.Name(), process.Port, process.Ready)
		}
	}
	in := p.appEnv(n.Region, n.Name())
	if p.App.Repoint == RepointEndpoint {
		c.Endpoints = endpoints()
		var here topology.Config
		for key, address := range c.Endpoints {
			here.EndpointOf(topology.Service(key)).Address = address
		}
		in = in.With(here)
	}
	env, err := p.App.environment(in)
	if err != nil {
		return err
	}
	files, err := in.FillAll(templates)
	if err != nil {
		return err
	}
	if c.Restarts {
		c.Env, c.Files, c.In = p.App.Env, templates, in
	} else {
		c.Files = files
		for name, value := range env {
			n.Env[name] = value
		}
	}
	return n.runProgram(api.Supervisor, c)
}

// runProgram has a node of another image run the program, in a role with these settings.
func (n *Node) runProgram(role string, settings any) error {
	n.Volumes[programDir] = programVolume(n.Region)
	n.Entrypoint = []string{program, topology.NodeCommand}
	if err := settle(n, settings); err != nil {
		return err
	}
	n.Cmd = []string{role}
	return nil
}

// SupervisorOf is what taps call the supervisor in a node of the app.
func SupervisorOf(node string) string { return node + ".supervisor" }

const readyPath = "/readyz" // of supervisors

// supervisors are the paths to the supervisors of nodes: taps to all of them, and to those in other regions the
// automation's own, which stands in for the answers of the orchestrators there.
func (p *Plan) supervisors() {
	l := &listing{paths: p.Paths}
	t := p.Topology
	for _, r := range t.Regions {
		for _, at := range appPlaces(t, r.Name) {
			path := topology.Path{
				To: r.Name, Service: topology.ServiceApp, Upstream: fmt.Sprintf("%s:%d", at.Name(),
					topology.PortSupervisor),
			}
			tap := path
			tap.Name, tap.From, tap.Node = topology.Tap+"_"+SupervisorOf(at.Name()), topology.Tap,
				SupervisorOf(at.Name())
			l.add(tap)
			if at.Part == "" && slices.Contains(p.brought(), r.Name) {
				path.Name = string(topology.ServiceAutomation) + "_" + SupervisorOf(at.Name())
				path.From, path.Control = t.Standby().Name, true
				l.add(path)
			}
		}
	}
	p.Paths = l.paths
}

// brought are the other regions whose app the automation waits for.
func (p *Plan) brought() (regions []string) {
	t := p.Topology
	if t.Automation.Off {
		return nil
	}
	for _, r := range t.Followers() {
		regions = append(regions, r.Name)
	}
	if t.Switches() == nil {
		regions = append(regions, t.Home().Name)
	}
	return regions
}

// appsReady are the URLs that tell whether the app's nodes in a region are ready, as seen from the standby.
func (p *Plan) appsReady(region string) (urls []string) {
	from := p.Topology.Standby().Name
	switch {
	case p.supervised() && region == from:
		for _, at := range appPlaces(p.Topology, region) {
			if at.Part == "" {
				urls = append(urls, fmt.Sprintf("http://%s:%d%s", at.Name(), topology.PortSupervisor, readyPath))
			}
		}
	case p.supervised():
		for _, path := range p.Paths {
			if path.Control && path.To == region && strings.HasSuffix(path.Name, SupervisorOf("."+region)) {
				urls = append(urls, fmt.Sprintf("http://hub:%d%s", path.Port, readyPath))
			}
		}
	case region == from:
		return p.appURLs(region, p.App.Ready)
	default:
		return []string{"http://" + p.endpoint(from, region, topology.ServiceApp).Address + p.App.Ready}
	}
	return urls
}

package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// configDir is where an app node finds its configuration.
const configDir = "/config"

// The app has its nodes, and one for each of its parts.
var app = Service{
	Name: topology.ServiceApp, Image: ownImage, Start: Serving, places: appPlaces,
	tell: tellApp,
}

func appPlaces(t topology.Topology, where string) []topology.Place {
	r, ok := t.Region(where)
	if !ok {
		return nil
	}
	return t.AppPlaces(r)
}

func tellApp(p *Plan, n *Node) error {
	t := p.Topology
	n.Volumes = map[string]string{configDir: n.Region + "-config"}
	if n.Part != "" {
		n.Env["SERVICE"] = n.Part
	} else if len(t.Services) > 0 {
		n.Env["SERVICES"] = strings.Join(t.Services, ",")
	}
	w := t.App
	if n.Part != "" {
		process, _ := t.Process(n.Part)
		w = process.Work
	}
	if w.Workers > 0 {
		n.Env["WORKERS"], n.Env["SERVICE_TIME"], n.Env["QUEUE"] = strconv.Itoa(w.Workers), w.ServiceTime.String(),
			strconv.Itoa(w.Queue)
	}
	n.Env["CONFIG_FILE"], n.Needs, n.Foreign = topology.ConfigFile, p.App.Needs, p.App.Image
	if p.supervised() {
		return p.supervise(n)
	}
	n.Cmd = []string{string(n.Service)}
	return nil
}

// AtStart are the nodes of the app that serve in a region from the start.
func (p *Plan) AtStart(r topology.Region) (names []string) {
	for _, at := range appPlaces(p.Topology, r.Name) {
		if p.Topology.RunsFrom(at) <= p.Topology.AppsAtStart(r) {
			names = append(names, at.Name())
		}
	}
	return names
}

// appURLs are the URLs of a path at each node in a region that clients reach.
func (p *Plan) appURLs(region, path string) (urls []string) {
	for _, at := range appPlaces(p.Topology, region) {
		if at.Part == "" {
			urls = append(urls, p.appURL(at, path))
		}
	}
	return urls
}

// allAppURLs are those at the nodes of the app's parts too, but for processes, which need not listen.
func (p *Plan) allAppURLs(region, path string) (urls []string) {
	for _, at := range appPlaces(p.Topology, region) {
		if _, is := p.Topology.Process(at.Part); !is {
			urls = append(urls, p.appURL(at, path))
		}
	}
	return urls
}

func (p *Plan) appURL(at topology.Place, path string) string {
	return fmt.Sprintf("http://%s:%d%s", at.Name(), p.App.Port, path)
}

// config is the configuration of a region's app before anything has happened: writes go to the home region's primaries,
// objects and items to the region's own stores. Their mirrors are in the standby, which takes over, whatever region
// they are written in.
func (p *Plan) config(region string) topology.Config {
	t := p.Topology
	home := t.Home().Name
	r, _ := t.Region(region)
	c := topology.Config{Revision: 1, Region: region, AppNodes: t.AppsAtStart(r)}
	for _, key := range topology.EndpointKeys() {
		s, at := topology.Service(key), region
		if s.Traits().Primary {
			at = home
		}
		*c.EndpointOf(s) = p.endpoint(region, at, s)
	}
	if t.Reads.Local() {
		local := p.endpoint(region, region, topology.ServicePostgres)
		c.Reads, c.LocalPostgres = t.Reads, &local
	}
	for _, o := range t.Overrides {
		if o.In != region {
			continue
		}
		if c.Services == nil {
			c.Services = map[string]topology.Section{}
		}
		if c.Services[o.Service] == nil {
			c.Services[o.Service] = topology.Section{}
		}
		service := topology.Service(strings.TrimPrefix(o.Key, "local_"))
		c.Services[o.Service][o.Key] = p.endpoint(region, o.To, service)
	}
	if t.Postgres.Commit == topology.CommitRemote {
		other := t.Standby().Name
		if region == other {
			other = home
		}
		objects, items := p.endpoint(region, other, topology.ServiceS3),
			p.endpoint(region, other, topology.ServiceDynamoDB)
		c.MirrorS3, c.MirrorDynamoDB = &objects, &items
	}
	return c
}

// postgresHosts are the databases of all regions as one of them reaches them, its own first.
func (p *Plan) postgresHosts(region string) string {
	hosts := []string{p.endpoint(region, region, topology.ServicePostgres).Address}
	for _, other := range p.Topology.Regions {
		if other.Name != region {
			hosts = append(hosts, p.endpoint(region, other.Name, topology.ServicePostgres).Address)
		}
	}
	return strings.Join(hosts, ",")
}

// appEnv is what the placeholders of an app's environment stand for in one of its nodes.
func (p *Plan) appEnv(region, node string) AppEnv {
	return AppEnv{
		Region: region, Node: node,
		PostgresHosts: p.postgresHosts(region),
		User:          topology.DatabaseUser, Database: topology.Database, AccessKey: topology.AccessKey,
		Secret:     topology.Secret,
		ConfigFile: topology.ConfigFile,
	}.With(p.config(region))
}

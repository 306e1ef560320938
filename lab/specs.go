package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
)

// dataDir is where every store keeps its files, in a volume of its own. PostgreSQL's is a small disk, and its write-ahead log is on
// another.
const (
	dataDir = topology.DataDir
	walDir  = "/var/lib/regionfall/wal"
)

// replicateEvery is the pause between two passes of a replicator, for each other region: what it costs the stores on a small machine against how far
// behind it is. So a store is looked through as often in a lab of three regions as in one of two.
const replicateEvery = 250 * time.Millisecond

// managed are what stands in for a managed service: it has machines of its own in the cloud, and must not make the app wait for a processor here.
var managed = []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB, topology.ServiceBackup, topology.ServiceRepository}

// spec is what all nodes have in common.
func (b *builder) spec(p link.Place) node.Spec {
	s, region, name := p.Service, p.Region, p.Name()
	labels := maps.Clone(b.labels)
	labels[node.LabelNode], labels[node.LabelRegion], labels[node.LabelService] = name, region, string(s)
	aliases := []string{name, s.Host(region)}
	if p.Part != "" {
		aliases = aliases[:1] // clients come in by the others
	}
	return node.Spec{
		Name: name, ID: "regionfall-" + b.Name + "-" + name, Region: region, Service: s, Labels: labels,
		Networks: []string{b.networkName(region)}, Aliases: aliases,
		Env:    map[string]string{"NODE": name, "REGION": region},
		Yields: slices.Contains(managed, s),
	}
}

// nodeSpec says how the node of a place is started; false where another node serves in its stead. For the name service, which tells
// clients the ports of the hub, the hub has to be there.
func (b *builder) nodeSpec(p link.Place) (s node.Spec, ok bool, err error) {
	images := b.options.Images
	s = b.spec(p)
	kind, server := string(p.Service), images.Servers[p.Service]
	switch p.Service {
	case topology.ServicePostgres:
		b.postgres(&s)
	case topology.ServiceRedis:
		s.Volumes = map[string]string{dataDir: s.ID}
		if source := b.topology.Source(p.Region); source != "" {
			s.Cmd = []string{"--replicaof", "hub", b.port(p.Region, source, topology.ServiceRedis)}
		}
	case topology.ServiceS3:
		if kind = server.Image; images.Together() {
			s.Aliases = append(s.Aliases, topology.ServiceDynamoDB.Host(p.Region))
		}
		serve(&s, server)
	case topology.ServiceDynamoDB:
		if kind = server.Image; images.Together() {
			return s, false, nil
		}
		serve(&s, server)
	case topology.ServiceApp:
		s.Volumes = map[string]string{"/config": b.networkName(p.Region) + "-config"}
		if p.Part != "" {
			s.Env["SERVICE"] = p.Part
		} else if len(b.topology.Services) > 0 {
			s.Env["SERVICES"] = strings.Join(b.topology.Services, ",")
		}
		if w := b.topology.App; w.Workers > 0 && p.Part == "" {
			s.Env["WORKERS"], s.Env["SERVICE_TIME"], s.Env["QUEUE"] = strconv.Itoa(w.Workers), w.ServiceTime.String(), strconv.Itoa(w.Queue)
		}
		env, err := b.app.environment(b.appEnv(p.Region, s.Name))
		if err != nil {
			return s, false, err
		}
		maps.Copy(s.Env, env)
		s.Env["CONFIG_FILE"], s.Cmd = topology.ConfigFile, b.app.Cmd
	default:
		kind = "agent"
		if err := b.agent(&s); err != nil {
			return s, false, err
		}
	}
	s.Image, s.Volatile = images.Images[kind].Name, images.Volatile(p.Service)
	if p.Service == topology.ServiceApp && b.app.Image != "" {
		s.Image = b.app.Image
	}
	if s.Image == "" {
		return s, false, fmt.Errorf("start %s: there is no image %q", s.Name, kind)
	}
	s.Labels[node.LabelVolatile] = strconv.FormatBool(s.Volatile)
	return s, true, nil
}

func (b *builder) postgres(s *node.Spec) {
	s.Disks = []node.Disk{dataDisk(*s)}
	s.Volumes = map[string]string{walDir: s.ID + "-wal"}
	source := b.topology.Source(s.Region)
	if b.topology.Streams() {
		from := cmp.Or(source, b.topology.Standby().Name) // of home, which streams from nobody: for the day on which it is demoted
		s.Env["PRIMARY_HOST"], s.Env["PRIMARY_PORT"] = "hub", b.port(s.Region, from, topology.ServicePostgres)
		s.Env["SLOT"] = b.topology.Slot(s.Region)
	}
	switch {
	case source == "":
		s.Env["ROLE"] = "primary"
		if b.topology.Postgres.Commit == topology.CommitRemote {
			s.Env["SYNCHRONOUS"] = "on"
		}
	case !b.topology.Streams():
		s.Env["ROLE"] = "restore"
		s.Volumes["/restore"] = b.networkName(s.Region) + "-restore"
	default:
		s.Env["ROLE"] = "replica"
	}
}

// agent gives an agent its settings.
func (b *builder) agent(s *node.Spec) error {
	var settings any
	t := b.topology
	home, standby := t.Home().Name, t.Standby().Name
	switch s.Service {
	case topology.ServiceReplicator:
		// It brings the configuration along, before the app starts: whose image is the first to have the volume gives it its mode, and
		// anybody's app need not have the folder at all.
		data, err := json.MarshalIndent(b.config(s.Region), "", "  ")
		if err != nil {
			return fmt.Errorf("write the configuration of %s: %w", s.Region, err)
		}
		s.Files = map[string][]byte{topology.ConfigFile: data, topology.PublishedFile: data}
		s.Volumes = map[string]string{"/config": b.networkName(s.Region) + "-config"}
		c := api.ReplicatorConfig{
			Region: s.Region, Local: b.stores(s.Region, s.Region), Every: replicateEvery * time.Duration(len(t.Regions)-1),
			Repository:    b.repository(s.Region),
			PublishedFile: topology.PublishedFile, ConfigFile: topology.ConfigFile,
			Objects: t.Objects.Mode == topology.Continuous, Items: t.Items.Mode == topology.Continuous,
		}
		for _, r := range t.Regions {
			if r.Name != s.Region {
				c.Sources = append(c.Sources, b.stores(s.Region, r.Name))
			}
		}
		settings = c
	case topology.ServiceBackup:
		settings = api.BackupConfig{
			Region: s.Region, Postgres: b.endpoint(s.Region, home, topology.ServicePostgres),
			Source: b.stores(s.Region, s.Region), Target: b.stores(s.Region, standby),
		}
	case topology.ServiceResponder:
		settings = api.ResponderConfig{}
	case topology.ServiceNameservice:
		c, err := b.nameservice()
		if err != nil {
			return err
		}
		settings = c
		s.Publish = []string{fmt.Sprintf("%d/udp", topology.PortDNS), fmt.Sprintf("%d/tcp", topology.PortDNS)}
	case topology.ServiceRepository:
		s.Volumes = map[string]string{"/config": s.ID}
		c := api.RepositoryConfig{Dir: topology.RepositoryDir}
		for _, r := range t.Regions {
			c.Documents = append(c.Documents, b.config(r.Name))
		}
		settings = c
	case topology.ServiceAutomation:
		region, _ := t.Region(s.Region)
		if t.Strategy == topology.BackupRestore {
			s.Volumes = map[string]string{"/restore": b.networkName(s.Region) + "-restore"}
		}
		c := api.AutomationConfig{
			Region: s.Region, Home: home, Check: t.Automation.Check, Decide: t.Automation.Decide,
			StepTimeout: t.Automation.StepTimeout, Strategy: t.Strategy,
			HomeHealth:   "http://" + b.control(s.Region, home, topology.ServiceApp).Address + b.app.Health,
			HomePostgres: b.control(s.Region, home, topology.ServicePostgres), Trip: 2 * t.LatencyBetween(s.Region, home),
			Nameservice: "http://" + b.endpoint(s.Region, topology.Global, topology.ServiceNameservice).Address,
			Postgres:    b.endpoint(s.Region, s.Region, topology.ServicePostgres),
			Redis:       b.endpoint(s.Region, s.Region, topology.ServiceRedis),
			S3:          b.endpoint(s.Region, s.Region, topology.ServiceS3),
			DynamoDB:    b.endpoint(s.Region, s.Region, topology.ServiceDynamoDB),
			Repository:  b.repository(s.Region), Published: "http://" + topology.ServiceReplicator.Address(s.Region) + "/config", RestoreFile: topology.RestoreFile,
			AppsReady: b.askApps(s.Region, b.app.Ready)[:region.AppNodes], // what health checks see; the services behind are the pre-flight gate's to ask
		}
		if t.Automation.Shift.InSteps() {
			c.Shift = api.ShiftConfig{
				Shift: t.Automation.Shift, Always: t.WeightShare(region), TTL: t.Routing.TTL, Lasts: t.ShiftLasts(),
				Metrics:        b.askApps(s.Region, "/metrics")[:region.AppNodes],
				BesidesClients: []string{b.app.Health, b.app.Ready, "/config", "/capacity", "/capacity/{name}", "/metrics"},
			}
		}
		if t.Automation.Preflight {
			c.Preflight = b.askApps(s.Region, "/config")
		}
		for _, r := range t.Followers() {
			c.Followers = append(c.Followers, b.follower(s.Region, r.Name))
		}
		if t.Switches() == nil {
			c.Sides, c.Synchronous = []api.Side{b.side(home), b.side(standby)}, t.Postgres.Commit == topology.CommitRemote
		}
		settings = c
	default:
		return fmt.Errorf("start %s: there is no agent for service %s", s.Name, s.Service)
	}
	data, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("write the settings of %s: %w", s.Name, err)
	}
	s.Cmd, s.Env[topology.AgentConfigEnv] = []string{string(s.Service)}, string(data)
	return nil
}

func (b *builder) nameservice() (api.NameserviceConfig, error) {
	c := api.NameserviceConfig{
		Record: topology.RecordName, Policy: b.topology.Routing.Policy, ByWeight: !b.topology.Automation.Off && b.topology.Automation.Shift.InSteps(), TTL: b.topology.Routing.TTL, Check: b.topology.Routing.Check,
	}
	for _, r := range b.topology.Regions {
		var farthest time.Duration
		for _, other := range b.topology.Regions {
			if other.Name != r.Name {
				farthest = max(farthest, b.topology.LatencyBetween(r.Name, other.Name))
			}
		}
		door, err := b.Door(r.Name)
		if err != nil {
			return c, err
		}
		host, port, err := net.SplitHostPort(door)
		if err != nil {
			return c, fmt.Errorf("door of %s: %w", r.Name, err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return c, fmt.Errorf("door of %s: %w", r.Name, err)
		}
		c.Targets = append(c.Targets, api.Target{
			Region: r.Name, Host: host, Port: n,
			Health: "http://" + b.endpoint(topology.Global, r.Name, topology.ServiceApp).Address + b.app.Ready,
			Trip:   2 * farthest,
			Weight: r.Weight, Clients: b.topology.ClientSubnet(r.Name),
		})
	}
	return c, nil
}

func (b *builder) stores(from, region string) api.Stores {
	return api.Stores{
		Region: region, S3: b.endpoint(from, region, topology.ServiceS3), DynamoDB: b.endpoint(from, region, topology.ServiceDynamoDB),
	}
}

// repository is where the configurations are, as seen from a region.
func (b *builder) repository(from string) string {
	return "http://" + b.endpoint(from, topology.Global, topology.ServiceRepository).Address
}

// endpoint is how a place reaches a service: directly in its own region, through a link elsewhere.
func (b *builder) endpoint(from, to string, s topology.Service) topology.Endpoint {
	if from == to {
		return topology.Endpoint{Region: to, Address: s.Address(to)}
	}
	return topology.Endpoint{Region: to, Address: "hub:" + b.port(from, to, s)}
}

// control is how the automation looks at a service elsewhere: by a link of its own.
func (b *builder) control(from, to string, s topology.Service) topology.Endpoint {
	return topology.Endpoint{Region: to, Address: "hub:" + b.portOf(from, to, s, true)}
}

// port of a link on the hub.
func (b *builder) port(from, to string, s topology.Service) string {
	return b.portOf(from, to, s, false)
}

// portOf finds a link's port. That the plan lacks one is a mistake in this program, and not in its input.
func (b *builder) portOf(from, to string, s topology.Service, control bool) string {
	i := slices.IndexFunc(b.plan, func(p link.Spec) bool {
		return p.From == from && p.To == to && p.Service == s && p.Control == control
	})
	if i < 0 {
		panic(fmt.Sprintf("no link from %s to %s in %s is planned", from, s, to))
	}
	return strconv.Itoa(b.plan[i].Port)
}

package plan

import (
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

var automation = Service{
	Name: topology.ServiceAutomation, Image: ownImage, Start: Quick, Own: true, Marks: true,
	places: func(t topology.Topology, where string) []topology.Place {
		return one(topology.ServiceAutomation, where, where == t.Standby().Name && !t.Automation.Off)
	},
	tell: tellAutomation,
}

func tellAutomation(p *Plan, n *Node) error {
	t, here := p.Topology, n.Region
	home, standby := t.Home().Name, t.Standby().Name
	region, _ := t.Region(here)
	if t.Strategy == topology.BackupRestore {
		n.Volumes = map[string]string{restoreDir: here + "-restore"}
	}
	c := api.AutomationConfig{
		Region: here, Home: home, Check: t.Automation.Check, Decide: t.Automation.Decide,
		StepTimeout: t.Automation.StepTimeout, Strategy: t.Strategy,
		LostWhen:     t.Automation.LostWhen,
		HomeHealth:   "http://" + p.control(here, home, topology.ServiceApp).Address + p.App.Health,
		HomePostgres: p.control(here, home, topology.ServicePostgres), Trip: 2 * t.LatencyBetween(here, home),
		Nameservice: "http://" + p.endpoint(here, topology.Global, topology.ServiceNameservice).Address,
		Postgres:    p.endpoint(here, here, topology.ServicePostgres),
		Redis:       p.endpoint(here, here, topology.ServiceRedis),
		S3:          p.endpoint(here, here, topology.ServiceS3),
		DynamoDB:    p.endpoint(here, here, topology.ServiceDynamoDB),
		Repository:  p.repository(here), Published: "http://" + topology.ServiceReplicator.Address(here) + "/config",
		RestoreFile: topology.RestoreFile,
		// what health checks see; the parts behind are the pre-flight gate's to ask
		AppsReady: p.appsReady(here), Restarts: p.supervised() && p.App.Repoint == RepointRestart,
	}
	if t.Automation.Shift.InSteps() {
		c.Shift = api.ShiftConfig{
			Shift: t.Automation.Shift, Always: t.WeightShare(region), TTL: t.Routing.TTL, Lasts: t.ShiftLasts(),
			Metrics:        p.appURLs(here, "/metrics"),
			BesidesClients: []string{p.App.Health, p.App.Ready, "/config", "/capacity", "/capacity/{name}", "/metrics"},
		}
	}
	if t.Automation.Preflight {
		c.Preflight = p.allAppURLs(here, "/config")
	}
	for _, r := range t.Followers() {
		c.Followers = append(c.Followers, p.follower(here, r.Name))
	}
	if t.Switches() == nil {
		c.Sides, c.Synchronous = []api.Side{p.side(home), p.side(standby)}, t.Postgres.Commit == topology.CommitRemote
	}
	return settle(n, c)
}

// follower is how the automation in one region brings another along.
func (p *Plan) follower(from, region string) api.Follower {
	return api.Follower{
		Region: region, Cascades: p.Topology.Source(region) == from,
		Postgres: p.endpoint(from, region, topology.ServicePostgres),
		Redis:    p.endpoint(from, region, topology.ServiceRedis),
		Config:   "http://" + p.endpoint(from, region, topology.ServiceReplicator).Address + "/config",
		Apps:     p.appsReady(region),
		Primary:  p.endpoint(region, from, topology.ServicePostgres),
		Cache:    p.endpoint(region, from, topology.ServiceRedis),
	}
}

// side is how the automation, in the standby, has a region change roles with the other one.
func (p *Plan) side(region string) api.Side {
	from, other := p.Topology.Standby().Name, p.Topology.Home().Name
	if region == other {
		other = from
	}
	r, _ := p.Topology.Region(region)
	s := api.Side{
		Follower:    p.follower(from, region),
		OwnPostgres: p.endpoint(region, region, topology.ServicePostgres),
		OwnRedis:    p.endpoint(region, region, topology.ServiceRedis),
		AppNodes:    r.AppNodes,
	}
	s.Primary, s.Cache = p.endpoint(region, other, topology.ServicePostgres),
		p.endpoint(region, other, topology.ServiceRedis)
	return s
}

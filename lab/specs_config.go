package lab

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/topology"
)

// config is the configuration of a region's app before anything has happened: writes go to the home region's primaries, objects and
// items to the region's own stores. Their mirrors are in the standby, which takes over, whatever region they are written in.
func (b *builder) config(region string) topology.Config {
	home := b.topology.Home().Name
	r, _ := b.topology.Region(region)
	c := topology.Config{
		Revision: 1, Region: region, AppNodes: b.topology.AppsAtStart(r),
		Postgres: b.endpoint(region, home, topology.ServicePostgres), Redis: b.endpoint(region, home, topology.ServiceRedis),
		S3: b.endpoint(region, region, topology.ServiceS3), DynamoDB: b.endpoint(region, region, topology.ServiceDynamoDB),
	}
	if b.topology.Reads.Local() {
		local := b.endpoint(region, region, topology.ServicePostgres)
		c.Reads, c.LocalPostgres = b.topology.Reads, &local
	}
	for _, o := range b.topology.Overrides {
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
		c.Services[o.Service][o.Key] = b.endpoint(region, o.To, service)
	}
	if b.topology.Postgres.Commit == topology.CommitRemote {
		other := b.topology.Standby().Name
		if region == other {
			other = home
		}
		s3, items := b.endpoint(region, other, topology.ServiceS3), b.endpoint(region, other, topology.ServiceDynamoDB)
		c.MirrorS3, c.MirrorDynamoDB = &s3, &items
	}
	return c
}

// askApps are the URLs of a path at each node of the app in a region.
func (b *builder) askApps(region, path string) (urls []string) {
	for _, p := range link.Nodes(b.topology) {
		if p.Service == topology.ServiceApp && p.Region == region {
			urls = append(urls, fmt.Sprintf("http://%s:%d%s", p.Name(), b.app.Port, path))
		}
	}
	return urls
}

// follower is how the automation in one region brings another along.
func (b *builder) follower(from, region string) api.Follower {
	return api.Follower{
		Region: region, Cascades: b.topology.Source(region) == from, Postgres: b.endpoint(from, region, topology.ServicePostgres), Redis: b.endpoint(from, region, topology.ServiceRedis),
		Config:  "http://" + b.endpoint(from, region, topology.ServiceReplicator).Address + "/config",
		App:     "http://" + b.endpoint(from, region, topology.ServiceApp).Address + b.app.Ready,
		Primary: b.endpoint(region, from, topology.ServicePostgres), Cache: b.endpoint(region, from, topology.ServiceRedis),
	}
}

// side is how the automation, in the standby, has a region change roles with the other one.
func (b *builder) side(region string) api.Side {
	from, other := b.topology.Standby().Name, b.topology.Home().Name
	if region == other {
		other = from
	}
	r, _ := b.topology.Region(region)
	s := api.Side{
		Follower:    b.follower(from, region),
		OwnPostgres: b.endpoint(region, region, topology.ServicePostgres), OwnRedis: b.endpoint(region, region, topology.ServiceRedis),
		AppNodes: r.AppNodes,
	}
	s.Primary, s.Cache = b.endpoint(region, other, topology.ServicePostgres), b.endpoint(region, other, topology.ServiceRedis)
	s.Apps = []string{s.App}
	if region == from {
		s.Apps = b.askApps(region, b.app.Ready)[:r.AppNodes]
	}
	return s
}

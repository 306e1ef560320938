package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// Workload is the load that is offered. Its bounds are what the lab's stores serve on two cores while leaving room
// for replication: the item store takes about a hundred writes a second in a region. Beyond, a drill would measure
// the laptop.
type Workload struct {
	Writes    file.Rate     `yaml:"writes" default:"30/s" min:"1/s" max:"100/s" example:"30/s" about:"Writes offered, per lab second."`
	Reads     file.Rate     `yaml:"reads" default:"15/s" max:"500/s" example:"15/s" about:"Reads of acknowledged writes, per lab second."`
	Clients   int           `yaml:"clients" default:"8" min:"1" max:"64" example:"8" about:"Number of clients. Each has a DNS cache of its own."`
	Timeout   file.Physical `yaml:"timeout" default:"1s" min:">0s" max:"30s" example:"1s" about:"A call without an answer is given up after this time."`
	ClientsIn []string      `yaml:"clients_in" example:"[us-east-1, eu-west-1]" about:"Regions of the clients, in turn. Needs the routing policy geolocation."`
	StaleDNS  StaleDNS      `yaml:"stale_dns" about:"Clients that keep a DNS answer longer than its TTL."`
	Retry     Retry         `yaml:"retry" about:"How clients retry an operation that is not ok."`
}

// StaleDNS are clients that keep the answers of the name service.
type StaleDNS struct {
	Share file.Share    `yaml:"share" example:"20%" about:"Share of the clients that do."`
	For   file.Duration `yaml:"for" example:"10m" about:"How long they keep an answer."`
}

// Retry is how clients try again.
type Retry struct {
	Times int           `yaml:"times" min:"0" max:"10" example:"3" about:"Number of retries."`
	After file.Physical `yaml:"after" max:"30s" example:"500ms" about:"Delay before the first retry. It doubles after each."`
}

func (w Workload) check(found *file.Complaints, t topology.Topology) {
	if len(w.ClientsIn) > 0 && t.Routing.Policy != topology.Geolocation {
		found.Add("workload.clients_in",
			"workload.clients_in has no effect: only routing.policy geolocation asks where clients are")
	}
	if len(w.ClientsIn) > w.Clients {
		found.Add("workload.clients_in", "workload.clients_in: %d regions, and %d clients: some would have none",
			len(w.ClientsIn), w.Clients)
	}
	for i, region := range w.ClientsIn {
		if _, known := t.Region(region); !known && region != "" {
			found.Add(itemPath("workload.clients_in", i), "workload.clients_in: %s is no region of the topology%s",
				file.Quote(region), hint(region, regionNames(t)))
		}
	}
	if (w.StaleDNS.Share > 0) != (w.StaleDNS.For > 0) {
		found.Add("workload.stale_dns", "workload.stale_dns: give a share of the clients and for how long they keep "+
			"an answer, such as {share: 20%%, for: 10m}")
	}
	switch {
	case w.Retry.Times > 0 && w.Retry.After == 0:
		found.Add("workload.retry.after", "workload.retry.after: 0s must be more than 0s")
	case w.Retry.Times == 0 && w.Retry.After > 0:
		found.Add("workload.retry.times", "workload.retry.times is missing: how often does a client try again?")
	}
}

// compile is the load in lab time. Clients know of sessions where guarantees are promised to them.
func (w Workload) compile(timescale float64, sessions bool) workload.Spec {
	return workload.Spec{
		Writes: float64(w.Writes), Reads: float64(w.Reads), Sessions: sessions,
		Clients: w.Clients, Timeout: time.Duration(w.Timeout),
		Retry: workload.Retry{Times: w.Retry.Times, After: time.Duration(w.Retry.After)},
		Stale: workload.Stale{Share: float64(w.StaleDNS.Share), For: w.StaleDNS.For.Lab(timescale)},
		In:    w.ClientsIn,
	}
}

func (d table) load() {
	load := d.plan.Workload
	d.row("  load", fmt.Sprintf("%g writes/s, %g reads/s", load.Writes, load.Reads),
		fmt.Sprintf("%d clients", load.Clients))
	if len(load.In) > 0 {
		d.row("  clients in", strings.Join(load.In, ", "), "")
	}
	if load.Stale.Share > 0 {
		d.scheduled(fmt.Sprintf("  %.4g%% of the clients ignore the TTL for", 100*load.Stale.Share), load.Stale.For)
	}
	if load.Retry.Times > 0 {
		d.row("  tried again", fmt.Sprintf("%d times, first after %s", load.Retry.Times, file.Short(load.Retry.After)),
			"")
	}
}

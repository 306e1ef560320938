package faulttest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// replicator copies objects and items into its region, by its rules, and delivers the region's configuration.
type replicator struct {
	node     *Node
	rules    *orders[api.Rule]
	delivery *delivery
	budget   map[topology.Service]float64 // bytes that a throttle lets pass now
}

func newReplicator(n *Node) *replicator {
	return &replicator{
		node: n, rules: newOrders[api.Rule](n.lab.defect), delivery: newDelivery(n.lab.defect),
		budget: map[topology.Service]float64{},
	}
}

func (r *replicator) forget() {
	r.rules.forget()
	r.delivery.faults.forget()
}

func (r *replicator) broken() string {
	if len(r.rules.list()) > 0 || len(r.delivery.faults.list()) > 0 {
		return "has orders"
	}
	return ""
}

func (r *replicator) routes() http.Handler {
	mux := http.NewServeMux()
	r.rules.routes(mux, "/rules", "/rules", func() {})
	r.delivery.routes(mux)
	mux.Handle("/", plain())
	return mux
}

const (
	copyEvery     = 10 * time.Millisecond  // is how often the replicator looks
	throttleSaves = 500 * time.Millisecond // is how long it may be late, on a busy machine, without less arriving
)

func (r *replicator) run(ctx context.Context) {
	tick := time.NewTicker(copyEvery)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		for service, name := range map[topology.Service]string{
			topology.ServiceS3:       api.StoreObjects,
			topology.ServiceDynamoDB: api.StoreItems,
		} {
			r.copy(service, name, now, now.Sub(last))
		}
		last = now
	}
}

// copy copies what the other region has, as far as the rules let it.
func (r *replicator) copy(service topology.Service, name string, now time.Time, since time.Duration) {
	l := r.node.lab
	if !r.node.running() {
		return
	}
	from := l.topology.Home().Name
	if from == r.node.place.Region {
		from = l.topology.Standby().Name
	}
	source, own := l.node(service, from).role.(*store), l.node(service, r.node.place.Region).role.(*store)
	for key, t := range source.missing(own) {
		if !strings.Contains(key, topology.LocalWord) && r.allows(service, name, key, t, now, since) {
			own.put(key, t)
		}
		since = 0
	}
}

// allows says whether a thing may be copied.
func (r *replicator) allows(service topology.Service, name, key string, t thing, now time.Time,
	since time.Duration,
) bool {
	for _, rule := range r.rules.list() {
		if !rule.Covers(name, key) {
			continue
		}
		switch rule.Do {
		case api.RulePause:
			return false
		case api.RuleLag:
			if now.Sub(t.at) < rule.Lag {
				return false
			}
		case api.RuleThrottle:
			saved := float64(t.size) + float64(rule.Rate)*throttleSaves.Seconds()
			r.budget[service] = min(saved, r.budget[service]+float64(rule.Rate)*since.Seconds())
			if r.budget[service] < float64(t.size) {
				return false
			}
			r.budget[service] -= float64(t.size)
		}
	}
	return true
}

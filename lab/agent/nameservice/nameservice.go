package nameservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// startGrace is how long after the start a target that has passed no check yet counts as healthy. Route 53 knows no
// such grace: there a target is there before its health check is made, while in a lab all start at once and the app
// comes a second after the name service. Without it each drill would begin with failovers that mean nothing. From the
// first check that passes, failures count as always; the price is that a name service that starts while a region is
// down is late to see that.
const startGrace = 10 * time.Second

// Server answers which region serves, by a record with one of the policies. It lives in no region. What PUT /primary
// orders is kept in memory.
type Server struct {
	cfg   api.NameserviceConfig
	marks *runtime.Marks

	udp net.PacketConn // open between Open and the end of Run
	tcp net.Listener

	began time.Time

	mu      sync.Mutex
	health  []runtime.Health // of cfg.Targets
	weights []int            // of cfg.Targets
	primary int              // index in cfg.Targets
	ordered bool
	whole   bool // of a weighted record: the primary gets everything, whatever the weights are
	// of cfg.Targets: it was the primary and unhealthy when another one was ordered, and is not made it again since
	lost       []bool
	answered   []int // indices in cfg.Targets, from the primary on; never empty
	generation int
}

// New makes the agent that answers DNS for one record and checks the health of what it may answer.
func New(cfg api.NameserviceConfig, marks *runtime.Marks) (runtime.Service, error) {
	if err := validateNameservice(cfg); err != nil {
		return nil, fmt.Errorf("make name service: %w", err)
	}
	cfg.Record = dns.CanonicalName(cfg.Record)
	n := &Server{
		cfg: cfg, marks: marks, began: time.Now(), health: make([]runtime.Health, len(cfg.Targets)),
		generation: 1,
	}
	for i, t := range cfg.Targets {
		n.health[i] = runtime.Health{Unknown: true, Since: n.began}
		n.weights = append(n.weights, t.Weight)
	}
	n.lost = make([]bool, len(cfg.Targets))
	n.answered = n.due()
	return n, nil
}

func validateNameservice(c api.NameserviceConfig) error {
	var errs []error
	if _, ok := dns.IsDomainName(c.Record); !ok || c.Record == "" {
		errs = append(errs, fmt.Errorf("record %q is not a domain name", c.Record))
	}
	if c.Policy != "" && !slices.Contains(topology.RoutingPolicies(), c.Policy) {
		errs = append(errs, fmt.Errorf("policy %q is unknown", c.Policy))
	}
	if c.TTL < 0 {
		errs = append(errs, fmt.Errorf("ttl is %s, want 0 or more", c.TTL))
	}
	if c.Check.Interval <= 0 {
		errs = append(errs, fmt.Errorf("check interval is %s, want more than 0", c.Check.Interval))
	}
	if c.Check.Threshold < 1 {
		errs = append(errs, fmt.Errorf("check threshold is %d, want 1 or more", c.Check.Threshold))
	}
	if len(c.Targets) == 0 {
		errs = append(errs, errors.New("no targets to answer"))
	}
	regions := map[string]bool{}
	for _, t := range c.Targets {
		if regions[t.Region] {
			errs = append(errs, fmt.Errorf("region %q is named twice", t.Region))
		}
		regions[t.Region] = true
		if t.Region == "" || t.Host == "" || t.Health == "" || t.Port < 1 || t.Port > 65535 {
			errs = append(errs, fmt.Errorf("target %q needs a region, a host, a port and a health URL: %+v", t.Region,
				t))
		}
	}
	return errors.Join(errs...)
}

// Open listens for DNS on topology.PortDNS, UDP and TCP.
func (n *Server) Open(ctx context.Context) error {
	return n.open(ctx, fmt.Sprintf(":%d", topology.PortDNS))
}

func (n *Server) open(ctx context.Context, address string) error {
	var listen net.ListenConfig
	udp, err := listen.ListenPacket(ctx, "udp", address)
	if err != nil {
		return fmt.Errorf("listen for DNS: %w", err)
	}
	tcp, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for DNS: %w", err), udp.Close())
	}
	n.udp, n.tcp = udp, tcp
	return nil
}

// Run answers DNS and checks health until ctx ends. Checks of one target do not wait for those of another.
func (n *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, server := range []*dns.Server{{PacketConn: n.udp}, {Listener: n.tcp}} {
		server.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, request *dns.Msg) {
			defer runtime.LastWords("answer DNS")
			n.serveDNS(w, request)
		})
		group.Go(func() error { return runDNS(ctx, server) })
	}
	for i := range n.cfg.Targets {
		group.Go(func() error {
			defer runtime.LastWords("check the health of a region")
			n.watch(ctx, i)
			return nil
		})
	}
	return group.Wait()
}

// watch checks one target each interval.
func (n *Server) watch(ctx context.Context, target int) {
	t := n.cfg.Targets[target]
	for err := range runtime.Watch(ctx, runtime.NewChecker(t.Health, t.Holds, runtime.CheckLimit+t.Trip).Check,
		n.cfg.Check.Interval) {
		n.Observe(target, err)
	}
}

// Observe takes the result of one check of a target.
func (n *Server) Observe(target int, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil || time.Since(n.began) >= startGrace {
		n.health[target].Unknown = false
	}
	if !n.health[target].Observe(err, n.cfg.Check.Threshold, time.Now()) {
		return
	}
	detail := n.cfg.Targets[target].Region + " healthy"
	if err != nil {
		detail = fmt.Sprintf("%s unhealthy: %s", n.cfg.Targets[target].Region, runtime.Cause(err))
	}
	n.marks.Leave(api.MarkHealth, detail)
	n.decide()
}

// Redirect makes a region the primary, and says whether there is such a region. It stays the primary until the next
// redirect: the region before it does not get its traffic back by being healthy again, because its data may be behind.
func (n *Server) Redirect(region string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.IndexFunc(n.cfg.Targets, func(t api.Target) bool { return t.Region == region })
	if i < 0 {
		return false
	}
	if i != n.primary {
		n.lost[n.primary] = n.health[n.primary].Unhealthy
	}
	n.lost[i] = false
	n.primary, n.ordered, n.whole = i, true, true
	n.decide()
	return true
}

// decide settles, with the lock held, what is answered from now on.
func (n *Server) decide() {
	answers := n.due()
	if slices.Equal(answers, n.answered) {
		return
	}
	n.answered = answers
	n.generation++
	n.marks.Leave(api.MarkAnswer, strings.Join(n.regions(answers), ", "))
}

func (n *Server) regions(targets []int) []string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = n.cfg.Targets[t].Region
	}
	return names
}

// RecordHealth is what the record answers now, and why.
func (n *Server) RecordHealth() api.Routing {
	n.mu.Lock()
	defer n.mu.Unlock()
	reply := api.Routing{
		Primary:    n.cfg.Targets[n.primary].Region,
		Ordered:    n.ordered,
		Answer:     n.cfg.Targets[n.answered[0]].Region,
		Answers:    n.regions(n.answered),
		Generation: n.generation,
	}
	if n.cfg.Policy == topology.Weighted {
		reply.Weights, reply.Whole = n.weightsByRegion(), n.whole
	}
	for i, h := range n.health {
		reply.Targets = append(reply.Targets, api.TargetHealth{
			Region: n.cfg.Targets[i].Region, Unknown: h.Unknown, Healthy: !h.Unhealthy,
			SinceMS: time.Since(h.Since).Milliseconds(), LastError: h.LastError, LastFailure: h.LastFailure,
			Streak: h.Streak,
		})
	}
	return reply
}

// Routes adds GET /health, PUT /weights, and PUT /primary {"region": "us-west-2"}, which answers as /health does, or
// 404 for an unknown region.
func (n *Server) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		runtime.WriteJSON(w, n.RecordHealth())
	})
	n.weightsRoute(mux)
	mux.HandleFunc("PUT /primary", func(w http.ResponseWriter, r *http.Request) {
		var order api.PrimaryOrder
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&order); err != nil {
			http.Error(w, fmt.Sprintf("read order: %v", err), http.StatusBadRequest)
			return
		}
		if !n.Redirect(order.Region) {
			http.Error(w, fmt.Sprintf("no target in region %q", order.Region), http.StatusNotFound)
			return
		}
		runtime.WriteJSON(w, n.RecordHealth())
	})
}

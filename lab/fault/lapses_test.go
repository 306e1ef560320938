package fault

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// subject is a fault, and what may have become of it when it is to be healed, one after the other.
type subject struct {
	Fault
	then []situation
}

type situation struct {
	name   string
	change func()
	lapsed bool
}

// making makes subjects of the kinds of faults.
type making struct {
	t   *testing.T
	two topology.Topology
}

func (m making) ready(s Spec, l fakeLab) Fault {
	m.t.Helper()
	l.topology = m.two
	f, err := s.For(l)
	if err != nil {
		m.t.Fatal(err)
	}
	return f
}

func (m making) link(asked func(w Links) Spec) subject {
	k := &fakeLink{path: Path{Name: "west_east_redis", From: west, To: east, Service: topology.ServiceRedis}}
	back := &fakeLink{path: Path{Name: "east_west_redis", From: east, To: west, Service: topology.ServiceRedis}}
	return subject{m.ready(asked(Links{From: west, To: east}), fakeLab{links: []*fakeLink{k, back}}), []situation{
		{"the region is lost as well", func() { k.others = true }, false},
		{"the link is what it was before", func() { k.state, k.others = nil, false }, true},
	}}
}

func (m making) node(asked func(w Nodes) Spec, back bool) subject {
	n := newNode(topology.ServiceRedis, east)
	return subject{m.ready(asked(Nodes{Node: n.place.Name}), fakeLab{nodes: []Node{n}}), []situation{
		{"another fault has killed it", func() { n.state = topology.NodeDown }, false},
		{"it runs", func() { n.state = topology.NodeRunning }, back},
	}}
}

// agent is a fault that a node of a service keeps in mind.
func (m making) agent(service topology.Service, asked Spec, back bool) subject {
	n, app := newNode(service, west), newNode(topology.ServiceApp, west)
	app.place.Name = "app-1." + west
	nodes := []Node{n, app, newNode(topology.ServiceS3, east), newNode(topology.ServiceS3, west)}
	if service == topology.ServiceApp {
		n.place.Name, nodes = app.place.Name, nodes[:1]
	}
	orders := acceptOrders(n)
	f := m.ready(asked, fakeLab{nodes: nodes})
	return subject{f, []situation{
		{"its region is lost", func() { n.state = topology.NodeDown }, false},
		{"its region was lost, and has come back", func() { n.restart(); clear(orders) }, false},
		{"it is told again", func() { _ = f.Inject(m.t.Context()) }, false},
		{"it has forgotten it", func() { clear(orders) }, back},
	}}
}

func (m making) replica(asked Spec) subject {
	s, n := newServer(), newNode(topology.ServicePostgres, west)
	n.sql = s.query
	was := *s
	return subject{m.ready(asked, fakeLab{nodes: []Node{n, newNode(topology.ServicePostgres, east)}}), []situation{
		{"the region is lost", func() { was = *s; n.state = topology.NodeDown }, false},
		{"it was promoted", func() { n.state = topology.NodeRunning; s.promote() }, false},
		{"it was promoted, and told otherwise", func() { *s = *newServer(); s.promote() }, false},
		{"it was promoted, and is a replica again", func() { *s = *newServer(); s.life = 1 }, false},
		{"its server has forgotten it", func() { *s = *newServer() }, true},
		{"it is held still", func() { *s = was }, false},
	}}
}

func (m making) disk(asked func(w Nodes) Spec, startRepairs bool) subject {
	n, sign := newNode(topology.ServicePostgres, east), ""
	n.sql = func(sql string) (string, error) {
		switch {
		case strings.HasPrefix(sql, "select pg_is_in_recovery"):
			return "false", nil
		case sign != "":
			return "", fmt.Errorf("no: %s", sign)
		}
		return "", nil
	}
	f := m.ready(asked(Nodes{Node: n.place.Name}), fakeLab{nodes: []Node{n}})
	n.tend = func(string) error { sign = f.(*disks).sign; return nil }
	return subject{f, []situation{
		{"the region is lost", func() { n.state = topology.NodeDown }, false},
		{"the region was lost, and has come back", func() {
			if n.restart(); startRepairs {
				sign = ""
			}
		}, false},
		{"it takes writes", func() { n.life, sign = 0, "" }, true},
	}}
}

func (m making) region() subject {
	door := &fakeLink{path: Path{
		Name: "clients_east_app", From: topology.Clients, To: east,
		Service: topology.ServiceApp,
	}}
	n := newNode(topology.ServicePostgres, east)
	return subject{m.ready(&LoseRegion{Region: east}, fakeLab{links: []*fakeLink{door}, nodes: []Node{n}}), []situation{
		{"its clients are cut off by another fault as well", func() { door.others = true }, false},
		{"it serves its clients", func() { door.state, door.others = nil, false }, true},
	}}
}

// Fault by fault, what is made of what may have become of it when it is to be healed. Only what is clearly gone by
// itself has lapsed. What a failover, another fault or its own nature ended has not, and of what can't be told
// nothing is said.
func TestWhatHasLapsed(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	m := making{t, two}
	stream := func(store string) Replicated { return Replicated{Store: store, Region: west} }
	for name, of := range map[string]func() subject{
		"bandwidth": func() subject {
			return m.link(func(w Links) Spec { return &Bandwidth{Links: w, Rate: 50_000, Direction: "upstream"} })
		},
		"blackhole": func() subject { return m.link(func(w Links) Spec { return &Blackhole{w} }) },
		"latency": func() subject {
			return m.link(func(w Links) Spec { return &Latency{Links: w, Delay: 80 * ms} })
		},
		"partition":      func() subject { return m.link(func(w Links) Spec { return &Partition{Links: w} }) },
		"refuse":         func() subject { return m.link(func(w Links) Spec { return &Refuse{w} }) },
		"stall":          func() subject { return m.link(func(w Links) Spec { return &Stall{w} }) },
		"lose_region":    m.region,
		"kill":           func() subject { return m.node(func(w Nodes) Spec { return &Kill{w} }, true) },
		"pause":          func() subject { return m.node(func(w Nodes) Spec { return &Pause{w} }, true) },
		"restart":        func() subject { return m.node(func(w Nodes) Spec { return &Restart{Nodes: w} }, false) },
		"fill_disk":      func() subject { return m.disk(func(w Nodes) Spec { return &FillDisk{w} }, false) },
		"read_only_disk": func() subject { return m.disk(func(w Nodes) Spec { return &ReadOnlyDisk{w} }, true) },
		"squeeze":        func() subject { return m.agent(topology.ServiceApp, &Squeeze{Region: west, To: 20}, true) },
		"drop_records": func() subject {
			return m.agent(topology.ServiceApp, &DropRecords{"score", "03", 0.05, west}, true)
		},
		"fail_step": func() subject {
			return m.agent(topology.ServiceAutomation, &FailStep{Step{"fence"}, 2},
				false)
		},
		"hang_step": func() subject {
			return m.agent(topology.ServiceAutomation, &HangStep{Step{"fence"}},
				false)
		},
		"kill_automation": func() subject {
			return m.agent(topology.ServiceAutomation, &KillAutomation{Step{"fence"}},
				false)
		},
		"repeat_step": func() subject {
			return m.agent(topology.ServiceAutomation, &RepeatStep{Step{"fence"}},
				false)
		},
		"delay_config": func() subject {
			return m.agent(topology.ServiceReplicator, &DelayConfig{Configured{west}, time.Second}, true)
		},
		"freeze_config": func() subject {
			return m.agent(topology.ServiceReplicator, &FreezeConfig{Configured{west}},
				true)
		},
		"roll_back_config": func() subject {
			return m.agent(topology.ServiceReplicator,
				&RollBackConfig{Configured{west}}, true)
		},
		"lag_replication": func() subject {
			return m.agent(topology.ServiceReplicator, &LagReplication{
				Replicated: stream("items"),
				Lag:        2 * time.Second,
			}, true)
		},
		"pause_replication": func() subject {
			return m.agent(topology.ServiceReplicator, &PauseReplication{Replicated: stream("objects")}, true)
		},
		"throttle_replication": func() subject {
			return m.agent(topology.ServiceReplicator, &ThrottleReplication{Replicated: stream("items"), Rate: 2000},
				true)
		},

		"lag_replication of postgres": func() subject {
			return m.replica(&LagReplication{Replicated: stream("postgres"), Lag: time.Second})
		},
		"pause_replication of postgres": func() subject {
			return m.replica(&PauseReplication{Replicated: stream("postgres")})
		},
		"pause_replication of what it receives": func() subject {
			return m.replica(&PauseReplication{Replicated: stream("postgres"), What: holdReceipt})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := of()
				g := &Guard{fault: s.Fault, now: clock(), state: Effective, probeTime: ms}
				switch s.Fault.(type) { // those that compare with what was before
				case *broken, *hole, *oneWay, *measured, *lostRegion:
					for range agreeing {
						if in, _, err := s.Baseline(t.Context()); in || err != nil {
							t.Fatal(in, err)
						}
					}
				}
				if err := s.Inject(t.Context()); err != nil {
					t.Fatal(err)
				}
				if g.lapsed(t.Context()) != nil {
					t.Error("it has just been injected, and has lapsed")
				}
				for _, now := range s.then {
					now.change()
					if got := g.lapsed(t.Context()) != nil; got != now.lapsed {
						t.Errorf("%s: lapsed: %t", now.name, got)
					}
				}
			})
		})
	}
}

package fault

import (
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestParametersOfAgentsFaults(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	backup, _ := topology.Preset("backup-restore")
	unattended, _ := topology.Preset("two-regions")
	unattended.Automation.Off = true
	const east, west = "us-east-1", "us-west-2"
	replicated := func(store, region string) Replicated { return Replicated{Store: store, Region: region} }
	pause := func(store, region string) Spec { return &PauseReplication{Replicated: replicated(store, region)} }
	lag := func(r Replicated, by time.Duration) Spec { return &LagReplication{Replicated: r, Lag: by} }
	hot := Replicated{Store: "objects", Region: west, Prefix: "hot/"}
	items := Replicated{Store: "items", Region: west, Table: topology.ItemsTable}
	for _, c := range []struct {
		in   topology.Topology
		spec Spec
		want []string // each complaint begins so; none is valid
	}{
		{two, &FreezeConfig{Configured{west}}, nil},
		{two, &FreezeConfig{}, []string{"region is missing"}},
		{two, &RollBackConfig{Configured{"mars"}}, []string{`region "mars"`}},
		{two, &DelayConfig{Configured{west}, 5 * time.Second}, nil},
		{two, &DelayConfig{Configured{"mars"}, time.Millisecond}, []string{"region", "delay is 1ms"}},
		{two, &DelayConfig{Configured{west}, time.Hour}, []string{"delay is 1h"}},

		{two, pause("postgres", west), nil},
		{two, &PauseReplication{Replicated: hot}, nil},
		{two, &PauseReplication{Replicated: items}, nil},
		{two, pause("objects", east), nil},
		{two, pause("postgres", east), []string{"region us-east-1 is home"}},
		{two, pause("redis", west), []string{`store "redis"`}},
		{two, &PauseReplication{}, []string{"region is missing", `store ""`}},
		{
			two, &PauseReplication{Replicated: Replicated{Store: "items", Region: west, Prefix: "hot/"}},
			[]string{"prefix"},
		},
		{
			two, &PauseReplication{Replicated: Replicated{Store: "items", Region: west, Table: "others"}},
			[]string{`table "others"`},
		},
		{
			two, &PauseReplication{Replicated: Replicated{Store: "objects", Region: west, Table: topology.ItemsTable}},
			[]string{"table"},
		},
		{backup, pause("postgres", west), []string{"store postgres does not replicate"}},
		{backup, &PauseReplication{Replicated: hot}, []string{"store objects does not replicate"}},
		{backup, &PauseReplication{Replicated: items}, []string{"store items does not replicate"}},
		{two, &PauseReplication{Replicated: replicated("postgres", west), What: "receipt"}, nil},
		{two, &PauseReplication{Replicated: replicated("postgres", west), What: "replay"}, nil},
		{
			two, &PauseReplication{Replicated: replicated("postgres", west), What: "flow"},
			[]string{`what "flow" can't be held back`},
		},
		{
			two, &PauseReplication{Replicated: items, What: "receipt"},
			[]string{`what "receipt" can't go with store items`},
		},
		{
			two, &PauseReplication{Replicated: hot, What: "replay"},
			[]string{`what "replay" can't go with store objects`},
		},
		{two, lag(replicated("postgres", west), time.Second), nil},
		{two, lag(items, 2*time.Second), nil},
		{two, lag(items, time.Second), []string{"lag is 1s"}},
		{two, lag(replicated("postgres", west), 100*time.Millisecond), []string{"lag is 100ms"}},
		{two, &LagReplication{Replicated: replicated("postgres", west), Lag: time.Second, What: "replay"}, nil},
		{
			two, &LagReplication{Replicated: replicated("postgres", west), Lag: time.Second, What: "receipt"},
			[]string{`what "receipt" can't lag`},
		},
		{
			two, &LagReplication{Replicated: hot, Lag: 2 * time.Second, What: "receipt"},
			[]string{`what "receipt" can't go with store objects`},
		},
		{two, &ThrottleReplication{items, 20_000}, nil},
		{two, &ThrottleReplication{replicated("postgres", west), 1_000_000}, nil},
		{two, &ThrottleReplication{items, 1_000_000}, []string{"rate is 1000000"}},
		{two, &ThrottleReplication{hot, 1_500}, []string{"rate is 1500"}},
		{two, &ThrottleReplication{hot, 0}, []string{"rate is 0"}},

		{two, &HangStep{Step{"detect"}}, nil},
		{two, &HangStep{Step{"restore"}}, []string{`step "restore" is not one of the topology`}},
		{backup, &HangStep{Step{"restore"}}, nil},
		{unattended, &HangStep{Step{"fence"}}, []string{"step can't be chosen"}},
		{two, &HangStep{}, []string{"step is missing"}},
		{two, &FailStep{Step{"fence"}, 1}, nil},
		{two, &FailStep{Step{"fences"}, 0}, []string{`step "fences"`, "times is 0"}},
		{two, &RepeatStep{Step{"fences"}}, []string{"step"}},
		{two, &KillAutomation{Step{"redirect"}}, nil},
		{two, &KillAutomation{Step{""}}, []string{"step"}},

		{two, &CutControl{Region: west, Of: "nameservice"}, nil},
		{two, &CutControl{Region: east, Of: "automation"}, nil},
		{two, &CutControl{Region: west, Of: "automation"}, []string{`region "us-west-2" is not watched`}},
		{unattended, &CutControl{Region: east, Of: "automation"}, []string{"of can't be automation"}},
		{two, &CutControl{Region: "mars", Of: "weather"}, []string{"region", `of "weather"`}},
	} {
		err := c.spec.Validate(c.in)
		if len(c.want) == 0 {
			if err != nil {
				t.Errorf("%s %+v: %v", c.spec.Kind(), c.spec, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s %+v was taken", c.spec.Kind(), c.spec)
			continue
		}
		complaints := strings.Split(err.Error(), "\n")
		if len(complaints) != len(c.want) {
			t.Errorf("%s %+v: %d complaints, want %d: %v", c.spec.Kind(), c.spec, len(complaints), len(c.want), err)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(complaints[i], want) {
				t.Errorf("%s %+v: %q does not begin with %q", c.spec.Kind(), c.spec, complaints[i], want)
			}
		}
	}
}

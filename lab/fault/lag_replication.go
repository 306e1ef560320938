package fault

import (
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// LagReplication has everything arrive late. The timescale of a scenario divides the lag.
type LagReplication struct {
	Replicated `yaml:",inline"`
	Lag        time.Duration `yaml:"lag"`
}

// Kind is lag_replication.
func (*LagReplication) Kind() string { return "lag_replication" }

// The bounds of a lag. Below, it could not be told to a tenth: the replicas of PostgreSQL are a few milliseconds behind by themselves, which a
// busy machine makes many; the replicators look every tenth of a second.
const (
	leastLag      = time.Second
	leastStoreLag = 2 * time.Second
	mostLag       = 5 * time.Minute
)

// Validate asks for a store, a region and a lag.
func (f *LagReplication) Validate(t topology.Topology) error {
	least := leastStoreLag
	if f.Store == storePostgres {
		least = leastLag
	}
	return errors.Join(f.validate(t), wholeMS("lag", f.Lag, least, mostLag))
}

// Scaled is the fault at a timescale.
func (f *LagReplication) Scaled(timescale float64) Spec {
	s := *f
	s.Lag = scaled(f.Lag, timescale)
	return &s
}

// For makes the fault ready.
func (f *LagReplication) For(l Lab) (Fault, error) {
	s, err := f.flow(l, f.Kind(), badly{Do: doLag, Lag: f.Lag})
	if err != nil {
		return nil, err
	}
	return &laggingStream{replication: replication{flow: s}, asked: f.Lag}, nil
}

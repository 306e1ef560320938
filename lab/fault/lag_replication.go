package fault

import (
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// LagReplication has everything arrive late. Of PostgreSQL it is the replay that lags. The timescale of a scenario
// divides the lag.
type LagReplication struct {
	Replicated `yaml:",inline"`
	Lag        time.Duration `yaml:"lag" scale:"scaled" about:"The time by which the replica is behind its source."`
	What       string        `yaml:"what" otherwise:"replay" about:"The part of the replication of postgres that is impaired: replay or receipt."`
}

// Kind is lag_replication.
func (*LagReplication) Kind() string { return "lag_replication" }

// Takes is until something has arrived.
func (f *LagReplication) Takes(topology.Topology) Time { return Time{Seen: looks * f.Lag} }

// The bounds of a lag. Below, it could not be told to a tenth: the replicas of PostgreSQL are a few milliseconds
// behind by themselves, which a busy machine makes many; the replicators look every tenth of a second.
const (
	minLag      = time.Second
	minStoreLag = 2 * time.Second
	maxLag      = 5 * time.Minute
)

// Validate asks for a store, a region and a lag.
func (f *LagReplication) Validate(t topology.Topology) error {
	lowest := minStoreLag
	if f.Store == storePostgres {
		lowest = minLag
	}
	return errors.Join(f.validate(t), f.validateLagging(), wholeMS("lag", f.Lag, lowest, maxLag))
}

// validateLagging is a complaint about a receipt that is to lag. The log would have to be late on its way, and who
// waits for it takes a connection for dead on which nothing has come for two seconds, be it while it is being made.
func (f *LagReplication) validateLagging() error {
	if f.What == holdReceipt && f.Store == storePostgres {
		return invalid("what",
			"%q can't lag: a stream that is so late on its way is taken for dead; use pause_replication with what: "+
				"%s, or throttle_replication",
			f.What, holdReceipt)
	}
	return f.validateWhat(f.What)
}

// Scaled is the fault at a timescale.
func (f *LagReplication) Scaled(timescale float64) Spec {
	s := *f
	s.Lag = scaled(f.Lag, timescale)
	return &s
}

func (f *LagReplication) replicates() (Replicated, impairment) {
	return f.Replicated, impairment{Do: doLag, Lag: f.Lag}
}

// For makes the fault ready.
func (f *LagReplication) For(l Lab) (Fault, error) {
	_, by := f.replicates()
	s, err := f.stream(l, f.Kind(), by)
	if err != nil {
		return nil, err
	}
	return &laggingStream{replication: replication{stream: s}, asked: f.Lag}, nil
}

package fault

import (
	"errors"

	"github.com/regionfall/regionfall/lab/topology"
)

// PauseReplication lets nothing more arrive. Of PostgreSQL it is the replay that stands still, or with What receipt
// the receiver.
type PauseReplication struct {
	Replicated `yaml:",inline"`
	What       string `yaml:"what" otherwise:"replay" about:"The part of the replication of postgres that is impaired: replay or receipt."`
}

// Kind is pause_replication.
func (*PauseReplication) Kind() string { return "pause_replication" }

// Takes is for how long nothing arrives.
func (f *PauseReplication) Takes(topology.Topology) Time {
	if f.Store == storePostgres {
		return Time{Seen: looks * walQuiet}
	}
	return Time{Seen: looks * storeQuiet}
}

// Target names what, whereto, and what of it.
func (f *PauseReplication) Target() string {
	if f.What == holdReceipt {
		return "the receipt of " + f.Replicated.Target()
	}
	return f.Replicated.Target()
}

// Validate asks for a store and a region.
func (f *PauseReplication) Validate(t topology.Topology) error {
	return errors.Join(f.validate(t), f.validateWhat(f.What))
}

func (f *PauseReplication) replicates() (Replicated, impairment) {
	if f.What == holdReceipt {
		return f.Replicated, impairment{Do: doStall}
	}
	return f.Replicated, impairment{Do: doPause}
}

// For makes the fault ready.
func (f *PauseReplication) For(l Lab) (Fault, error) {
	_, by := f.replicates()
	s, err := f.stream(l, f.Kind(), by)
	if err != nil {
		return nil, err
	}
	return &pausedStream{replication{stream: s}}, nil
}

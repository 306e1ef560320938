package fault

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Replicated is what reaches a region from the others: a store, or of objects those whose keys begin so.
type Replicated struct {
	Store  string `yaml:"store"`
	Region string `yaml:"region"` // the one that receives
	Prefix string `yaml:"prefix"`
	Table  string `yaml:"table"`
}

// The stores that replicate.
const (
	storePostgres = "postgres"
	storeObjects  = "objects"
	storeItems    = "items"
)

// prefixForm is what keys of objects begin with.
var prefixForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$`)

// Target names what and whereto.
func (r Replicated) Target() string {
	what := r.Store
	switch {
	case r.Prefix != "":
		what += " " + r.Prefix + "…"
	case r.Table != "":
		what += " of " + r.Table
	}
	return what + " to " + r.Region
}

func (r Replicated) validate(t topology.Topology) error {
	err := regionIn(t, "region", r.Region)
	mode := topology.Continuous
	switch r.Store {
	case storePostgres:
		switch {
		case t.Strategy == topology.BackupRestore:
			err = errors.Join(err, errors.New("store postgres does not replicate in this topology: only backups reach the standby"))
		case err == nil && r.Region == t.Home().Name:
			err = fmt.Errorf("region %s is home, where the primary is: give the region that receives", r.Region)
		}
	case storeObjects:
		mode = t.Objects.Mode
	case storeItems:
		mode = t.Items.Mode
	default:
		err = errors.Join(err, fmt.Errorf("store %q does not replicate: use %s, %s or %s", r.Store, storePostgres, storeObjects, storeItems))
	}
	if mode != topology.Continuous {
		err = errors.Join(err, fmt.Errorf("store %s does not replicate in this topology: only backups reach the standby", r.Store))
	}
	if r.Prefix != "" && !prefixForm.MatchString(r.Prefix) {
		err = errors.Join(err, fmt.Errorf("prefix %q is none of an object's key: use letters, digits, _, - and /, such as hot/", r.Prefix))
	}
	if r.Prefix != "" && r.Store != storeObjects {
		err = errors.Join(err, errors.New("prefix is one of the keys of objects: it can't go with another store"))
	}
	if r.Table != "" && (r.Store != storeItems || r.Table != topology.ItemsTable) {
		err = errors.Join(err, fmt.Errorf("table %q does not replicate: store items has one table, %s", r.Table, topology.ItemsTable))
	}
	return err
}

// PauseReplication lets nothing more arrive.
type PauseReplication struct {
	Replicated `yaml:",inline"`
}

// Kind is pause_replication.
func (*PauseReplication) Kind() string { return "pause_replication" }

// Validate asks for a store and a region.
func (f *PauseReplication) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *PauseReplication) For(l Lab) (Fault, error) {
	s, err := f.flow(l, f.Kind(), badly{Do: doPause})
	if err != nil {
		return nil, err
	}
	return &pausedStream{replication{flow: s}}, nil
}

// LagReplication has everything arrive late. It is physical time: a timescale does not divide it.
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

// For makes the fault ready.
func (f *LagReplication) For(l Lab) (Fault, error) {
	s, err := f.flow(l, f.Kind(), badly{Do: doLag, Lag: f.Lag})
	if err != nil {
		return nil, err
	}
	return &laggingStream{replication: replication{flow: s}, asked: f.Lag}, nil
}

// ThrottleReplication lets so many bytes a second arrive.
type ThrottleReplication struct {
	Replicated `yaml:",inline"`
	Rate       int `yaml:"rate"` // bytes a second: of the log, or of the contents of objects or items
}

// Kind is throttle_replication.
func (*ThrottleReplication) Kind() string { return "throttle_replication" }

// The bounds of a rate of objects and items: below, the drill is over before it shows; above, the replicators are no faster.
const (
	minStoreRate = 1_000
	maxStoreRate = 200_000
)

// Validate asks for a store, a region and a rate.
func (f *ThrottleReplication) Validate(t topology.Topology) error {
	least, most := minStoreRate, maxStoreRate
	if f.Store == storePostgres {
		least, most = minRate, maxRate
	}
	err := f.validate(t)
	if f.Rate < least || f.Rate > most || f.Rate%1000 != 0 {
		err = errors.Join(err, fmt.Errorf("rate is %d bytes a second; it must be whole thousands from %d to %d", f.Rate, least, most))
	}
	return err
}

// For makes the fault ready.
func (f *ThrottleReplication) For(l Lab) (Fault, error) {
	s, err := f.flow(l, f.Kind(), badly{Do: doThrottle, Rate: int64(f.Rate)})
	if err != nil {
		return nil, err
	}
	return &throttledStream{replication: replication{flow: s}, asked: float64(f.Rate)}, nil
}

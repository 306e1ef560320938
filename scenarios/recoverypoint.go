package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// RecoveryPoint is how much acknowledged data may be lost.
type RecoveryPoint struct {
	Within file.Duration `yaml:"within,alone,required" example:"15m"`
	Stores *StoreLimits  `yaml:"stores" min:"1" example:"{redis: 1h}" about:"Stores that are held to limits of their own."`
	// by the names of rules
	Rules map[string]file.Duration `yaml:"rules" example:"{hot/: 1h, cold/: 24h}" about:"Rules of replication that are held to limits of their own, by their prefix or table."`
}

// StoreLimits are the limits of stores that have one of their own. Each key is a store's name.
type StoreLimits struct {
	Postgres *file.Duration `yaml:"postgres" example:"0s" about:"Maximum age of writes that PostgreSQL lost."`
	Objects  *file.Duration `yaml:"objects" example:"1h" about:"Maximum age of objects that S3 lost."`
	Items    *file.Duration `yaml:"items" example:"1h" about:"Maximum age of items that DynamoDB lost."`
	Redis    *file.Duration `yaml:"redis" example:"1h" about:"Maximum age of keys that Redis lost."`
	Code     *file.Duration `yaml:"code" example:"1h" about:"Maximum age of what the Go code that runs the drill does not find."`
}

// storeLimit is the limit of a store.
type storeLimit struct {
	store Store
	limit *file.Duration
}

// each are the limits that the file has.
func (l *StoreLimits) each() []storeLimit {
	if l == nil {
		return nil
	}
	all := []storeLimit{
		{history.StorePostgres, l.Postgres},
		{history.StoreObjects, l.Objects},
		{history.StoreItems, l.Items},
		{history.StoreRedis, l.Redis},
		{history.StoreCode, l.Code},
	}
	return slices.DeleteFunc(all, func(s storeLimit) bool { return s.limit == nil })
}

// compile is the objective in lab time.
func (p RecoveryPoint) compile(timescale float64) *measure.RecoveryPointObjective {
	o := &measure.RecoveryPointObjective{Within: p.Within.Lab(timescale)}
	for _, s := range p.Stores.each() {
		if o.Stores == nil {
			o.Stores = map[string]time.Duration{}
		}
		o.Stores[string(s.store)] = s.limit.Lab(timescale)
	}
	for name, limit := range p.Rules {
		if o.Stores == nil {
			o.Stores = map[string]time.Duration{}
		}
		o.Stores[name] = limit.Lab(timescale)
	}
	return o
}

// limitsPath is where the limits of single stores stand.
const limitsPath = "objectives.recovery_point.stores"

// ruleLimitsPath is where the limits of single rules stand.
const ruleLimitsPath = "objectives.recovery_point.rules"

// checkRecoveryPoint complains about limits of stores that are not looked at.
func (f *Format) checkRecoveryPoint(found *file.Complaints, t topology.Topology, a *app.App) {
	if f.Objectives.RecoveryPoint == nil {
		return
	}
	f.checkRuleLimits(found, t)
	for _, s := range f.Objectives.RecoveryPoint.Stores.each() {
		path := limitsPath + "." + string(s.store)
		switch writes := storesOf(a); {
		case !slices.Contains(writes, s.store):
			found.Add(path, "%s: the app does not say how it writes to %s: it has %s", path, s.store,
				strings.Join(toStrings(writes), ", "))
		case !slices.Contains(f.Objectives.Stores, s.store):
			found.Add(path, "%s: %s is not among objectives.stores", path, s.store)
		}
	}
}

// recoveryPoint has a row for the stores of each limit.
func (d table) recoveryPoint() {
	o := d.plan.Judge.RecoveryPoint
	if o == nil {
		return
	}
	stores := map[time.Duration][]string{}
	var limits []time.Duration
	for _, name := range d.plan.Judge.Judged() {
		limit := o.Limit(name)
		if stores[limit] == nil {
			limits = append(limits, limit)
		}
		stores[limit] = append(stores[limit], name)
	}
	for _, limit := range limits {
		what := "  recovery point"
		if limit == 0 {
			what += ", nothing lost"
		}
		d.scheduled(what+" ("+strings.Join(stores[limit], ", ")+")", limit)
	}
}

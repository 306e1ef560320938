package api

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Lag is how far the replicator is behind one source with one store. GET /lag answers a list of them.
type Lag struct {
	Source string `json:"source"` // the region copied from
	Store  string `json:"store"`  // objects or items
	Copied int    `json:"copied"` // since the replicator started
	// LagMS is the age of the oldest thing that was seen and not copied when the last pass ended: 0 when all seen was
	// copied, null before the first pass. What the source holds and nobody has seen is bounded by LastPassMSAgo, not by
	// this.
	LagMS *int64 `json:"lag_ms"`
	// BehindMS is the longest that anything had waited to be copied: of what was copied in the last 2 s, and of what is
	// seen and waits now. It is at least that; what nobody has seen may wait for longer. What a rule holds does not
	// count until it lets go, and then from there. Null before anything was copied or seen to wait.
	BehindMS *int64 `json:"behind_ms"`
	// LastPassMSAgo is how long ago the last pass began that saw all of the source and copied it; null if none did.
	LastPassMSAgo *int64 `json:"last_pass_ms_ago"`
	// WatermarkNS is the stamp (unix, nanoseconds) up to which all items of the source were copied, but for those whose
	// writers were slow: null for objects, which have no such order, and before the first pass.
	WatermarkNS *int64 `json:"watermark_ns"`
	Reachable   bool   `json:"reachable"` // the source answered in the last pass
	Error       string `json:"error"`     // why the last pass failed, or empty
	// Conflicts is how often both regions had written something else under the same key, and the last writer won.
	Conflicts int `json:"conflicts"`
	// What is known where the store has rules; there is one Lag for each then.
	Rule string            `json:"rule,omitempty"`
	When topology.CopyTime `json:"when,omitempty"`
	// After is the rule whose objects come first: what waits for those is not late.
	After string `json:"after,omitempty"`
	Open  bool   `json:"open,omitempty"` // it copies now
	// Backlog is what the source has and the target does not, as of the last look; null where nobody has looked, or for
	// items. DrainMS is how long that takes at the rate of the pass that copied most; null where none copied anything.
	Backlog      *int   `json:"backlog,omitempty"`
	BacklogBytes *int64 `json:"backlog_bytes,omitempty"`
	DrainMS      *int64 `json:"drain_ms,omitempty"`
	// BytesPerSecond is at what rate contents were copied by the pass that copied most of them; 0: none did.
	BytesPerSecond float64 `json:"bytes_per_second,omitempty"`
}

// Prompt says whether copies are to be made at any time.
func (l Lag) Prompt() bool { return l.Rule == "" || l.When == topology.CopyAlways && l.After == "" }

// RestoreOrder has earlier versions of objects brought back: those whose keys begin so, as they were so long ago.
type RestoreOrder struct {
	Prefix string        `json:"prefix"`
	Ago    time.Duration `json:"ago_ns"`
}

// Restored is what came of that.
type Restored struct {
	Objects  int `json:"objects"`  // that there are
	Restored int `json:"restored"` // that were others
}

// RuleRun is what a run of a rule did: POST /schedule/run?rule=RULE answers it at its end.
type RuleRun struct {
	Rule   string `json:"rule"`
	Copied int    `json:"copied"`
}

// Rule tells the replicator to copy badly what it covers. Several stand side by side, and the worst of them counts;
// none outlives the process.
type Rule struct {
	Store  string        `json:"store"`            // objects or items
	Prefix string        `json:"prefix,omitempty"` // of the keys it covers; empty for all
	Do     string        `json:"do"`
	Lag    time.Duration `json:"lag_ns,omitempty"`
	Rate   int64         `json:"rate,omitempty"` // bytes a second, of contents
}

// The stores of rules and lags.
const (
	StoreObjects = "objects"
	StoreItems   = "items"
)

// What a rule can tell.
const (
	RulePause    = "pause"    // copy nothing
	RuleLag      = "lag"      // copy what was written that long ago
	RuleThrottle = "throttle" // copy no faster
)

// Validate says what is wrong with it.
func (r Rule) Validate() error {
	var errs []error
	if r.Store != StoreObjects && r.Store != StoreItems {
		errs = append(errs, fmt.Errorf("store %q is neither %s nor %s", r.Store, StoreObjects, StoreItems))
	}
	switch {
	case r.Do != RulePause && r.Do != RuleLag && r.Do != RuleThrottle:
		errs = append(errs, fmt.Errorf("unknown rule %q: use %s, %s or %s", r.Do, RulePause, RuleLag, RuleThrottle))
	case r.Do == RuleLag && r.Lag <= 0:
		errs = append(errs, fmt.Errorf("invalid rule %q: lag needs a positive duration (got %s)", r.Do, r.Lag))
	case r.Do == RuleThrottle && r.Rate <= 0:
		errs = append(errs, fmt.Errorf("invalid rule %q: rate needs a positive number (got %d)", r.Do, r.Rate))
	}
	return errors.Join(errs...)
}

// Covers says whether it is about a key of a store.
func (r Rule) Covers(store, key string) bool {
	return r.Store == store && strings.HasPrefix(key, r.Prefix)
}

package replicator

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
)

func TestRulesHoldWhatTheyCover(t *testing.T) {
	r := newRules()
	now := time.Unix(1000, 0)
	admit := func(store, key string, at time.Time, written time.Time) (until time.Time, ok bool) {
		err := r.admit(thing{store: store, key: key, written: written, size: 100}, at)
		var h onHold
		if err != nil && !errors.As(err, &h) {
			t.Fatal(err)
		}
		return h.until, err == nil
	}
	if _, ok := admit(api.StoreItems, "a", now, now); !ok {
		t.Error("without a rule something is held")
	}
	r.set("ada", &api.Rule{Store: api.StoreObjects, Prefix: "hot/", Do: api.RulePause})
	if until, ok := admit(api.StoreObjects, "hot/1", now, now); ok || !until.IsZero() {
		t.Errorf("paused, and it may go %t, or at %s", ok, until)
	}
	for _, other := range []thing{{store: api.StoreObjects, key: "cold/1"}, {store: api.StoreItems, key: "hot/1"}} {
		if _, ok := admit(other.store, other.key, now, now); !ok {
			t.Errorf("%+v is held by a rule for other things", other)
		}
	}

	r.set("bob", &api.Rule{Store: api.StoreObjects, Do: api.RuleLag, Lag: 5 * time.Second})
	if until, ok := admit(api.StoreObjects, "cold/1", now, now.Add(-3*time.Second)); ok ||
		!until.Equal(now.Add(2*time.Second)) {
		t.Errorf("written three seconds ago, it may go %t, or at %s", ok, until)
	}
	if _, ok := admit(api.StoreObjects, "cold/1", now, now.Add(-5*time.Second)); !ok {
		t.Error("old enough, and held")
	}
	if _, ok := admit(api.StoreObjects, "hot/1", now, now.Add(-time.Hour)); ok {
		t.Error("a lag undoes a pause")
	}
	if !r.lags(api.StoreObjects, "hot/1") || r.lags(api.StoreItems, "hot/1") {
		t.Error("it does not know what a lag covers")
	}
	r.set("ada", nil)
	if _, ok := admit(api.StoreObjects, "hot/1", now, now.Add(-time.Hour)); !ok {
		t.Error("a rule that is gone holds")
	}
}

func TestThrottledRateIsKept(t *testing.T) {
	r := newRules()
	r.set("ada", &api.Rule{Store: api.StoreItems, Do: api.RuleThrottle, Rate: 1000})
	start := time.Unix(1000, 0)
	// Passes come each 100 ms and find more than may go; a thing is of 70 bytes.
	copied, first := 0, 0
	for now := start; now.Before(start.Add(20 * time.Second)); now = now.Add(100 * time.Millisecond) {
		for range 1000 {
			if r.admit(thing{store: api.StoreItems, key: "a", size: 70}, now) != nil {
				break
			}
			copied += 70
		}
		if first == 0 {
			first = copied // what was saved up
		}
	}
	if rate := float64(copied-first) / 20; rate < 980 || rate > 1020 {
		t.Errorf("%g bytes a second were copied, told were 1000", rate)
	}
	if first > 600 {
		t.Errorf("%d bytes went at once", first)
	}
}

func TestRulesOverHTTP(t *testing.T) {
	r := newRules()
	mux := http.NewServeMux()
	r.routes(mux)
	call := func(method, path string, in any) (map[string]api.Rule, int) {
		return agenttest.Call[map[string]api.Rule](t, mux, method, path, in)
	}
	changed := r.change()
	rule := api.Rule{Store: api.StoreObjects, Do: api.RulePause}
	if all, code := call(http.MethodPut, "/rules/ada", rule); code != 200 || all["ada"] != rule {
		t.Errorf("PUT: %d, %+v", code, all)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody is told of the new rule")
	}
	for _, bad := range []any{
		api.Rule{Store: "tapes", Do: api.RulePause},
		api.Rule{Store: api.StoreItems},
		api.Rule{Store: api.StoreItems, Do: api.RuleLag},
		map[string]int{"lag": 1},
	} {
		if _, code := call(http.MethodPut, "/rules/bob", bad); code != http.StatusBadRequest {
			t.Errorf("%+v was answered %d", bad, code)
		}
	}
	for range 2 { // twice is once
		if all, code := call(http.MethodDelete, "/rules/ada", nil); code != 200 || len(all) != 0 {
			t.Errorf("DELETE: %d, %+v", code, all)
		}
	}
}

func TestARuleIsNoFailure(t *testing.T) {
	c, _ := newCrew(t.Context())
	at := time.Unix(100, 0)
	for i := range 2 * store.Calls {
		c.hold(at.Add(time.Duration(i)*time.Second), onHold{until: at.Add(time.Minute)})
	}
	c.hold(at, onHold{})
	pass, err := c.wait()
	if err != nil || !pass.pending.Equal(at) || !pass.due.Equal(at.Add(time.Minute)) {
		t.Errorf("got %+v, %v", pass, err)
	}
}

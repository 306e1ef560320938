package replicator

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func copierBetween(from, to api.Stores) *objectCopier { return newObjectCopier(from, to, newRules()) }

func pass(t *testing.T, c *objectCopier) copyPass {
	t.Helper()
	p, err := c.pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// past has a copier believe that what it saw so far was seen long ago, and that listings of all are dear.
func past(c *objectCopier) {
	for i := range c.horizon.marks {
		c.horizon.marks[i].at = time.Now().Add(-2 * lookBack)
	}
	c.horizon.hasBeenCut, c.horizon.cost, c.horizon.whole = true, time.Hour, time.Now()
}

func TestWhatIsNewIsCopiedByAShortListing(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	for i := range 500 {
		source.Write(fmt.Sprintf("documents/%04d", i), "us-east-1")
	}
	c := copierBetween(from, to)
	if p := pass(t, c); p.copied != 500 || !p.whole {
		t.Fatalf("%+v", p)
	}
	source.Count()
	target.Count()
	past(c)
	if p := pass(t, c); p.copied != 0 || p.whole {
		t.Errorf("nothing new: %+v", p)
	}
	if got, want := source.Count(), "LIST 1 of 0 HEAD 0 GET 0 PUT 0"; got != want {
		t.Errorf("nothing new: the source was asked %s, want %s", got, want)
	}
	for i := range 5 {
		source.Write(fmt.Sprintf("documents/%04d", 500+i), "us-east-1")
	}
	past(c)
	if p := pass(t, c); p.copied != 5 || p.behind <= 0 || p.behind > time.Minute {
		t.Errorf("five new: %+v", p)
	}
	if got, want := source.Count(), "LIST 1 of 5 HEAD 0 GET 5 PUT 0"; got != want {
		t.Errorf("the source was asked %s, want %s", got, want)
	}
	if got, want := target.Count(), "LIST 1 of 0 HEAD 0 GET 0 PUT 5"; got != want {
		t.Errorf("the target was asked %s, want %s", got, want)
	}
}

func TestCopiesThatComeBackCostOneListing(t *testing.T) {
	home, homeAt := agenttest.NewObjectStore(t, "us-east-1")
	other, otherAt := agenttest.NewObjectStore(t, "us-west-2")
	there, back := copierBetween(homeAt, otherAt), copierBetween(otherAt, homeAt)
	home.Write("documents/0001", "us-east-1")
	pass(t, there)
	pass(t, back)
	for i := range 4 {
		home.Write(fmt.Sprintf("documents/%04d", 2+i), "us-east-1")
	}
	past(there)
	past(back)
	pass(t, there)
	home.Count()
	other.Count()
	if p := pass(t, back); p.copied != 0 {
		t.Errorf("copied back: %+v", p)
	}
	if got, want := home.Count()+", "+other.Count(),
		"LIST 1 of 4 HEAD 0 GET 0 PUT 0, LIST 1 of 4 HEAD 0 GET 0 PUT 0"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestAllIsFoundInTheEnd(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	for _, key := range []string{"documents/5", "documents/6"} {
		source.Write(key, "us-east-1")
	}
	c := copierBetween(from, to)
	pass(t, c)
	past(c)
	source.Write("documents/1", "us-east-1") // not where new keys are expected
	source.Write("documents/6", "us-west-3") // an overwrite
	if p := pass(t, c); p.copied != 0 || p.whole {
		t.Fatalf("a short listing saw it: %+v", p)
	}
	past(c)
	c.horizon.whole = time.Now().Add(-wholeAtMost)
	if p := pass(t, c); p.copied != 2 || !p.whole {
		t.Errorf("%+v", p)
	}
	if got := target.Keys(); !slices.Equal(got, source.Keys()) {
		t.Errorf("the target has %v", got)
	}
}

func TestWhatARuleHeldIsSeenAgainByAShortListing(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	_, to := agenttest.NewObjectStore(t, "us-west-2")
	source.Write("documents/1", "us-east-1")
	rules := newRules()
	c := newObjectCopier(from, to, rules)
	pass(t, c)
	rules.set("me", &api.Rule{
		Store: api.StoreObjects, Prefix: "documents/2", Do: api.RuleLag,
		Lag: 50 * time.Millisecond,
	})
	pass(t, c) // the rules are known now: each change has all that waits looked at again
	source.Write("documents/2", "us-east-1")
	if p := pass(t, c); p.copied != 0 || p.pending.IsZero() || p.due.IsZero() {
		t.Fatalf("it was not held: %+v", p)
	}
	source.Write("documents/3", "us-east-1")
	pass(t, c)
	past(c)
	for limit := time.Now().Add(10 * time.Second); ; {
		if p := pass(t, c); p.whole {
			t.Fatalf("all was listed: %+v", p)
		} else if p.copied == 1 {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("what was held is never copied")
		}
		past(c)
	}
}

// A rule copies what no rule above it covers: that is copied as those say, which may be later.
func TestARuleLeavesTheKeysOfEarlierRulesAlone(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	_, to := agenttest.NewObjectStore(t, "us-west-2")
	for _, key := range []string{"hot/archive/1", "hot/1", "cold/1", "hot/" + topology.LocalWord + "1"} {
		source.Write(key, "us-east-1")
	}
	all := copierBetween(from, to)
	all.keys = keyRange{"hot/", []string{"hot/archive/"}}
	if p := pass(t, all); p.copied != 1 {
		t.Errorf("hot/ without hot/archive/: %+v", p)
	}
	archive := copierBetween(from, to)
	archive.keys = keyRange{prefix: "hot/archive/"}
	if p := pass(t, archive); p.copied != 1 {
		t.Errorf("hot/archive/: %+v", p)
	}
}

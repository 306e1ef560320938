package replicator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/api"
)

// behindMS is how far a lane says it is behind; -1 is not known.
func behindMS(l *lane) int64 {
	if ms := l.state().BehindMS; ms != nil {
		return *ms
	}
	return -1
}

func TestBehindIsTheLongestThatAnythingWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lane{}
		want := func(when string, want int64) {
			t.Helper()
			if got := behindMS(l); got != want {
				t.Errorf("%s: %d ms behind, want %d", when, got, want)
			}
		}
		want("before the first pass", -1)
		l.note(time.Now(), copyPass{whole: true}, nil)
		want("when there was nothing to copy", -1)
		l.note(time.Now(), copyPass{copied: 2, behind: 700 * time.Millisecond}, nil)
		time.Sleep(time.Second)
		l.note(time.Now(), copyPass{copied: 1, behind: 300 * time.Millisecond}, nil)
		want("the worst of two passes", 700)
		time.Sleep(time.Second + time.Millisecond)
		want("the first pass is long ago", 300)
		time.Sleep(time.Second)
		want("all was copied, and nothing lately", 0)

		refused := time.Now()
		l.note(time.Now(), copyPass{late: refused, pending: refused}, errors.New("put refused"))
		time.Sleep(3 * time.Second)
		want("the target refuses", 3000)
		l.note(time.Now(), copyPass{}, sourceError{errors.New("list refused")})
		time.Sleep(time.Second)
		want("the source is gone as well", 4000)
		l.note(time.Now(), copyPass{copied: 1, behind: 4 * time.Second}, nil)
		want("it was copied at last", 4000)
		time.Sleep(behindFor + time.Millisecond)
		want("long ago", 0)
	})
}

// A pass takes as long as what it copies. What it has begun with waits, and nobody has to wait for its end to see that.
func TestWhatIsUnderWayIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &underWay{}
		l := &lane{underWay: u}
		var leave []func()
		for i := range 3 {
			leave = append(leave, u.enter(time.Now().Add(-time.Duration(i)*time.Second-time.Millisecond)))
		}
		time.Sleep(time.Second)
		if got := behindMS(l); got != 3001 {
			t.Errorf("%d ms behind, want 3001", got)
		}
		for _, done := range leave {
			done()
		}
		if got := behindMS(l); got != 0 {
			t.Errorf("all that was under way is done: %d ms behind", got)
		}
	})
}

// What the target has already, because it comes from there or by another way, is looked at and not waited for.
func TestOnlyWhatIsMissingIsUnderWay(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	c := copierBetween(from, to)
	l := &lane{underWay: &c.underWay}
	seen := int64(-1)
	source.On = func(verb string) {
		if verb == "GET" {
			seen = max(seen, behindMS(l))
		}
	}
	target.On = func(verb string) {
		if verb == "HEAD" {
			seen = max(seen, behindMS(l))
		}
	}
	c.begun = true // it looks each object up
	source.WriteAt("documents/1", "us-west-2", time.Now().Add(-time.Hour))
	target.Objects["documents/1"] = source.Objects["documents/1"]
	if p := pass(t, c); p.copied != 0 || seen != -1 {
		t.Errorf("behind by %d ms for what is there: %+v", seen, p)
	}
	source.WriteAt("documents/2", "us-east-1", time.Now().Add(-time.Minute))
	if p := pass(t, c); p.copied != 1 || seen < 50_000 || seen > 70_000 {
		t.Errorf("behind by %d ms for what is missing, want about 59000: %+v", seen, p)
	}
}

func TestWhatARuleHoldsIsNotBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lane{}
		crew, ctx := newCrew(t.Context())
		written := time.Now()
		time.Sleep(time.Minute)
		crew.hold(written, onHold{})
		crew.do(ctx, written, func(context.Context) (result, error) { return result{}, onHold{} })
		pass, err := crew.wait()
		if err != nil {
			t.Fatal(err)
		}
		l.note(time.Now(), pass, nil)
		if s := l.state(); s.BehindMS != nil || *s.LagMS != 60_000 {
			t.Errorf("held by a rule: %+v", s)
		}
	})
}

func TestStoresThatDateToTheSecondDoNotMakeThingsOlder(t *testing.T) {
	whole := time.Unix(100, 0)
	if got := latestWritten(whole); !got.Equal(whole.Add(time.Second)) {
		t.Errorf("%s was written at %s at the latest", whole, got)
	}
	exact := time.Unix(100, 1)
	if got := latestWritten(exact); !got.Equal(exact) {
		t.Errorf("%s was written at %s at the latest", exact, got)
	}
}

// What was held counts from when the rule let go, whatever it was that let it go.
func TestWhatARuleLetGoIsBehindFromThere(t *testing.T) {
	for name, free := range map[string]func(*rules){
		"the rule is taken away": func(r *rules) { r.set("me", nil) },
		"its time is over": func(r *rules) {
			r.set("me",
				&api.Rule{Store: api.StoreObjects, Do: api.RuleLag, Lag: time.Minute})
		},
	} {
		t.Run(name, func(t *testing.T) {
			source, from := agenttest.NewObjectStore(t, "us-east-1")
			_, to := agenttest.NewObjectStore(t, "us-west-2")
			rules := newRules()
			rules.set("me", &api.Rule{Store: api.StoreObjects, Do: api.RulePause})
			c := newObjectCopier(from, to, rules)
			source.WriteAt("documents/1", "us-east-1", time.Now().Add(-2*time.Minute))
			if p := pass(t, c); p.copied != 0 || p.pending.IsZero() || !p.late.IsZero() {
				t.Fatalf("it was not held: %+v", p)
			}
			free(rules)
			if p := pass(t, c); p.copied != 1 || p.behind <= 0 || p.behind > time.Minute {
				t.Errorf("copied, and %s behind: %+v", p.behind, p)
			}
			if len(c.waits) > 0 {
				t.Errorf("remembered for ever: %v", c.waits)
			}
		})
	}
}

// What a rule held is looked for once more when it lets go, even where a short listing would not begin so early; and
// not for ever.
func TestWhatWasHeldAndIsGoneIsForgotten(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	_, to := agenttest.NewObjectStore(t, "us-west-2")
	rules := newRules()
	c := newObjectCopier(from, to, rules)
	source.Write("documents/2", "us-east-1")
	pass(t, c)
	rules.set("me", &api.Rule{Store: api.StoreObjects, Do: api.RulePause})
	source.Write("documents/1", "us-east-1")
	source.Write("documents/3", "us-east-1")
	if pass(t, c); len(c.waits) != 2 {
		t.Fatalf("held: %v", c.waits)
	}
	delete(source.Objects, "documents/3")
	past(c)
	rules.set("me", nil)
	if p := pass(t, c); p.copied != 1 || p.whole {
		t.Errorf("let go: %+v", p)
	}
	if len(c.waits) > 0 {
		t.Errorf("remembered for ever: %v", c.waits)
	}
}

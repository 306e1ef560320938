package replicator

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func newTestSchedule(t *testing.T, file string) *schedule {
	t.Helper()
	s, err := newSchedule(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAWindowOpensEachDay(t *testing.T) {
	began := time.Unix(1000, 0)
	for _, c := range []struct {
		what         string
		opens, after time.Duration
		open         bool
		until        time.Duration // after the beginning
	}{
		{"before it opens", 90 * time.Second, 89 * time.Second, false, 90 * time.Second},
		{"as it opens", 90 * time.Second, 90 * time.Second, true, 390 * time.Second},
		{"before it closes", 90 * time.Second, 389 * time.Second, true, 390 * time.Second},
		{"as it closes", 90 * time.Second, 390 * time.Second, false, 1530 * time.Second},
		{"a day later", 90 * time.Second, 1530 * time.Second, true, 1830 * time.Second},
		{"open from the beginning", -60 * time.Second, 0, true, 240 * time.Second},
	} {
		s := newTestSchedule(t, "")
		rule := topology.CopyRule{
			Name: "cold/", When: topology.CopyWindow, Opens: c.opens, Lasts: 300 * time.Second,
			Every: 1440 * time.Second,
		}
		if g := s.look("cold/", rule, began); g.open || !g.until.IsZero() {
			t.Errorf("%s: open before there is a schedule: %+v", c.what, g)
		}
		s.begin(began)
		g := s.look("cold/", rule, began.Add(c.after))
		if g.open != c.open || g.until.Sub(began) != c.until {
			t.Errorf("%s: open %t until %s, want %t until %s", c.what, g.open, g.until.Sub(began), c.open, c.until)
		}
	}
}

func TestACadenceRunsOnceEachTime(t *testing.T) {
	began := time.Unix(1000, 0)
	s := newTestSchedule(t, "")
	rule := topology.CopyRule{Name: "hot/", When: topology.CopyEvery, Every: time.Minute}
	s.begin(began)
	for _, c := range []struct {
		after time.Duration
		open  bool
		run   int
	}{{0, true, 1}, {time.Second, false, 1}, {time.Minute, true, 2}, {5 * time.Minute, true, 6}} {
		g := s.look("hot/", rule, began.Add(c.after))
		if g.open != c.open || g.run != c.run {
			t.Errorf("after %s: %+v", c.after, g)
		}
		if c.run != 2 { // one that takes too long is gone on with
			s.done("hot/", g.run, 0)
		}
	}
}

// labOfRules is a replicator that copies from one store to another by rules.
type labOfRules struct {
	*replicator
	mux   *http.ServeMux
	marks *runtime.Marks
}

func startReplicator(t *testing.T, file string, from, to api.Stores, rules ...topology.CopyRule) *labOfRules {
	t.Helper()
	l := &labOfRules{mux: http.NewServeMux(), marks: runtime.NewMarks("replicator.us-west-2")}
	made, err := New(api.ReplicatorConfig{
		Region: "us-west-2", Local: to, Sources: []api.Stores{from}, Objects: true, ObjectRules: rules,
		Every: 10 * time.Millisecond, Repository: "http://127.0.0.1:1", PublishedFile: "p", ConfigFile: "c",
		ScheduleFile: file,
	}, l.marks)
	if err != nil {
		t.Fatal(err)
	}
	l.replicator = made.(*replicator)
	l.Routes(l.mux)
	for _, one := range l.lanes {
		go one.run(t.Context(), l.every)
	}
	return l
}

func (l *labOfRules) run(t *testing.T, rule string) (api.RuleRun, int) {
	t.Helper()
	return agenttest.Call[api.RuleRun](t, l.mux, http.MethodPost, "/schedule/run?rule="+rule, nil)
}

func (l *labOfRules) lagOf(rule string) api.Lag {
	for _, one := range l.lanes {
		if one.rule.Name == rule {
			return one.state()
		}
	}
	return api.Lag{}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not in 10 s", what)
		}
	}
}

func TestAJobCopiesWhatIsThere(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	for i := range 3 {
		source.Write(fmt.Sprintf("hot/%d", i), "us-east-1")
		source.Write(fmt.Sprintf("warm/%d", i), "us-east-1")
	}
	source.Write("other/1", "us-east-1")
	l := startReplicator(t, "", from, to, topology.CopyRule{Name: "hot/", Prefix: "hot/", When: topology.CopyJob},
		topology.CopyRule{Name: "warm/", Prefix: "warm/", When: topology.CopyAlways})
	eventually(t, "what is always copied", func() bool { return len(target.Keys()) == 3 })
	eventually(t, "the backlog", func() bool { n := l.lagOf("hot/").Backlog; return n != nil && *n == 3 })
	if lag := l.lagOf("hot/"); lag.Open || lag.BehindMS != nil || lag.Prompt() {
		t.Errorf("nobody ran it: %+v", lag)
	}
	if run, code := l.run(t, "hot/"); code != http.StatusOK || run.Copied != 3 {
		t.Fatalf("%d %+v", code, run)
	}
	source.Write("hot/9", "us-east-1")
	if got := fmt.Sprint(target.Keys()); got != "[hot/0 hot/1 hot/2 warm/0 warm/1 warm/2]" {
		t.Errorf("there is %s", got)
	}
	eventually(t, "the backlog", func() bool { n := l.lagOf("hot/").Backlog; return n != nil && *n == 1 })
	if run, code := l.run(t, "hot/"); code != http.StatusOK || run.Copied != 1 {
		t.Errorf("the second run: %d %+v", code, run)
	}
	for _, rule := range []string{"warm/", "nothing"} {
		if _, code := l.run(t, rule); code != http.StatusNotFound {
			t.Errorf("%s is no job, and was run: %d", rule, code)
		}
	}
	var names []string
	reply, _, _ := l.marks.Since(0)
	for _, m := range reply.Marks {
		names = append(names, m.Name)
	}
	if got := fmt.Sprint(names); got != "[replication_opened replicated replication_opened replicated]" {
		t.Errorf("marks %s", got)
	}
}

func TestAReplicatorGoesOnAfterItsDeath(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	for i := range 40 {
		source.Write(fmt.Sprintf("hot/%02d", i), "us-east-1")
	}
	file := filepath.Join(t.TempDir(), "schedule.json")
	rule := topology.CopyRule{Name: "hot/", Prefix: "hot/", When: topology.CopyJob}
	before := newTestSchedule(t, file)
	before.order("hot/")
	first := newObjectCopier(from, to, newRules()) // of a process that dies in the middle of the run
	first.keys.prefix = "hot/"
	for i := range 20 {
		key := fmt.Sprintf("hot/%02d", i)
		if _, err := first.copy(t.Context(), key, listed{}, 1); err != nil {
			t.Fatal(err)
		}
	}
	target.Count()
	startReplicator(t, file, from, to, rule)
	eventually(t, "the rest", func() bool { return len(target.Keys()) == 40 })
	if got := target.Count(); got[len(got)-len("PUT 20"):] != "PUT 20" {
		t.Errorf("the target was asked %s, want 20 to be put", got)
	}
	eventually(t, "the end of the run", func() bool {
		return newTestSchedule(t,
			file).kept.Done["hot/ of us-east-1"] == 1
	})
}

func TestAManifestComesAfterWhatItNames(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	hot := newObjectCopier(from, to, newRules())
	hot.keys.prefix = "hot/"
	l := &lane{}
	manifests := newObjectCopier(from, to, newRules())
	manifests.keys.prefix, manifests.isReady = "manifests/", l.hasCopiedSince
	source.Write("hot/1", "us-east-1")
	source.Write("manifests/1", "us-east-1")
	for range 2 {
		if p := pass(t, manifests); p.copied != 0 || p.due.IsZero() || p.waits.things != 1 {
			t.Fatalf("nobody has copied what it names: %+v", p)
		}
	}
	began := time.Now()
	p := pass(t, hot)
	l.note(began, p, nil)
	time.Sleep(2 * readyAgain)
	if p := pass(t, manifests); p.copied != 1 {
		t.Errorf("it is held: %+v", p)
	}
	source.Write("hot/2", "us-east-1")
	source.Write("manifests/1", "us-west-3") // which may name hot/2
	if p := pass(t, manifests); p.copied != 0 {
		t.Errorf("a newer one is not held: %+v", p)
	}
	if got := fmt.Sprint(target.Keys()); got != "[hot/1 manifests/1]" {
		t.Errorf("there is %s", got)
	}
}

func TestConflictsAreCounted(t *testing.T) {
	source, from := agenttest.NewObjectStore(t, "us-east-1")
	target, to := agenttest.NewObjectStore(t, "us-west-2")
	at := time.Now()
	source.WriteAt("a", "us-east-1", at)
	target.WriteAt("a", "us-west-2", at.Add(time.Second)) // wins
	source.WriteAt("b", "us-east-1", at.Add(time.Second)) // wins
	target.WriteAt("b", "us-west-2", at)
	source.WriteAt("c", "us-east-1", at)
	c := copierBetween(from, to)
	if p := pass(t, c); p.conflicts != 2 || p.copied != 2 {
		t.Errorf("%+v", p)
	}
	if p := pass(t, c); p.conflicts != 0 || p.copied != 0 {
		t.Errorf("once more: %+v", p)
	}
}

func TestAWindowThatClosesIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rule := topology.CopyRule{
			Name: "cold/", When: topology.CopyWindow, Lasts: time.Second, Every: time.Minute,
		}
		s := newTestSchedule(t, "")
		l := &lane{rule: rule, schedule: s, marks: runtime.NewMarks("r"), rules: newRules()}
		passes := 0
		l.pass = func(ctx context.Context) (copyPass, error) {
			passes++
			<-ctx.Done()
			return copyPass{pending: time.Now()}, ctx.Err()
		}
		s.begin(time.Now())
		go l.run(t.Context(), time.Millisecond)
		time.Sleep(30 * time.Second)
		if lag := l.state(); passes != 1 || lag.Error != "" || lag.Open {
			t.Errorf("%d passes, %+v", passes, lag)
		}
	})
}

package runner

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
)

func TestACheckFindsAWriteInEveryRegion(t *testing.T) {
	c := checkerOf(t, keeps("us-east-1", "us-west-2"))
	if err := c.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := c.seen; len(s.Found) != 2 || s.Found[0].Region != "us-east-1" || s.Found[0].Err != nil ||
		s.Found[1].Err != nil || s.Read == nil || s.Read.ID != s.Write.ID || s.Write.Outcome != history.OK {
		t.Errorf("it saw %+v", *c.seen)
	}
	// Another region may have nothing of it yet, and that is told.
	c = checkerOf(t, keeps("us-east-1"))
	if err := c.settle(t.Context()); err != nil || !errors.Is(c.seen.Found[1].Err, errNotThere) {
		t.Errorf("%v: %+v", err, c.seen.Found)
	}
}

// The load is held for long enough to tell, which may be longer than the scenario has it.
func TestACheckSaysWhenTheLoadHadHeld(t *testing.T) {
	t.Parallel()
	c := checkerOf(t, keeps("us-east-1"))
	c.plan.Workload.Writes, c.plan.Workload.Reads = 20, 0 // five writes take 250 ms
	c.plan.Steady.Hold, c.plan.Steady.Within = time.Millisecond, 10*time.Second
	if err := c.hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l := c.seen.Load; l.After < 250*time.Millisecond || l.Writes < 5 {
		t.Errorf("it saw %+v", *l)
	}
}

func TestACheckSaysWhatAnAppDoesOtherwiseThanItsFile(t *testing.T) {
	for name, c := range map[string]struct {
		handle func(l *shopLab, w http.ResponseWriter, r *http.Request)
		want   string
	}{
		"no write is acknowledged": {
			func(_ *shopLab, w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "no title", http.StatusConflict)
			},
			"shop.yaml:9:3: operations.write: it is not acknowledged: status 409",
		},
		"it is in no store": {keeps(), "shop.yaml:11:20: stores.postgres: v-"},
		"the store has others": {
			func(l *shopLab, w http.ResponseWriter, r *http.Request) {
				l.hold("17", "us-east-1")
				keeps()(l, w, r)
			},
			`is not found in us-east-1 within 300ms: it holds 1 others, such as "17"`,
		},
		"only the other region has it": {
			keeps("us-west-2"),
			"is not found in us-east-1 within 300ms: it holds nothing",
		},
		"the query is none": {
			func(l *shopLab, w http.ResponseWriter, r *http.Request) {
				keeps("us-east-1")(l, w, r)
				l.mu.Lock()
				defer l.mu.Unlock()
				l.err = errors.New("no such column")
			},
			"stores.postgres: it can't be read in us-east-1: no such column",
		},
		"a read finds nothing": {
			func(l *shopLab, w http.ResponseWriter, r *http.Request) {
				keeps("us-east-1")(l, w, r)
				if r.Method == http.MethodGet {
					http.NotFound(w, r)
				}
			},
			"shop.yaml:10:3: operations.read: it does not find v-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := checkerOf(t, c.handle)
			err := check.settle(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || len(file.Problems(err)) != 1 {
				t.Fatalf("%v, want %q", err, c.want)
			}
			logged := check.withLog(t.Context(), err)
			if !strings.HasSuffix(logged.Error(),
				"\nthe log of app-1.us-east-1 ends:\n    line of app-1.us-east-1\n    another") ||
				len(file.Problems(logged)) != 1 {
				t.Errorf("with its log: %v", logged)
			}
		})
	}
}

func TestALabThatDoesNotComeUpForItsAppSaysWhere(t *testing.T) {
	a := shopPlan(t, strings.Replace(shop, "health: /up", "health: /up\nready: /ready", 1)).App
	plain := shopPlan(t, shop).App
	late := func(err error) error {
		return fmt.Errorf("bring up the lab: %w", &lab.NotReady{
			Node: "app-1.us-east-1", Service: topology.ServiceApp, Err: err, Log: "panic: no database",
		})
	}
	runs := lab.App{Image: "shop:1", Port: 9000, Health: "/up", Ready: "/ready"}
	sample := lab.App{Port: 9000, Health: "/up", Ready: "/ready"}
	lacks := func(what api.AppLack, why string) error {
		return late(fmt.Errorf("last seen: %w", lab.AppNotReady{Lacks: what, Why: why}))
	}
	for name, c := range map[string]struct {
		app  *app.App
		runs lab.App
		err  error
		want string
	}{
		"nobody listens": {
			a, runs, lacks(api.LacksPort, "connection refused"),
			"shop.yaml:3:7: port: nobody answers on port 9000 of app-1.us-east-1: does the app listen on another one",
		},
		"not ready": {
			a, runs, lacks(api.LacksAnswer, "http://app-1:9000/ready answered 500 no database"),
			"shop.yaml:5:8: ready: app-1.us-east-1 is not ready: http://app-1:9000/ready answered 500 no database",
		},
		"its answer lacks what it must hold": {
			a, runs, lacks(api.LacksAnswer, `http://app-1:9000/ready answered without "db":true: {"db":false}`),
			"shop.yaml:5:8: ready: app-1.us-east-1 is not ready: http://app-1:9000/ready answered without " +
				`"db":true: {"db":false}`,
		},
		"not ready by its health": {
			plain, runs, lacks(api.LacksAnswer, "http://app-1:9000/up answered 500"),
			"shop.yaml:4:9: health: app-1.us-east-1 is not ready: http://app-1:9000/up answered 500",
		},
		"it does not run": {
			a, runs, lacks(api.LacksProcess, "the app ended with exit code 1"),
			"shop.yaml:8:1: command: app-1.us-east-1 is not ready: the app ended with exit code 1",
		},
		"stopped": {
			a, runs, late(lab.ErrStopped),
			"shop.yaml:8:1: command: its node app-1.us-east-1 stopped before it was ready",
		},
		"the sample app, not ready": {
			a, sample, late(api.StatusError{Code: 503}),
			"shop.yaml:5:8: ready: app-1.us-east-1 goes on answering GET /ready with status 503",
		},
		"the sample app does not listen": {
			a, sample, late(io.EOF), "shop.yaml:3:7: port: nobody answers on port 9000 of app-1.us-east-1",
		},
	} {
		err := placed(c.app, c.runs, c.err)
		if !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), "ends:\n    panic: no database") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	// What it has told of itself is all that its log has.
	again := &lab.NotReady{
		Node: "app-1.us-east-1", Service: topology.ServiceApp,
		Err: lab.Reported("the app ended with exit code 1 after 0.1 s, 10 times in a row; its last lines: no database"),
	}
	if err := placed(a, runs, again); len(file.Problems(err)) != 1 || !strings.HasPrefix(err.Error(),
		"shop.yaml:8:1: command: app-1.us-east-1 does not stay up: the app ended with exit code 1 after 0.1 s, 10 times "+
			"in a row; its last lines: no database") {
		t.Errorf("it goes on ending: %v", err)
	}
	other := &lab.NotReady{Node: "postgres.us-east-1", Service: topology.ServicePostgres, Err: io.EOF}
	// Nobody knows of the app where its supervisor does not answer.
	for _, err := range []error{other, io.EOF, late(io.EOF)} {
		if got := placed(a, runs, err); !errors.Is(got, err) || len(file.Problems(got)) > 0 {
			t.Errorf("%v is told as %v", err, got)
		}
	}
}

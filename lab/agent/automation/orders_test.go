package automation

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// ordered runs a failover in which a fault ordered something of a step, and returns its marks.
func ordered(t *testing.T, step string, to api.StepFault, d time.Duration,
	meanwhile func(*automation),
) (marks []agenttest.Mark, done int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		promote := fakeStep("promote", nil)
		a := rig(diesAt(time.Second), promote)
		if err := a.runner.orders.set(step, to); err != nil {
			t.Fatal(err)
		}
		go meanwhile(a)
		marks, _ = runFor(t, a, d)
		done = int(promote.times.Load())
	})
	return marks, done
}

func nothing(*automation) {}

func TestAStepIsHungUntilItIsLetGo(t *testing.T) {
	marks, done := ordered(t, "promote", api.StepFault{Do: api.OrderHang}, time.Minute, func(a *automation) {
		time.Sleep(15 * time.Second)
		for _, do := range []string{api.OrderFail, api.OrderHang} { // the first is somebody else's
			if err := a.runner.orders.withdraw("promote", do); err != nil {
				t.Error(err)
			}
		}
	})
	agenttest.Expect(t, marks[3:],
		agenttest.At(1700*ms, api.MarkHung, "promote"),
		agenttest.At(11700*ms, api.MarkFailed, "promote: not done within 10s: told to hang: context deadline exceeded"),
		agenttest.At(11800*ms, api.MarkHung, "promote"),
		agenttest.At(15000*ms, "promoted", "fine"),
	)
	if done != 1 {
		t.Errorf("it was done %d times", done)
	}
}

func TestAStepFailsAsOftenAsOrderedAndIsThenDone(t *testing.T) {
	marks, done := ordered(t, "promote", api.StepFault{Do: api.OrderFail, Times: 3}, time.Minute, nothing)
	agenttest.Expect(t, marks[3:], agenttest.At(1700*ms, api.MarkFailed, "promote: told to fail"),
		agenttest.At(2000*ms, "promoted", "fine"))
	if done != 1 {
		t.Errorf("it was done %d times", done)
	}
}

func TestAStepIsRepeated(t *testing.T) {
	marks, done := ordered(t, "promote", api.StepFault{Do: api.OrderRepeat}, time.Minute, nothing)
	agenttest.Expect(t, marks[3:], agenttest.At(1700*ms, "promoted", "fine"), agenttest.At(1700*ms, "promoted", "fine"))
	if done != 2 {
		t.Errorf("it was done %d times", done)
	}
}

func TestDetectionAndDecisionAreStepsToo(t *testing.T) {
	marks, _ := ordered(t, api.StepDetect, api.StepFault{Do: api.OrderFail, Times: 2}, time.Minute, nothing)
	agenttest.Expect(t, marks[:2], agenttest.At(1200*ms, api.MarkFailed, "detect: told to fail"),
		agenttest.At(1400*ms, api.MarkDetected, "gone"))

	marks, done := ordered(t, api.StepDecide, api.StepFault{Do: api.OrderHang}, time.Minute, nothing)
	if len(marks) < 3 || marks[1] != agenttest.At(1700*ms, api.MarkHung, api.StepDecide) ||
		marks[2].Name != api.MarkFailed || done != 0 {
		t.Errorf("a decision that hangs leaves %v, and %d promotions", marks, done)
	}
	marks, _ = ordered(t, api.StepDecide, api.StepFault{Do: api.OrderRepeat}, time.Minute, nothing)
	if len(marks) != 5 || marks[1].Name != api.MarkDecided || marks[2] != marks[1] {
		t.Errorf("decided twice leaves %v", marks)
	}
}

// A decision that hangs is called off when the home region answers again: it must not be taken on what was seen before.
func TestAHungDecisionIsCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := fakeStep("promote", nil)
		a := rig(func(s time.Duration) (bool, time.Duration) { return s < time.Second || s >= 5*time.Second, 0 }, step)
		if err := a.runner.orders.set(api.StepDecide, api.StepFault{Do: api.OrderHang}); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(20 * time.Second)
			if err := a.runner.orders.withdraw(api.StepDecide, api.OrderHang); err != nil {
				t.Error(err)
			}
		}()
		marks, state := runFor(t, a, time.Minute)
		agenttest.Expect(t, marks, agenttest.At(1200*ms, api.MarkDetected, "gone"),
			agenttest.At(1700*ms, api.MarkHung, api.StepDecide), agenttest.At(5200*ms, api.MarkCalledOff, "alive"))
		if step.times.Load() != 0 || state != api.PhaseWatching {
			t.Errorf("%d steps were taken, state %s", step.times.Load(), state)
		}
	})
}

func TestTheMarkOfAKillIsFetchedFirst(t *testing.T) {
	for name, fetches := range map[string]bool{"somebody asks": true, "nobody does": false} {
		t.Run(name, func(t *testing.T) {
			var code int
			var died time.Duration
			marks, done := ordered(t, "promote", api.StepFault{Do: api.OrderKill}, 10*time.Second, func(a *automation) {
				began := time.Now()
				a.runner.orders.exit = func(c int) {
					code, died = c, time.Since(began)
					time.Sleep(time.Hour) // the process is gone
				}
				if !fetches {
					time.Sleep(2 * time.Second)
					if err := a.runner.orders.withdraw("promote", api.OrderKill); !errors.Is(err, errEnds) {
						t.Errorf("told to go on while it ends, it says %v", err)
					}
				}
				for fetches && code == 0 {
					time.Sleep(900 * ms)
					w := httptest.NewRecorder()
					a.marks.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/marks",
						http.NoBody))
				}
			})
			want := 1800 * ms // the next time somebody asks
			if !fetches {
				want = 1700*ms + killedLimit
			}
			if code != 137 || died != want || done != 0 || marks[3] != agenttest.At(1700*ms, api.MarkKilledAt,
				"promote") {
				t.Errorf("it ended with %d after %s, having left %v and promoted %d times", code, died, marks, done)
			}
		})
	}
}

func TestAFailoverIsOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		promote := fakeStep("promote", nil)
		a := rig(diesAt(time.Hour), promote)
		a.witness = witnessFunc(func() error { return errors.New("the witness sees east healthy") })
		go func() {
			for range 3 { // twice is once, also when it is done
				time.Sleep(5 * time.Second)
				a.order()
			}
		}()
		marks, state := runFor(t, a, time.Minute)
		agenttest.Expect(t, marks,
			agenttest.At(5*time.Second, api.MarkOrdered, "watching until then"),
			agenttest.At(5*time.Second, api.MarkFenced, "read only"),
			agenttest.At(5*time.Second, "promoted", "fine"),
		)
		if state != api.PhaseDone || promote.times.Load() != 1 {
			t.Errorf("state %s after %d promotions", state, promote.times.Load())
		}
	})
	// One that is held, or hangs before the decision, is overruled too.
	marks, done := ordered(t, api.StepDetect, api.StepFault{Do: api.OrderHang}, time.Minute, func(a *automation) {
		time.Sleep(5 * time.Second)
		a.order()
	})
	if last := marks[len(marks)-1]; done != 1 || last != agenttest.At(5*time.Second, "promoted", "fine") {
		t.Errorf("ordered while the detection hangs, it leaves %v", marks)
	}
}

func TestStepFaultsOverHTTP(t *testing.T) {
	svc, err := New(automationtest.Settings(), runtime.NewMarks("automation.west"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	svc.Routes(mux)
	call := func(method, path string, in any) (map[string]api.StepFault, int) {
		return agenttest.Call[map[string]api.StepFault](t, mux, method, path, in)
	}
	hang := api.StepFault{Do: api.OrderHang}
	for range 2 { // twice is once
		if all, code := call(http.MethodPut, "/faults/promote", hang); code != 200 || len(all) != 1 ||
			all["promote"] != hang {
			t.Errorf("PUT: %d, %+v", code, all)
		}
	}
	for _, c := range []struct {
		path string
		in   any
		want int
	}{
		{"/faults/promote", api.StepFault{Do: api.OrderKill}, http.StatusConflict},
		{"/faults/restore", hang, http.StatusNotFound}, // of another strategy
		{"/faults/fence", api.StepFault{Do: api.OrderFail}, http.StatusBadRequest},
		{"/faults/fence", api.StepFault{Do: api.OrderHang, Times: 2}, http.StatusBadRequest},
		{"/faults/fence", api.StepFault{Do: "sleep"}, http.StatusBadRequest},
		{"/faults/fence", map[string]string{"d0": "hang"}, http.StatusBadRequest},
	} {
		if _, code := call(http.MethodPut, c.path, c.in); code != c.want {
			t.Errorf("PUT %s %+v was answered %d, want %d", c.path, c.in, code, c.want)
		}
	}
	for range 2 {
		if all, code := call(http.MethodDelete, "/faults/promote?do=hang", nil); code != 200 || len(all) != 0 {
			t.Errorf("DELETE: %d, %+v", code, all)
		}
	}
}

func TestOrdersThatAreRefusedSayWhatTheyNeed(t *testing.T) {
	for want, order := range map[string]api.StepFault{
		`unknown order "sleep": use hang, fail, repeat or kill`:       {Do: "sleep"},
		`invalid order "fail": times needs a positive number (got 0)`: {Do: api.OrderFail},
		`invalid order "hang": only fail takes times (got 2)`:         {Do: api.OrderHang, Times: 2},
	} {
		if err := newStepOrders([]string{"fence"}).set("fence", order); err == nil || err.Error() != want {
			t.Errorf("%+v: the error is %v, want %q", order, err, want)
		}
	}
}

func TestStepsAreThoseOfTheTopology(t *testing.T) {
	for name, c := range map[string]struct {
		strategy             topology.Strategy
		preflight, followers bool
		want                 []string // beside those of every topology
	}{
		"neither":             {topology.WarmStandby, false, false, nil},
		"preflight only":      {topology.WarmStandby, true, false, []string{api.StepPreflight}},
		"followers only":      {topology.WarmStandby, false, true, []string{api.StepFollow}},
		"both":                {topology.WarmStandby, true, true, []string{api.StepPreflight, api.StepFollow}},
		"a backup":            {topology.BackupRestore, false, false, []string{api.StepRestore}},
		"a backup, preflight": {topology.BackupRestore, true, false, []string{api.StepRestore, api.StepPreflight}},
	} {
		cfg := automationtest.Settings()
		cfg.Strategy, cfg.RestoreFile = c.strategy, "base.tar"
		of := topology.Topology{Strategy: c.strategy, Regions: make([]topology.Region, 2)}
		if c.preflight {
			cfg.Preflight, of.Automation.Preflight = cfg.AppsReady, true
		}
		if c.followers {
			cfg.Followers, of.Regions = []api.Follower{{Region: "south"}}, make([]topology.Region, 3)
		}
		svc, err := New(cfg, runtime.NewMarks("automation.west"))
		if err != nil {
			t.Fatal(err)
		}
		got := svc.(*automation).steps()
		if want := api.StepNames(of); !slices.Equal(got, want) {
			t.Errorf("%s: the automation has %v, and the topology says %v", name, got, want)
		}
		conditional := []string{api.StepRestore, api.StepPreflight, api.StepFollow}
		got = slices.DeleteFunc(got, func(step string) bool { return !slices.Contains(conditional, step) })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: of %v it has %v, want %v", name, conditional, got, c.want)
		}
	}
}

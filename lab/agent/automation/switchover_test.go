package automation

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/steps"
	"github.com/regionfall/regionfall/lab/agent/automation/switchover"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// fakeSwitch is a switchover whose steps are given.
type fakeSwitch struct {
	first, second *fake // before the promotion, and after it
	back, joins   func() error
}

func (f fakeSwitch) Before() []steps.Step {
	return []steps.Step{fakeStep("check", nil).step(""), f.first.step(api.MarkPromoted)}
}

func (f fakeSwitch) After() []steps.Step { return []steps.Step{f.second.step(api.MarkRedirected)} }

func (f fakeSwitch) TakeBack(context.Context) error { return orNil(f.back) }

func (f fakeSwitch) Rejoin(context.Context) (string, error) { return "streams", orNil(f.joins) }

func orNil(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

// switched runs an automation whose home lives, or dies when it does, has it do what is ordered, and returns the names
// of its marks and how it ended.
func switched(t *testing.T, s fakeSwitch, found fakeTraces, order func(a *automation),
	dies ...time.Duration,
) (names []string, end api.AutomationState) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := rig(diesAt(append(dies, time.Hour)[0]), fakeStep("redirect", nil))
		a.traces = found
		a.change = func(string) change { return s }
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() {
			if err := a.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		order(a)
		time.Sleep(time.Minute)
		end = a.current()
		for _, m := range agenttest.Marks(a.marks) {
			names = append(names, m.Name)
		}
		cancel()
		run.Wait()
	})
	return names, end
}

func to(t *testing.T, regions ...string) func(a *automation) {
	return func(a *automation) {
		for _, region := range regions {
			for range 2 { // twice at once is once
				if err := a.switchOver(region); err != nil {
					t.Error(err)
				}
			}
			time.Sleep(time.Minute)
		}
	}
}

func fine() fakeSwitch {
	return fakeSwitch{first: fakeStep("promote", nil), second: fakeStep("redirect", nil)}
}

func TestRolesChangeThereAndBack(t *testing.T) {
	s := fine()
	names, end := switched(t, s, fakeTraces{}, to(t, "west", "west", "east"))
	once := []string{api.MarkOrdered, api.MarkPromoted, api.MarkRedirected, api.MarkFollowed, api.MarkSwitched}
	again := []string{api.MarkOrdered, api.MarkFollowed, api.MarkSwitched} // it is seen that the other one follows
	if diff := cmp.Diff(slices.Concat(once, again, once), names); diff != "" {
		t.Errorf("marks:\n%s", diff)
	}
	if end.State != api.PhaseWatching || end.Serves != "east" ||
		*end.Switchover != (api.SwitchoverState{To: "east", Done: true}) {
		t.Errorf("it ends %+v, %+v", end, end.Switchover)
	}
}

func TestASwitchoverThatFailsIsTakenBackUpToThePromotion(t *testing.T) {
	no := func(context.Context) error { return errors.New("no") }
	promotedAlready := fine()
	promotedAlready.first = fakeStep("promote", nil)
	promotedAlready.first.do = func(context.Context) error {
		if promotedAlready.first.times.Load() < 3 {
			return errors.New("no")
		}
		return nil
	}
	promotedAlready.back = func() error { return switchover.ErrPromoted }
	stuck := fakeSwitch{
		first: fakeStep("promote", no), second: fakeStep("redirect", nil),
		back: func() error { return runtime.Unreachable{Err: errors.New("gone")} },
	}
	alone := fine()
	alone.joins = func() error { return errors.New("gone") }
	for name, c := range map[string]struct {
		s      fakeSwitch
		marks  []string
		serves string
		fails  string
	}{
		"taken back": {
			fakeSwitch{first: fakeStep("promote", no), second: fakeStep("redirect", nil)},
			[]string{api.MarkOrdered, api.MarkFailed, api.MarkTakenBack},
			"east", "taken back: promote: no",
		},
		"not to be taken back": {
			stuck,
			[]string{api.MarkOrdered, api.MarkFailed},
			"east",
			"promote: no; and it could not be taken back: gone",
		},
		"promoted already": {
			promotedAlready, []string{
				api.MarkOrdered, api.MarkFailed, api.MarkFailed, api.MarkPromoted,
				api.MarkRedirected, api.MarkFollowed, api.MarkSwitched,
			}, "west", "",
		},
		"not followed": {
			alone,
			[]string{api.MarkOrdered, api.MarkPromoted, api.MarkRedirected, api.MarkFailed},
			"west",
			"clients are in west, and east does not follow it: not done within 10s: gone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			names, end := switched(t, c.s, fakeTraces{}, to(t, "west"))
			if diff := cmp.Diff(c.marks, names); diff != "" {
				t.Errorf("marks:\n%s", diff)
			}
			if end.Serves != c.serves || *end.Switchover != (api.SwitchoverState{
				To: "west", Done: true,
				Failure: c.fails,
			}) {
				t.Errorf("it ends %+v, %+v", end, end.Switchover)
			}
		})
	}
}

func TestHomeIsLostWhileItTakesOverAgain(t *testing.T) {
	s := fine()
	s.second.do = func(context.Context) error { return errors.New("gone") }
	names, end := switched(t, s, fakeTraces{progress: progressServes}, to(t, "east"), 10*time.Second)
	want := []string{
		api.MarkOrdered, api.MarkPromoted, api.MarkFailed, api.MarkDetected, api.MarkDecided,
		api.MarkFenced, "redirectd",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("marks:\n%s", diff)
	}
	if end.State != api.PhaseDone || end.Serves != "west" ||
		end.Switchover.Failure != "east was lost in the middle of it" {
		t.Errorf("it ends %+v, %+v", end, end.Switchover)
	}
}

func TestAFailoverAfterASwitchoverRemembersNothingOfTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := rig(diesAt(time.Hour))
		made := 0
		a.newPlan = func() []steps.Step { made++; return a.plan }
		for _, region := range []string{"east", "west", "east"} {
			a.serving(region)
		}
		if made != 1 {
			t.Errorf("the steps were made %d times, want once: when home serves again", made)
		}
	})
}

func TestASwitchoverIsEndedByTheNextProcess(t *testing.T) {
	for _, region := range []string{"west", "east"} {
		names, end := switched(t, fine(), fakeTraces{switching: region}, func(*automation) {})
		if diff := cmp.Diff([]string{api.MarkPromoted, api.MarkRedirected, api.MarkFollowed, api.MarkSwitched},
			names); diff != "" {
			t.Errorf("to %s, marks:\n%s", region, diff)
		}
		if end.Serves != region || !end.Switchover.Done {
			t.Errorf("to %s, it ends %+v, %+v", region, end, end.Switchover)
		}
	}
}

func TestASwitchoverIsRefused(t *testing.T) {
	switched(t, fine(), fakeTraces{}, func(a *automation) {
		if err := a.switchOver("north"); err == nil {
			t.Error("to a region that there is not")
		}
		if err := a.switchOver("west"); err != nil {
			t.Error(err)
		}
		if err := a.switchOver("east"); err == nil {
			t.Error("while another one is under way")
		}
	})
	unknown := rig(diesAt(time.Hour))
	if err := unknown.switchOver("west"); err == nil {
		t.Error("where there is none")
	}
	unknown.change = func(string) change { return fine() }
	if err := unknown.switchOver("west"); err == nil {
		t.Error("before it has started")
	}
}

package automation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

func TestFailoverStepsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := rig(diesAt(time.Second), fakeStep("promote", nil), fakeStep("redirecte", nil))
		got, state := runFor(t, a, 5*time.Second)
		agenttest.Expect(t, got,
			agenttest.At(1200*ms, api.MarkDetected, "gone"), // the third look in a row that fails
			agenttest.At(1700*ms, api.MarkDecided, "the witness sees the loss too"),
			agenttest.At(1700*ms, api.MarkFenced, "read only"),
			agenttest.At(1700*ms, "promoted", "fine"),
			agenttest.At(1700*ms, "redirected", "fine"),
		)
		if state != api.PhaseDone {
			t.Errorf("state is %s, want done", state)
		}
	})
}

func TestLooksKeepTheirSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := rig(func(s time.Duration) (bool, time.Duration) {
			if s < time.Second {
				return true, 0
			}
			return false, 300 * ms // as where bytes vanish
		})
		got, _ := runFor(t, a, 1500*ms)
		// the look that began at 1200 ms; one after the other it were 1900 ms
		agenttest.Expect(t, got, agenttest.At(1500*ms, api.MarkDetected, "gone"))
	})
}

func TestBriefFailureIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := rig(func(s time.Duration) (bool, time.Duration) { return s < time.Second || s >= 1200*ms, 0 })
		got, _ := runFor(t, a, 5*time.Second)
		agenttest.Expect(t, got)
	})
}

func TestCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := fakeStep("promote", nil)
		a := rig(func(s time.Duration) (bool, time.Duration) { return s < time.Second || s >= 1300*ms, 0 }, step)
		got, state := runFor(t, a, 5*time.Second)
		agenttest.Expect(t, got, agenttest.At(1200*ms, api.MarkDetected, "gone"),
			agenttest.At(1500*ms, api.MarkCalledOff, "alive"))
		if step.times.Load() != 0 || state != api.PhaseWatching {
			t.Errorf("%d steps were taken, state %s", step.times.Load(), state)
		}
	})
}

func TestHeldUntilTheWitnessAgrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := rig(diesAt(time.Second), fakeStep("promote", nil))
		asked := 0
		a.witness = witnessFunc(func() error {
			if asked++; asked <= 10 {
				return errors.New("the witness sees east healthy")
			}
			return nil
		})
		got, state := runFor(t, a, 2500*ms)
		agenttest.Expect(t, got,
			agenttest.At(1200*ms, api.MarkDetected, "gone"),
			// asked three times, and not marked again
			agenttest.At(1900*ms, api.MarkHeld, "the witness sees east healthy"),
		)
		if state != api.PhaseHeld {
			t.Errorf("state is %s, want held", state)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a := rig(diesAt(time.Second), fakeStep("promote", nil))
		asked := 0
		a.witness = witnessFunc(func() error {
			if asked++; asked <= 10 {
				return errors.New("the witness cannot be asked")
			}
			return nil
		})
		got, _ := runFor(t, a, 5*time.Second)
		if len(got) != 5 || got[1].Name != api.MarkHeld || got[2] != agenttest.At(2700*ms, api.MarkDecided,
			"the witness sees the loss too") {
			t.Errorf("marks are %v, want a decision after ten refusals", got)
		}
	})
}

func TestRegionThatWasNeverThereIsNotLost(t *testing.T) {
	for there, want := range map[bool]int{false: 0, true: 3} {
		t.Run(fmt.Sprintf("something of it is here: %v", there), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := rig(diesAt(0))
				a.traces = fakeTraces{there: there}
				if got, _ := runFor(t, a, 5*time.Second); len(got) != want {
					t.Errorf("marks are %v, want %d", got, want)
				}
			})
		})
	}
}

func TestHangingStepIsMarkedAndRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var step *fake
		step = fakeStep("promote", func(ctx context.Context) error {
			if step.times.Load() <= 2 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		a := rig(diesAt(time.Second), step)
		got, _ := runFor(t, a, time.Minute)
		agenttest.Expect(t, got[3:],
			agenttest.At(11700*ms, api.MarkFailed, "promote: not done within 10s: context deadline exceeded"),
			agenttest.At(21900*ms, "promoted", "fine"), // two attempts of 10 s, two pauses of 100 ms
		)
	})
}

func TestEachKindOfFailureIsMarkedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var step *fake
		step = fakeStep("promote", func(context.Context) error {
			switch n := step.times.Load(); {
			case n <= 5:
				return fmt.Errorf("read tcp 10.0.0.2:%d:\n\treset", 40000+n)
			case n == 6:
				return errors.New("it did not finish")
			default:
				return nil
			}
		})
		got, _ := runFor(t, rig(diesAt(time.Second), step), time.Minute)
		agenttest.Expect(t, got[3:],
			agenttest.At(1700*ms, api.MarkFailed, "promote: read tcp 10.0.0.2:40001: reset"),
			agenttest.At(2200*ms, api.MarkFailed, "promote: it did not finish"),
			agenttest.At(2300*ms, "promoted", "fine"),
		)
	})
}

func TestUnreachablePrimaryIsFencedOnReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := rig(diesAt(time.Second), fakeStep("promote", nil))
		a.fence = fenceWith(func(context.Context) (string, error) {
			if time.Since(began) < time.Minute {
				return "", runtime.Unreachable{Err: errors.New("connection refused")}
			}
			return "read only, 2 sessions ended", nil
		})
		a.plan[0].Run = a.fence.Run
		got, _ := runFor(t, a, 2*time.Minute)
		agenttest.Expect(t, got[2:],
			agenttest.At(1700*ms, api.MarkFenced, "unreachable: connection refused"),
			agenttest.At(1700*ms, "promoted", "fine"),
			agenttest.At(60200*ms, api.MarkFencedLate, "read only, 2 sessions ended"),
		)
	})
}

func TestPrimaryThatIsThereAndNotFencedHoldsTheFailover(t *testing.T) {
	for name, once := range map[string]func(context.Context) error{
		"says no": func(context.Context) error {
			return fmt.Errorf("alter system: %w", &pgconn.PgError{
				Severity: "ERROR", Code: "42501",
				Message: "permission denied",
			})
		},
		"is starting up": func(context.Context) error {
			return fmt.Errorf("connect: %w",
				&pgconn.PgError{Code: "57P03"})
		},
		"falls silent half way": func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("end sessions: %w", ctx.Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				step := fakeStep("promote", nil)
				a := rig(diesAt(time.Second), step)
				a.fence = fenceWith(func(ctx context.Context) (string, error) { return "", once(ctx) })
				a.plan[0].Run = a.fence.Run
				got, _ := runFor(t, a, time.Minute)
				if len(got) != 3 || got[2].Name != api.MarkFailed || !strings.Contains(got[2].Detail, "fence: ") ||
					step.times.Load() != 0 {
					t.Errorf("marks are %v with %d promotions, want the fence to fail and no more", got,
						step.times.Load())
				}
			})
		})
	}
}

func TestStartingPrimaryIsFencedOnceItIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := rig(diesAt(time.Second), fakeStep("promote", nil))
		a.fence = fenceWith(func(context.Context) (string, error) {
			if time.Since(began) < 2500*ms {
				return "", fmt.Errorf("connect: %w", &pgconn.PgError{Code: "57P03"})
			}
			return "read only", nil
		})
		a.plan[0].Run = a.fence.Run
		got, _ := runFor(t, a, time.Minute)
		// 4 x 250 ms after 1700 ms
		agenttest.Expect(t, got[2:], agenttest.At(2700*ms, api.MarkFenced, "read only"),
			agenttest.At(2700*ms, "promoted", "fine"))
	})
}

func TestForgottenRedirectIsOrderedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := rig(diesAt(time.Second), fakeStep("promote", nil))
		ordered := 0
		a.again = func(context.Context) (string, error) {
			switch since := time.Since(began); {
			case since >= 10*time.Second && ordered == 0, since >= 20*time.Second && ordered == 1:
				ordered++
				return "west, instead of east", nil
			case since >= 9*time.Second && since < 10*time.Second:
				return "", errors.New("connection refused") // it is being started again
			}
			return "", nil
		}
		got, _ := runFor(t, a, time.Minute)
		agenttest.Expect(t, got[4:],
			agenttest.At(10*time.Second, api.MarkRedirectedAgain, "west, instead of east"),
			agenttest.At(20*time.Second, api.MarkRedirectedAgain, "west, instead of east"),
		)
	})
}

func TestRestartTakesUpWhereItWas(t *testing.T) {
	alive := func(time.Duration) (bool, time.Duration) { return true, 0 }
	tests := map[string]struct {
		progress progress
		want     []agenttest.Mark
	}{
		"nothing was decided": {progressNone, nil},
		"decided": {progressDecided, []agenttest.Mark{
			agenttest.At(0, api.MarkFenced, "read only"),
			agenttest.At(0, "promoted", "fine"),
		}},
		"done": {progressDone, []agenttest.Mark{agenttest.At(250*ms, api.MarkFencedLate, "read only")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := rig(alive, fakeStep("promote", nil))
				a.traces = fakeTraces{progress: test.progress}
				got, _ := runFor(t, a, time.Minute)
				agenttest.Expect(t, got, test.want...)
			})
		})
	}
}

func TestEndsWhileAStepHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := rig(diesAt(0), fakeStep("promote", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		a.traces = fakeTraces{there: true}
		got, _ := runFor(t, a, 2*time.Second) // runFor waits for Run to end
		if last := got[len(got)-1]; last.Name != api.MarkFenced {
			t.Errorf("the last mark is %v, want the one before the step that hangs", last)
		}
	})
}

func TestStateOverHTTP(t *testing.T) {
	service, err := New(automationtest.Settings(), runtime.NewMarks("automation.west"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	service.Routes(mux)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/state", http.NoBody))
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"state":"watching"`) {
		t.Errorf("GET /state answered %d %s", answer.Code, answer.Body)
	}
}

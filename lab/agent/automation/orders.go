package automation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

// killedLimit is how long a process that is to be killed waits for somebody to fetch the mark that says so.
const killedLimit = 2 * time.Second

// stepOrders are the orders of faults to steps: at most one for each step. A nil one has none.
type stepOrders struct {
	steps []string // the names of those that there are
	exit  func(code int)

	mu     sync.Mutex
	byStep map[string]*stepOrder
}

type stepOrder struct {
	api.StepFault
	left int           // fail: attempts
	gone chan struct{} // closed when the order is taken back
	ends bool          // kill: the process is on its way out
}

func newStepOrders(steps []string) *stepOrders {
	return &stepOrders{steps: steps, exit: os.Exit, byStep: map[string]*stepOrder{}}
}

var (
	errNoSuchStep    = errors.New("the automation has no such step")
	errOtherOrder    = errors.New("the step has another order already")
	errOrderedToFail = errors.New("told to fail")
	errOrderedToHang = errors.New("told to hang")
	errKilled        = errors.New("killed, and still there")
	errEnds          = errors.New("too late: the process is ending")
)

// set gives a step its order.
func (o *stepOrders) set(step string, to api.StepFault) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.steps, step) {
		return fmt.Errorf("%w: %q is not in %v", errNoSuchStep, step, o.steps)
	}
	switch {
	case !slices.Contains([]string{api.OrderHang, api.OrderFail, api.OrderRepeat, api.OrderKill}, to.Do):
		return fmt.Errorf("unknown order %q: use %s, %s, %s or %s", to.Do, api.OrderHang, api.OrderFail,
			api.OrderRepeat,
			api.OrderKill)
	case to.Do == api.OrderFail && to.Times <= 0:
		return fmt.Errorf("invalid order %q: times needs a positive number (got %d)", to.Do, to.Times)
	case to.Do != api.OrderFail && to.Times != 0:
		return fmt.Errorf("invalid order %q: only %s takes times (got %d)", to.Do, api.OrderFail, to.Times)
	}
	switch is, ok := o.byStep[step]; {
	case ok && is.StepFault != to:
		return fmt.Errorf("%w: %s is to %s", errOtherOrder, step, is.Do)
	case !ok:
		o.byStep[step] = &stepOrder{StepFault: to, left: to.Times, gone: make(chan struct{})}
	}
	return nil
}

// withdraw takes an order back, if the step has it. It fails when the process ends over it: whoever asks must
// not take it for one that goes on.
func (o *stepOrders) withdraw(step, do string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	is, ok := o.byStep[step]
	switch {
	case !ok || is.Do != do:
		return nil
	case is.ends:
		return errEnds
	}
	close(is.gone)
	delete(o.byStep, step)
	return nil
}

func (o *stepOrders) list() map[string]api.StepFault {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := map[string]api.StepFault{}
	for step, t := range o.byStep {
		all[step] = t.StepFault
	}
	return all
}

// rounds is how often a step is to be done.
func (o *stepOrders) rounds(step string) int {
	if o == nil || o.list()[step].Do != api.OrderRepeat {
		return 1
	}
	return 2
}

// carryOut does to an attempt at a step what its order says, before the step begins. Its error is that of the attempt.
func (o *stepOrders) carryOut(ctx context.Context, step string, marks *runtime.Marks) error {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	to, ok := o.byStep[step]
	fail := ok && to.left > 0
	if fail {
		to.left--
	}
	if ok && to.Do == api.OrderKill {
		to.ends = true
	}
	o.mu.Unlock()
	switch {
	case fail:
		return errOrderedToFail
	case ok && to.Do == api.OrderHang:
		marks.Leave(api.MarkHung, step)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errOrderedToHang, ctx.Err())
		case <-to.gone:
		}
	case ok && to.Do == api.OrderKill:
		o.kill(ctx, step, marks)
		return errKilled
	}
	return nil
}

// kill ends the process as a crash does: nothing is finished, closed or said goodbye to. Only the mark is waited for,
// since it dies too.
func (o *stepOrders) kill(ctx context.Context, step string, marks *runtime.Marks) {
	seq := marks.Leave(api.MarkKilledAt, step)
	ctx, cancel := context.WithTimeout(ctx, killedLimit)
	defer cancel()
	if err := marks.AwaitFetched(ctx, seq); err != nil {
		slog.Warn("nobody fetched the mark of where this process is killed", "step", step, "error", err)
	}
	o.exit(137)
}

// routes adds GET /faults, PUT /faults/{step} with a StepFault, and DELETE /faults/{step}?do=…, which all answer with
// the orders of all steps.
func (o *stepOrders) routes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, err error) {
		switch {
		case errors.Is(err, errNoSuchStep):
			http.Error(w, err.Error(), http.StatusNotFound)
		case errors.Is(err, errOtherOrder), errors.Is(err, errEnds):
			http.Error(w, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			runtime.WriteJSON(w, o.list())
		}
	}
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("PUT /faults/{step}", func(w http.ResponseWriter, r *http.Request) {
		var to api.StepFault
		err := runtime.ReadJSON(w, r, &to)
		if err == nil {
			err = o.set(r.PathValue("step"), to)
		}
		answer(w, err)
	})
	mux.HandleFunc("DELETE /faults/{step}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, o.withdraw(r.PathValue("step"), r.URL.Query().Get("do")))
	})
}

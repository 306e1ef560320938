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

// stepFaults are what the automation was told, by step: one thing for each. A nil one has none.
type stepFaults struct {
	steps []string // that there are
	exit  func(code int)

	mu   sync.Mutex
	told map[string]*toldStep
}

type toldStep struct {
	api.StepFault
	left int           // fail: attempts
	gone chan struct{} // closed when it is told to stop
	ends bool          // kill: the process is on its way out
}

func newStepFaults(steps []string) *stepFaults {
	return &stepFaults{steps: steps, exit: os.Exit, told: map[string]*toldStep{}}
}

var (
	errNoSuchStep = errors.New("the automation has no such step")
	errToldOther  = errors.New("the step was told something else already")
	errToldToFail = errors.New("told to fail")
	errToldToHang = errors.New("told to hang")
	errKilled     = errors.New("killed, and still there")
	errEnds       = errors.New("too late: the process is ending")
)

func (f *stepFaults) tell(step string, to api.StepFault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.steps, step) {
		return fmt.Errorf("%w: %q is not in %v", errNoSuchStep, step, f.steps)
	}
	switch {
	case to.Do == api.StepFail && to.Times > 0:
	case to.Times != 0 || !slices.Contains([]string{api.StepHang, api.StepRepeat, api.StepKill}, to.Do):
		return fmt.Errorf("no step can be told to %q %d times", to.Do, to.Times)
	}
	switch is, ok := f.told[step]; {
	case ok && is.StepFault != to:
		return fmt.Errorf("%w: %s is to %s", errToldOther, step, is.Do)
	case !ok:
		f.told[step] = &toldStep{StepFault: to, left: to.Times, gone: make(chan struct{})}
	}
	return nil
}

// forget undoes tell, if that is what the step was told last. It fails when the process ends over it: whoever asks must
// not take it for one that goes on.
func (f *stepFaults) forget(step, do string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	is, ok := f.told[step]
	switch {
	case !ok || is.Do != do:
		return nil
	case is.ends:
		return errEnds
	}
	close(is.gone)
	delete(f.told, step)
	return nil
}

func (f *stepFaults) list() map[string]api.StepFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]api.StepFault{}
	for step, t := range f.told {
		all[step] = t.StepFault
	}
	return all
}

// rounds is how often a step is to be done.
func (f *stepFaults) rounds(step string) int {
	if f == nil || f.list()[step].Do != api.StepRepeat {
		return 1
	}
	return 2
}

// spoil does to an attempt at a step what it was told, before the step begins. Its error is that of the attempt.
func (f *stepFaults) spoil(ctx context.Context, step string, marks *runtime.Marks) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	to, ok := f.told[step]
	fail := ok && to.left > 0
	if fail {
		to.left--
	}
	if ok && to.Do == api.StepKill {
		to.ends = true
	}
	f.mu.Unlock()
	switch {
	case fail:
		return errToldToFail
	case ok && to.Do == api.StepHang:
		marks.Leave(api.MarkHung, step)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errToldToHang, ctx.Err())
		case <-to.gone:
		}
	case ok && to.Do == api.StepKill:
		f.kill(ctx, step, marks)
		return errKilled
	}
	return nil
}

// kill ends the process as a crash does: nothing is finished, closed or said goodbye to. Only the mark is waited for,
// since it dies too.
func (f *stepFaults) kill(ctx context.Context, step string, marks *runtime.Marks) {
	seq := marks.Leave(api.MarkKilledAt, step)
	ctx, cancel := context.WithTimeout(ctx, killedLimit)
	defer cancel()
	if err := marks.AwaitFetched(ctx, seq); err != nil {
		slog.Warn("nobody fetched the mark of where this process is killed", "step", step, "error", err)
	}
	f.exit(137)
}

// routes adds GET /faults, PUT /faults/{step} with a StepFault, and DELETE /faults/{step}?do=…, which all answer with
// what the steps are told.
func (f *stepFaults) routes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, err error) {
		switch {
		case errors.Is(err, errNoSuchStep):
			http.Error(w, err.Error(), http.StatusNotFound)
		case errors.Is(err, errToldOther), errors.Is(err, errEnds):
			http.Error(w, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			runtime.WriteJSON(w, f.list())
		}
	}
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("PUT /faults/{step}", func(w http.ResponseWriter, r *http.Request) {
		var to api.StepFault
		err := runtime.ReadJSON(w, r, &to)
		if err == nil {
			err = f.tell(r.PathValue("step"), to)
		}
		answer(w, err)
	})
	mux.HandleFunc("DELETE /faults/{step}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, f.forget(r.PathValue("step"), r.URL.Query().Get("do")))
	})
}

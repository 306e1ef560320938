package image

import (
	"context"
	"fmt"
	"io"
	"time"

	labengine "github.com/regionfall/regionfall/lab/engine"
)

// silentWithin is how long nothing may be heard of a build. What the engine takes of its inputs, every instruction and
// every line that its programs print is a sign of life.
const silentWithin = 5 * time.Minute

// watch sees to it that a build of which nothing is heard any more ends: an engine that hangs neither fails nor goes
// on.
type watch struct {
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// startWatch begins a watch. Its context ends with engine.ErrHangs.
func startWatch(ctx context.Context) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watch{cancel: cancel, timer: time.AfterFunc(silentWithin, func() {
		cancel(&labengine.Problem{
			Kind: labengine.ErrHangs, Detail: fmt.Sprintf("the engine printed nothing of a build for %s", silentWithin),
			Remedy: "start it again, and run this again",
		})
	})}
}

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// reader takes whatever is read through it, by the engine or from it, for a sign of life.
func (w *watch) reader(r io.Reader) io.Reader { return watchedReader{r, w} }

// watchedReader resets the watch with everything that is read.
type watchedReader struct {
	io.Reader
	watch *watch
}

func (w watchedReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.watch.timer.Reset(silentWithin)
	}
	return n, err
}

// orCause says why the context of what failed had ended, if it had.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

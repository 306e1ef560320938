package image

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	labengine "github.com/regionfall/regionfall/lab/engine"
)

func TestABuildOfWhichNothingIsHeardEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w := startWatch(t.Context())
		defer w.end()
		said, engine := io.Pipe()
		read := make(chan error)
		go func() { read <- follow(w.reader(said), nil, nil) }()
		for range 5 { // slow, but alive: longer than the limit in all
			time.Sleep(silentWithin - time.Second)
			if _, err := io.WriteString(engine, `{"stream":"Step 1/2 : FROM scratch\n"}`); err != nil ||
				ctx.Err() != nil {
				t.Fatalf("%v, %v", err, context.Cause(ctx))
			}
			synctest.Wait()
		}
		last := time.Now()
		<-ctx.Done()
		if quiet := time.Since(last); quiet != silentWithin || !errors.Is(orCause(ctx, ctx.Err()), labengine.ErrHangs) {
			t.Errorf("ended after %s of silence: %v", quiet, context.Cause(ctx))
		}
		_ = engine.Close()
		if err := <-read; err != nil {
			t.Error(err)
		}
	})
}

func TestTheEndOfABuildIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w := startWatch(t.Context())
		w.end()
		time.Sleep(2 * silentWithin)
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			t.Errorf("got %v", cause)
		}
		if err := orCause(t.Context(), io.ErrUnexpectedEOF); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("an error of a live context became %v", err)
		}
	})
}

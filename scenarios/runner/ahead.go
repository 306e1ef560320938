package runner

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab"
)

// Ahead is the lab of a drill that has not begun: it comes up while the drill before it reads, heals and clears away.
type Ahead struct {
	done chan struct{}
	lab  *lab.Lab
	err  error

	taken bool
}

// StartAhead begins to bring up the lab that the scenario asks for, in the background. The drill that gets it as
// Options.Ahead takes it; after that, or without a drill, it has to be discarded.
func StartAhead(ctx context.Context, o Options) *Ahead {
	a := &Ahead{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.lab, a.err = bringUp(ctx, o)
	}()
	return a
}

func bringUp(ctx context.Context, o Options) (*lab.Lab, error) {
	plan, err := o.Scenario.Compile()
	if err != nil {
		return nil, err
	}
	o.Images.Progress = nil // nobody looks
	images, err := o.ensure(ctx, &plan)
	if err != nil {
		return nil, err
	}
	app, err := labApp(ctx, plan.App, images.Source, nil)
	if err != nil {
		return nil, err
	}
	return lab.Up(ctx, lab.Options{Topology: plan.Topology, Images: images, App: app, Kept: o.Keep})
}

// take waits for the lab, which is the caller's from then on.
func (a *Ahead) take() (*lab.Lab, error) {
	<-a.done // it comes up, or fails, within limits of its own
	a.taken = true
	return a.lab, a.err
}

// Discard removes the lab unless a drill has taken it.
func (a *Ahead) Discard(ctx context.Context) error {
	if a == nil || a.taken {
		return nil
	}
	l, err := a.take()
	if err != nil {
		return nil //nolint:nilerr // what did not come up has left nothing, and nobody wants it any more
	}
	left, err := l.Down(context.WithoutCancel(ctx))
	if err == nil && left > 0 {
		err = fmt.Errorf("%d things are left of lab %s", left, l.Name)
	}
	return err
}

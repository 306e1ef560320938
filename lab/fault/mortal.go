package fault

import (
	"context"
	"time"
)

// Mortal is a Lab whose own programs may die. Alive is ctx until one does; its cause says which.
type Mortal interface {
	Alive(ctx context.Context) (alive context.Context, stop func())
}

// alive is ctx, or until something dies that the lab's witnesses are made of.
func (g *Guard) alive(ctx context.Context) (context.Context, func()) {
	if g.mortal == nil {
		return ctx, func() {}
	}
	return g.mortal.Alive(ctx)
}

// deadWithin is how long a probe may still ask in a lab that has died. Some of it may answer; what does not may hang.
const deadWithin = 2 * time.Second

// look looks once.
func (g *Guard) look(ctx, alive context.Context, once look) (is bool, observed string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unhook := context.AfterFunc(alive, func() {
		select {
		case <-ctx.Done():
		case <-time.After(deadWithin + g.slow()):
			cancel()
		}
	})
	defer unhook()
	return once(ctx)
}

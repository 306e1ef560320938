package harness

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/onsi/ginkgo/v2"
)

// mortal is a lab as far as it can break.
type mortal interface {
	Alive(ctx context.Context) (alive context.Context, stop func())
}

// tended are the labs that specs of this process work on, each as a context that ends when it breaks.
var tended labs

type labs struct {
	mu  sync.Mutex
	all []context.Context
}

func (l *labs) add(alive context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, alive)
}

func (l *labs) remove(alive context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = slices.DeleteFunc(l.all, func(a context.Context) bool { return a == alive })
}

func (l *labs) list() []context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// A lab that is broken has nothing to say to the specs that come after: each fails with what became of the lab, before
// it begins. Labs of other suites are other processes'.
var _ = ginkgo.BeforeEach(func() {
	for _, alive := range tended.list() {
		failIfBroken(alive)
	}
})

func failIfBroken(alive context.Context) {
	if cause := context.Cause(alive); cause != nil && !errors.Is(cause, context.Canceled) {
		ginkgo.Fail(cause.Error(), 1)
	}
}

// Tend has the spec fail that runs when the lab breaks by itself, with what became of it, and those that come after,
// until the spec or container that called it is over.
func Tend(l mortal) {
	ginkgo.GinkgoHelper()
	alive, stop := l.Alive(context.Background())
	// Whoever waits hears of it after the spec has failed with the story: else it would be one of what was waited for.
	known, announce := context.WithCancelCause(context.Background())
	tended.add(known)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-alive.Done()
		defer announce(context.Cause(alive))
		defer ginkgo.GinkgoRecover()
		failIfBroken(alive)
	}()
	ginkgo.DeferCleanup(func() {
		tended.remove(known)
		stop()
		<-ended
	})
}

// Alive is ctx until a lab breaks that is tended: who waits on it for what a lab does need not be patient then.
func Alive(ctx context.Context) context.Context {
	both, cancel := context.WithCancelCause(ctx)
	for _, alive := range tended.list() {
		unhook := context.AfterFunc(alive, func() { cancel(context.Cause(alive)) })
		context.AfterFunc(ctx, func() { unhook() })
	}
	context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return both
}

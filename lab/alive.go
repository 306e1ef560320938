package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/state"
)

// How long the engine may be out of reach, or not tell of deaths, before nobody knows any more whether the lab is
// alive; and how often it is tried.
const (
	blindWithin = 30 * time.Second
	blindRetry  = 100 * time.Millisecond
)

// teller is the engine, as far as it tells what becomes of nodes.
type teller interface {
	FollowDeaths(ctx context.Context, lab string, since int64, subscribed func() error, seen func(node.Death)) error
	Dead(ctx context.Context, lab string) ([]node.Death, error)
	Obituary(ctx context.Context, d node.Death) (node.Death, []string, error)
}

// vigil looks after the lab's own programs as long as somebody wants to know. The zero value is ready.
type vigil struct {
	teller   teller        // nil: the lab's engine
	patience time.Duration // with one that does not tell; 0 is blindWithin

	mu      sync.Mutex
	wanted  int
	stop    func()          // of the looking; nil while nobody looks
	over    bool            // nobody looks any more: what becomes of the lab is meant
	ordered map[string]int  // by node: how many of its deaths were ordered here, and are not yet told by the engine
	gone    map[string]bool // by node: it was ended by order, and is not started again
	whole   context.Context // ends when the first program dies; the cause is what became of it
	end     context.CancelCauseFunc
}

// Alive is ctx until one of the lab's own programs ends by itself, or nobody can tell any more. The cause is a Died
// then. Whoever waits for something of the lab waits on that, and hears at once what it would wait for in vain.
func (l *Lab) Alive(ctx context.Context) (alive context.Context, stop func()) {
	whole, leave := l.join()
	alive, cancel := context.WithCancelCause(ctx)
	if whole.Err() != nil {
		cancel(context.Cause(whole)) // at once, and not in a moment
	}
	unhook := context.AfterFunc(whole, func() { cancel(context.Cause(whole)) })
	return alive, func() {
		unhook()
		cancel(nil)
		leave()
	}
}

// join has the vigil held until leave.
func (l *Lab) join() (whole context.Context, leave func()) {
	v := &l.vigil
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.whole == nil {
		v.whole, v.end = context.WithCancelCause(context.Background())
	}
	if v.wanted++; v.stop == nil && !v.over && l.tells() != nil {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.look(ctx)
		}()
		v.stop = func() { cancel(); <-ended }
	}
	return v.whole, sync.OnceFunc(func() {
		v.mu.Lock()
		var stop func()
		if v.wanted--; v.wanted == 0 {
			stop, v.stop = v.stop, nil
		}
		v.mu.Unlock()
		if stop != nil {
			stop()
		}
	})
}

// rest ends the vigil for good.
func (l *Lab) rest() {
	v := &l.vigil
	v.mu.Lock()
	stop := v.stop
	v.stop, v.over = nil, true
	v.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// tells is who tells of the lab's nodes; nil for a lab that is nothing but links.
func (l *Lab) tells() teller {
	if l.vigil.teller == nil && l.engine != nil {
		return l.engine
	}
	return l.vigil.teller
}

// CheckPrograms asks the engine whether all of the lab's own programs run, but for those that faults hold. The error is
// a Died.
func (l *Lab) CheckPrograms(ctx context.Context) error {
	if err := l.broken(); err != nil {
		return err
	}
	dead, err := l.tells().Dead(ctx, l.Name)
	if err != nil {
		return fmt.Errorf("look for the lab's programs: %w", err)
	}
	for _, d := range dead {
		if !l.isMeant(d) {
			return l.died(ctx, d)
		}
	}
	return nil
}

// broken is what became of the first program that died, nil if none is known to.
func (l *Lab) broken() error {
	l.vigil.mu.Lock()
	defer l.vigil.mu.Unlock()
	if l.vigil.whole == nil {
		return nil
	}
	return context.Cause(l.vigil.whole)
}

// look follows what the engine tells of the lab's nodes until ctx ends. When the engine stops telling it is asked how
// all are, and to tell again.
func (l *Lab) look(ctx context.Context) {
	told := int64(0)    // when the last death was that the engine told of
	var blind time.Time // since when it does not tell
	patience := cmp.Or(l.vigil.patience, blindWithin)
	tick := time.NewTicker(blindRetry)
	defer tick.Stop()
	for {
		follows := false
		err := l.tells().FollowDeaths(ctx, l.Name, told, func() error {
			err := l.CheckPrograms(ctx)
			if errors.As(err, new(*Died)) {
				l.vigil.end(err)
			}
			follows = err == nil
			return err
		}, func(d node.Death) {
			told = d.At
			if !l.wasMeant(d) {
				l.vigil.end(l.died(ctx, d))
			}
		})
		switch {
		case ctx.Err() != nil || l.broken() != nil:
			return
		case follows || blind.IsZero():
			blind = time.Now()
		case time.Since(blind) > patience:
			l.vigil.end(fmt.Errorf("look after lab %s: the engine has not told for %s whether its programs run: %w",
				l.Name, patience, err))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// wordsWithin is how long may be asked for what a dead program has left.
const wordsWithin = 5 * time.Second

// died is the story of a death.
func (l *Lab) died(ctx context.Context, d node.Death) *Died {
	ctx, cancel := context.WithTimeout(ctx, wordsWithin)
	defer cancel()
	at := time.Now()
	d, words, err := l.tells().Obituary(ctx, d)
	if err != nil {
		words = []string{"(" + err.Error() + ")"} // it was removed, perhaps
	}
	return &Died{Node: d.Node, Code: d.Code, OOM: d.OOM, At: at, Words: quotable(words)}
}

// kill ends a node on purpose.
func (l *Lab) kill(ctx context.Context, n *node.Node) error {
	l.order(n.Name(), 1, true)
	ended, err := n.Kill(ctx)
	if err == nil && !ended {
		l.order(n.Name(), -1, true) // it was down before: nothing will be told
	}
	return err
}

// start starts a node again.
func (l *Lab) start(ctx context.Context, n *node.Node) error {
	err := n.Start(ctx)
	if err == nil {
		l.order(n.Name(), 0, false)
	}
	return err
}

func (l *Lab) order(nodeName string, deaths int, gone bool) {
	v := &l.vigil
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ordered == nil {
		v.ordered, v.gone = map[string]int{}, map[string]bool{}
	}
	v.ordered[nodeName] += deaths
	v.gone[nodeName] = gone
}

// wasMeant says whether the lab may lose a node of whose death the engine has told: each is told once.
func (l *Lab) wasMeant(d node.Death) bool {
	l.vigil.mu.Lock()
	ordered := l.vigil.ordered[d.Node] > 0
	if ordered {
		l.vigil.ordered[d.Node]--
	}
	l.vigil.mu.Unlock()
	return ordered || l.mayMiss(d)
}

// isMeant says whether the lab may be without a node that was found dead.
func (l *Lab) isMeant(d node.Death) bool {
	l.vigil.mu.Lock()
	gone := l.vigil.gone[d.Node]
	l.vigil.mu.Unlock()
	return gone || l.mayMiss(d)
}

// mayMiss says whether a node is none of the lab's own programs, or a fault has ended it, in whichever process.
func (l *Lab) mayMiss(d node.Death) bool {
	if !plan.Of(d.Service).Own {
		return true
	}
	led, err := state.LedgerOf(l.Name)
	if err != nil {
		return false
	}
	notes, err := led.Notes()
	return err == nil && slices.ContainsFunc(notes, func(n Note) bool { return ended(n, d) })
}

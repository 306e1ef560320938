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

// deathSource is the engine, as far as it tells which nodes end.
type deathSource interface {
	FollowDeaths(ctx context.Context, lab string, since int64, subscribed func() error, seen func(node.Death)) error
	Dead(ctx context.Context, lab string) ([]node.Death, error)
	DescribeDeath(ctx context.Context, d node.Death) (node.Death, []string, error)
}

// monitor follows the deaths of the lab's own programs as long as somebody wants to know. The zero value is ready.
type monitor struct {
	source   deathSource   // nil: the lab's engine
	patience time.Duration // with one that does not tell; 0 is blindWithin

	mu       sync.Mutex
	users    int
	stop     func()          // ends the following; nil while nobody follows
	closed   bool            // nobody follows any more: the lab is being removed, or kept
	expected map[string]int  // by node: how many of its deaths were ordered here, and are not yet told by the engine
	killed   map[string]bool // by node: it was ended by order, and is not started again
	intact   context.Context // ends when the first program dies; the cause is what became of it
	fail     context.CancelCauseFunc
}

// Alive is ctx until one of the lab's own programs ends by itself, or nobody can tell any more. The cause is a Died
// then. Whoever waits for something of the lab waits on that, and hears at once what it would wait for in vain.
func (l *Lab) Alive(ctx context.Context) (alive context.Context, stop func()) {
	intact, release := l.startMonitor()
	alive, cancel := context.WithCancelCause(ctx)
	if intact.Err() != nil {
		cancel(context.Cause(intact)) // at once, and not in a moment
	}
	unhook := context.AfterFunc(intact, func() { cancel(context.Cause(intact)) })
	return alive, func() {
		unhook()
		cancel(nil)
		release()
	}
}

// startMonitor has the lab's programs monitored until release.
func (l *Lab) startMonitor() (intact context.Context, release func()) {
	m := &l.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.intact == nil {
		m.intact, m.fail = context.WithCancelCause(context.Background())
	}
	if m.users++; m.stop == nil && !m.closed && l.deathSource() != nil {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.followDeaths(ctx)
		}()
		m.stop = func() { cancel(); <-ended }
	}
	return m.intact, sync.OnceFunc(func() {
		m.mu.Lock()
		var stop func()
		if m.users--; m.users == 0 {
			stop, m.stop = m.stop, nil
		}
		m.mu.Unlock()
		if stop != nil {
			stop()
		}
	})
}

// closeMonitor ends the monitoring for good.
func (l *Lab) closeMonitor() {
	m := &l.monitor
	m.mu.Lock()
	stop := m.stop
	m.stop, m.closed = nil, true
	m.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// deathSource is who tells of the lab's nodes; nil for a lab that is nothing but links.
func (l *Lab) deathSource() deathSource {
	if l.monitor.source == nil && l.engine != nil {
		return l.engine
	}
	return l.monitor.source
}

// CheckPrograms asks the engine whether all of the lab's own programs run, but for those that faults hold. The error is
// a Died.
func (l *Lab) CheckPrograms(ctx context.Context) error {
	if err := l.failure(); err != nil {
		return err
	}
	before, err := l.deadByThemselves(ctx)
	if err != nil || len(before) == 0 {
		return err
	}
	// While the engine was asked about one after another, the fault that had ended one may have started it again.
	still, err := l.deadByThemselves(ctx)
	if err != nil {
		return err
	}
	for _, d := range still {
		if slices.ContainsFunc(before, func(b node.Death) bool { return b.Node == d.Node }) {
			return l.describeDeath(ctx, d)
		}
	}
	return nil
}

// deadByThemselves are the lab's own programs that do not run, and that no fault holds.
func (l *Lab) deadByThemselves(ctx context.Context) ([]node.Death, error) {
	dead, err := l.deathSource().Dead(ctx, l.Name)
	if err != nil {
		return nil, fmt.Errorf("look for the lab's programs: %w", err)
	}
	return slices.DeleteFunc(dead, l.mayBeDead), nil
}

// failure is what became of the first program that died, nil if none is known to.
func (l *Lab) failure() error {
	l.monitor.mu.Lock()
	defer l.monitor.mu.Unlock()
	if l.monitor.intact == nil {
		return nil
	}
	return context.Cause(l.monitor.intact)
}

// followDeaths follows what the engine tells of the lab's nodes until ctx ends. When the engine stops telling, it is
// asked how all are, and to tell again.
func (l *Lab) followDeaths(ctx context.Context) {
	last := int64(0)    // when the last death was that the engine told of
	var blind time.Time // since when it does not tell
	patience := cmp.Or(l.monitor.patience, blindWithin)
	tick := time.NewTicker(blindRetry)
	defer tick.Stop()
	for {
		follows := false
		err := l.deathSource().FollowDeaths(ctx, l.Name, last, func() error {
			err := l.CheckPrograms(ctx)
			if errors.As(err, new(*Died)) {
				l.monitor.fail(err)
			}
			follows = err == nil
			return err
		}, func(d node.Death) {
			last = d.At
			if !l.mayLose(d) {
				l.monitor.fail(l.describeDeath(ctx, d))
			}
		})
		switch {
		case ctx.Err() != nil || l.failure() != nil:
			return
		case follows || blind.IsZero():
			blind = time.Now()
		case time.Since(blind) > patience:
			l.monitor.fail(fmt.Errorf("look after lab %s: the engine has not told for %s whether its programs run: %w",
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

// describeDeath is a death with what the dead program has left.
func (l *Lab) describeDeath(ctx context.Context, d node.Death) *Died {
	ctx, cancel := context.WithTimeout(ctx, wordsWithin)
	defer cancel()
	at := time.Now()
	d, words, err := l.deathSource().DescribeDeath(ctx, d)
	if err != nil {
		words = []string{"(" + err.Error() + ")"} // it was removed, perhaps
	}
	return &Died{Node: d.Node, Code: d.Code, OOM: d.OOM, At: at, Words: quotable(words)}
}

// kill ends a node on purpose.
func (l *Lab) kill(ctx context.Context, n *node.Node) error {
	l.monitor.expectDeath(n.Name())
	ended, err := n.Kill(ctx)
	if err == nil && !ended {
		l.monitor.takeExpected(n.Name()) // it was down before: nothing will be told
	}
	return err
}

// start starts a node again.
func (l *Lab) start(ctx context.Context, n *node.Node) error {
	err := n.Start(ctx)
	if err == nil {
		l.monitor.expectLife(n.Name())
	}
	return err
}

// expectDeath notes that a node is about to be ended by order.
func (m *monitor) expectDeath(nodeName string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expected == nil {
		m.expected, m.killed = map[string]int{}, map[string]bool{}
	}
	m.expected[nodeName]++
	m.killed[nodeName] = true
}

// expectLife notes that a node has been started again.
func (m *monitor) expectLife(nodeName string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.killed, nodeName)
}

// takeExpected says whether a death of a node is still expected, and expects one less.
func (m *monitor) takeExpected(nodeName string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expected[nodeName] == 0 {
		return false
	}
	m.expected[nodeName]--
	return true
}

// mayLose says whether the lab may lose a node of whose death the engine has told: each is told once.
func (l *Lab) mayLose(d node.Death) bool {
	return l.monitor.takeExpected(d.Node) || l.mayMiss(d)
}

// mayBeDead says whether the lab may be without a node that was found dead.
func (l *Lab) mayBeDead(d node.Death) bool {
	l.monitor.mu.Lock()
	killed := l.monitor.killed[d.Node]
	l.monitor.mu.Unlock()
	return killed || l.mayMiss(d)
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

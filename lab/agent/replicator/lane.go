package replicator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// peekEvery is the pause between two looks at what waits for a rule to copy.
const peekEvery = time.Second

// lane is one store of one source, or one rule of that.
type lane struct {
	pass     func(context.Context) (copyPass, error)
	peek     func(context.Context) (copyPass, error) // counts what waits, and copies nothing; nil: nobody can
	rules    *rules
	underWay *underWay // of the pass; nil where that is not known
	rule     topology.CopyRule
	schedule *schedule
	marks    *runtime.Marks

	mu       sync.Mutex
	lag      api.Lag
	behind   behind
	pending  time.Time // since when the oldest thing waits that was seen and not copied
	complete time.Time // when the last pass began that copied all
	most     int64     // bytes that one pass copied
	rate     float64   // of that pass: things a second
}

// name is that of the lane in the schedule.
func (l *lane) name() string { return l.rule.Name + " of " + l.lag.Source }

func (l *lane) run(ctx context.Context, every time.Duration) {
	var last gate
	var run struct {
		began  time.Time
		copied int
	}
	for ctx.Err() == nil {
		began, changed, ordered := time.Now(), l.rules.change(), l.schedule.change()
		now := l.schedule.look(l.name(), l.rule, began)
		switch {
		case now.open && !last.open:
			run.began, run.copied = began, 0
			l.opens()
		case last.open && !now.open:
			l.closes(time.Since(run.began), run.copied)
		}
		last = now
		pass, err := l.look(ctx, now)
		if ctx.Err() != nil {
			return
		}
		run.copied += pass.copied
		l.note(began, pass, err)
		if now.open && now.run > 0 && err == nil && pass.whole && pass.pending.IsZero() {
			l.schedule.done(l.name(), now.run, run.copied)
			continue // it closes at once
		}
		// A pass over many objects or items is work for both stores: resting as long keeps half of them for the app.
		pause, rest := every, min(time.Since(began), passRetry)
		if !now.open {
			pause = max(pause, peekEvery)
		}
		if !pass.due.IsZero() {
			pause = min(pause, time.Until(pass.due))
		}
		if err != nil {
			rest = passRetry
		}
		until := time.Now().Add(max(pause, rest))
		if !now.until.IsZero() && now.until.Before(until) {
			until = now.until
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-ordered:
		case <-time.After(time.Until(until)):
		}
	}
}

// look copies where the gate is open, until it closes, and else counts what waits.
func (l *lane) look(ctx context.Context, g gate) (copyPass, error) {
	until := time.Now().Add(passLimit)
	if !g.open {
		if l.peek == nil {
			return copyPass{}, nil
		}
		ctx, cancel := context.WithDeadline(ctx, until)
		defer cancel()
		return l.peek(ctx)
	}
	closes := l.rule.When == topology.CopyWindow && g.until.Before(until)
	if closes {
		until = g.until
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	pass, err := l.pass(ctx)
	if closes && ctx.Err() != nil {
		err = nil // the window has closed, which is no failure: what is left waits for the next
	}
	return pass, err
}

// opens has all that waited tried again.
func (l *lane) opens() {
	l.mu.Lock()
	l.lag.Open = true
	l.mu.Unlock()
	if l.rule.When != topology.CopyAlways && l.rule.Name != "" {
		l.marks.Leave(api.MarkOpened, l.name())
	}
}

func (l *lane) closes(took time.Duration, copied int) {
	l.mu.Lock()
	l.lag.Open = false
	l.mu.Unlock()
	mark := api.MarkReplicated
	if l.rule.When == topology.CopyWindow {
		mark = api.MarkClosed
	}
	l.marks.Leave(mark, fmt.Sprintf("%s: %d copied in %d ms", l.name(), copied, took.Milliseconds()))
}

// note takes down how a pass ended.
func (l *lane) note(began time.Time, pass copyPass, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	blind := errors.As(err, new(sourceError))
	l.behind.note(time.Now(), pass, blind)
	if blind {
		l.pending = oldest(l.pending, pass.pending) // what this pass could not see again still waits
	} else {
		l.pending = pass.pending
	}
	var lag int64
	if !l.pending.IsZero() {
		lag = max(0, time.Since(l.pending).Milliseconds())
	}
	l.lag.LagMS = &lag
	if pass.watermark > 0 {
		l.lag.WatermarkNS = &pass.watermark
	}
	l.lag.Copied += pass.copied
	l.lag.Conflicts += pass.conflicts
	l.count(pass, time.Since(began))
	was := l.lag.Error
	switch {
	case err == nil:
		l.lag.Reachable, l.lag.Error = true, ""
		if pass.whole && pass.pending.IsZero() { // else a rule holds some of it
			l.complete = began
		}
	case blind:
		l.lag.Reachable, l.lag.Error = false, err.Error()
	default:
		l.lag.Error = err.Error()
	}
	if (was == "") != (err == nil) {
		slog.Info("replication changed", "source", l.lag.Source, "store", l.lag.Store, "rule", l.rule.Name, "copied",
			l.lag.Copied, "error", l.lag.Error)
	}
}

// count notes what waits, and how long that takes, with the lock held. The pass that copied most tells at what rate:
// of one that copies little most is spent on looking.
func (l *lane) count(pass copyPass, took time.Duration) {
	if pass.copied > 0 && took > 0 && pass.bytes >= l.most {
		l.most, l.rate = pass.bytes, float64(pass.copied)/took.Seconds()
		if l.rule.Name != "" {
			l.lag.BytesPerSecond = float64(pass.bytes) / took.Seconds()
		}
	}
	if l.rule.Name == "" || pass.waits == nil {
		return
	}
	l.lag.Backlog, l.lag.BacklogBytes, l.lag.DrainMS = new(pass.waits.things), new(pass.waits.bytes), nil
	if l.rate > 0 {
		l.lag.DrainMS = new(int64(1000 * float64(pass.waits.things) / l.rate))
	}
}

// hasCopiedSince says whether all was copied that was there at a time.
func (l *lane) hasCopiedSince(at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.complete.After(at)
}

func (l *lane) state() api.Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	lag := l.lag
	if lag.Prompt() { // else it is late by its schedule, and not by itself
		lag.BehindMS = l.behind.at(time.Now(), l.underWay.oldest())
	}
	if !l.complete.IsZero() {
		ago := time.Since(l.complete).Milliseconds()
		lag.LastPassMSAgo = &ago
	}
	return lag
}

package probe

import (
	"context"
	"sync"
	"time"
)

// line is an open connection to a service on which questions are asked one after another.
type line struct {
	conn *counted
	// ask sends about up bytes and reads an answer, of about down bytes where the protocol lets one choose.
	ask func(ctx context.Context, up, down int) error
	// bye asks the far end to close the connection, and reads its last word.
	bye func(ctx context.Context) error
}

// close hangs up without a word.
func (l *line) close() { _ = l.conn.Close() }

// until gives the reads and writes that follow the deadline of ctx.
func (l *line) until(ctx context.Context) error {
	deadline, _ := ctx.Deadline() // the zero time is none
	return l.conn.SetDeadline(deadline)
}

// lineIdle is how long a line that nobody asks on is kept.
const lineIdle = time.Minute

// Lines are the open connections of one witness, by name. The zero value has none.
type Lines struct {
	mu    sync.Mutex
	lines map[string]*kept
}

type kept struct {
	mu sync.Mutex
	*line
	broken error // what it first failed with
	idle   *time.Timer
}

// ask asks on the line of that name. The first question opens it; a line that has failed is broken and stays so: to say
// that it works again, because a new connection does, would be a lie.
func (l *Lines) ask(ctx context.Context, q Question) error {
	l.mu.Lock()
	if l.lines == nil {
		l.lines = map[string]*kept{}
	}
	k, ok := l.lines[q.Line]
	if !ok {
		k = &kept{}
		k.idle = time.AfterFunc(lineIdle, func() { l.Hangup(q.Line) })
		l.lines[q.Line] = k
	}
	k.idle.Reset(lineIdle)
	l.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.line == nil {
		opened, err := protocolOf(q.Service).open(ctx, q.Address)
		if err != nil {
			return err
		}
		k.line = opened
	}
	if k.broken == nil {
		k.broken = k.ask(ctx, 0, 0)
	}
	return k.broken
}

// Hangup ends a line, if there is one of that name.
func (l *Lines) Hangup(name string) {
	l.mu.Lock()
	k, ok := l.lines[name]
	delete(l.lines, name)
	l.mu.Unlock()
	if !ok {
		return
	}
	k.idle.Stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.line != nil {
		k.close()
	}
}

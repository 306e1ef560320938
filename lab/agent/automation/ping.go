package automation

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// keptFor is how long a connection is pinged on before another one is made: a kept connection can outlive its
// far end, and a server that takes no new ones is ill.
const keptFor = time.Second

// pinger asks a database whether it answers, several times a second. PostgreSQL starts a process for each connection,
// which is the most expensive thing that a lab does while nothing happens: so it asks on one connection for a while.
type pinger struct {
	endpoint topology.Endpoint
	kept     chan session // the one to ask on, while nobody does
}

type session struct {
	*pgx.Conn

	since time.Time
}

func newPinger(e topology.Endpoint) *pinger { return &pinger{endpoint: e, kept: make(chan session, 1)} }

// ping is nil when the database answers a query. What the kept connection says counts only if it is good: it may have
// broken before.
func (p *pinger) ping(ctx context.Context) error {
	select {
	case s := <-p.kept:
		if time.Since(s.since) < keptFor && p.ask(ctx, s) == nil {
			return nil
		}
		runtime.HangUp(ctx, s.Conn)
	default: // somebody is asking on it, or there is none
	}
	conn, err := runtime.ConnectPostgres(ctx, p.endpoint)
	if err != nil {
		return err
	}
	s := session{Conn: conn, since: time.Now()}
	if err := p.ask(ctx, s); err != nil {
		runtime.HangUp(ctx, conn)
		return err
	}
	return nil
}

// ask asks on a session, and keeps it if that went well.
func (p *pinger) ask(ctx context.Context, s session) error {
	if _, err := s.Exec(ctx, "select 1"); err != nil {
		return fmt.Errorf("ask postgres: %w", err)
	}
	select {
	case p.kept <- s:
	default: // another one is kept already
		runtime.HangUp(ctx, s.Conn)
	}
	return nil
}

// close gives up what is kept.
func (p *pinger) close(ctx context.Context) {
	select {
	case s := <-p.kept:
		runtime.HangUp(ctx, s.Conn)
	default:
	}
}

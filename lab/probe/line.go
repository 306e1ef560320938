package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/regionfall/regionfall/lab/postgres"
	"github.com/regionfall/regionfall/lab/topology"
)

// line is an open connection to a service on which questions are asked one after another.
type line struct {
	conn *counted
	// ask sends about up bytes and reads an answer, of about down bytes where the protocol lets one choose.
	ask func(ctx context.Context, up, down int) error
	// bye asks the far end to close the connection, and reads its last word.
	bye func(ctx context.Context) error
}

func open(ctx context.Context, q Question) (*line, error) {
	if q.Service == topology.ServicePostgres {
		return openPostgres(ctx, q.Address)
	}
	conn, err := dial(ctx, q.Address)
	if err != nil {
		return nil, err
	}
	l, r := &line{conn: conn}, bufio.NewReaderSize(conn, 32<<10)
	if q.Service == topology.ServiceRedis {
		l.redis(r)
	} else {
		l.http(r)
	}
	return l, nil
}

// close hangs up without a word.
func (l *line) close() { _ = l.conn.Close() }

// until gives the reads and writes that follow the deadline of ctx.
func (l *line) until(ctx context.Context) error {
	deadline, _ := ctx.Deadline() // the zero time is none
	return l.conn.SetDeadline(deadline)
}

func (l *line) redis(r *bufio.Reader) {
	l.ask = func(ctx context.Context, up, down int) error {
		if err := l.until(ctx); err != nil {
			return err
		}
		word := strings.Repeat("x", max(up, down, 1))
		if _, err := fmt.Fprintf(l.conn, "*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", len(word), word); err != nil {
			return err
		}
		if _, err := r.ReadString('\n'); err != nil {
			return err
		}
		_, err := io.CopyN(io.Discard, r, int64(len(word)+2))
		return err
	}
	l.bye = func(context.Context) error {
		if _, err := io.WriteString(l.conn, "QUIT\r\n"); err != nil {
			return err
		}
		_, err := r.ReadString('\n')
		return err
	}
}

func (l *line) http(r *bufio.Reader) {
	exchange := func(ctx context.Context, request string) error {
		if err := l.until(ctx); err != nil {
			return err
		}
		if _, err := io.WriteString(l.conn, request); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close())
	}
	l.ask = func(ctx context.Context, up, down int) error {
		switch {
		case up > 0: // whatever it thinks of the request, it has to take it before it says so
			return exchange(ctx, fmt.Sprintf("POST / HTTP/1.1\r\nHost: probe\r\nContent-Length: %d\r\n\r\n%s", up,
				strings.Repeat("x", up)))
		case down > 0: // the longest answer that the lab's own programs give unasked
			return exchange(ctx, "GET /metrics HTTP/1.1\r\nHost: probe\r\n\r\n")
		default:
			return exchange(ctx, "GET /healthz HTTP/1.1\r\nHost: probe\r\n\r\n")
		}
	}
	l.bye = func(ctx context.Context) error {
		return exchange(ctx, "GET /healthz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n")
	}
}

func openPostgres(ctx context.Context, address string) (*line, error) {
	config, err := postgres.Server{
		Address: address, User: topology.DatabaseUser, Password: topology.Secret, Database: "postgres",
	}.Config()
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "regionfall-probe"
	// It is called for the connection, and later again whenever a question has to be cancelled: it must keep nothing of
	// what it makes.
	config.DialFunc = func(ctx context.Context, _, address string) (net.Conn, error) {
		conn, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
	pg, err := pgconn.ConnectConfig(ctx, &config.Config)
	var failed dialing
	switch {
	case errors.As(err, &failed):
		return nil, failed // pgconn would say more of whom it asked than of what is wrong
	case err != nil:
		return nil, err
	}
	conn, ok := pg.Conn().(*counted)
	if !ok {
		return nil, errors.Join(fmt.Errorf("open a line to %s: pgconn has a connection of its own, %T", address,
			pg.Conn()), pg.Close(ctx))
	}
	l := &line{conn: conn}
	l.ask = func(ctx context.Context, up, down int) error {
		if err := l.until(ctx); err != nil {
			return err
		}
		_, err := pg.Exec(ctx, fmt.Sprintf("select repeat('x', %d) /*%s*/", down, strings.Repeat("x", up))).ReadAll()
		return err
	}
	l.bye = func(context.Context) error {
		_, err := l.conn.Write([]byte("X\x00\x00\x00\x04")) // Terminate: it closes without a word
		return err
	}
	return l, nil
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
		opened, err := open(ctx, q)
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

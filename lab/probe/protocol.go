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

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/regionfall/regionfall/lab/postgres"
	"github.com/regionfall/regionfall/lab/topology"
)

// protocol is how a service is asked, in its own words.
type protocol struct {
	question string // the cheapest that there is
	answers  int    // how many bytes of its answer are enough
	echoes   bool   // an answer is as long as who asks wants it to be
	open     func(ctx context.Context, address string) (*line, error)
}

// protocols are all that services speak.
var protocols = map[topology.Protocol]protocol{
	topology.ProtocolSQL: { // SSLRequest, which is answered by one byte, S or N
		question: "\x00\x00\x00\x08\x04\xd2\x16\x2f", answers: 1, echoes: true, open: openPostgres,
	},
	topology.ProtocolRedis: {question: "PING\r\n", answers: 4, echoes: true, open: opens((*line).redis)},
	topology.ProtocolAWS:   web,
	topology.ProtocolHTTP:  web,
}

var web = protocol{
	question: "GET /healthz HTTP/1.0\r\nHost: probe\r\n\r\n", answers: 4, open: opens((*line).http),
}

// protocolOf is what a service is asked in: one that no lab has is asked by HTTP.
func protocolOf(s topology.Service) protocol {
	if p, known := protocols[s.Traits().Speaks]; known {
		return p
	}
	return web
}

// Echoes says whether a service answers with as much as who asks it wants. The traffic from one that does not can't be
// measured by itself.
func Echoes(s topology.Service) bool { return protocolOf(s).echoes }

// opens makes lines of new connections.
func opens(speak func(l *line, r *bufio.Reader)) func(ctx context.Context, address string) (*line, error) {
	return func(ctx context.Context, address string) (*line, error) {
		conn, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		l := &line{conn: conn}
		speak(l, bufio.NewReaderSize(conn, 32<<10))
		return l, nil
	}
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

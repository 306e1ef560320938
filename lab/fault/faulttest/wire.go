package faulttest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/topology"
)

// only is how a node serves that does nothing else, by what it speaks. It does until its listener is closed.
var only = map[topology.Protocol]func(net.Listener){
	topology.ProtocolRedis: each(serveRedis),
	topology.ProtocolAWS:   serveHTTP(plain()),
	topology.ProtocolHTTP:  serveHTTP(plain()),
}

// plain answers what a probe asks of any HTTP service.
func plain() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "well\n")
	})
}

// cache is a Redis server, the primary at home and a replica elsewhere.
type cache struct {
	idle
	home bool
}

func (c *cache) query(command string) (string, error) {
	switch {
	case command != "ROLE":
		return "", fmt.Errorf("the fake Redis does not know %q", command)
	case c.home:
		return "master", nil // Redis' own word
	}
	return "slave", nil
}

// serveRedis speaks as much of Redis' protocol as a probe does.
func serveRedis(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch strings.TrimSpace(line) {
		case "PING":
			_, err = io.WriteString(c, "+PONG\r\n")
		case "QUIT":
			_, _ = io.WriteString(c, "+OK\r\n")
			return
		case "*2": // $4 ECHO $n word
			err = echo(c, r)
		}
		if err != nil {
			return
		}
	}
}

func echo(c net.Conn, r *bufio.Reader) error {
	var size string
	for range 3 {
		var err error
		if size, err = r.ReadString('\n'); err != nil {
			return err
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(size[1:]))
	if err != nil {
		return err
	}
	word := make([]byte, n+2)
	if _, err := io.ReadFull(r, word); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "$%d\r\n%s", n, word)
	return err
}

// servePostgres speaks as much of PostgreSQL's protocol as a probe does: it lets anybody in, and answers as many x as
// are asked for.
func servePostgres(c net.Conn, r io.Reader) {
	b := pgproto3.NewBackend(r, c)
	for {
		message, err := b.ReceiveStartupMessage()
		if err != nil {
			return
		}
		if _, tls := message.(*pgproto3.SSLRequest); tls {
			if _, err := io.WriteString(c, "N"); err != nil {
				return
			}
			continue
		}
		if _, starts := message.(*pgproto3.StartupMessage); !starts {
			return
		}
		break
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for err := b.Flush(); err == nil; {
		err = answerQuery(b)
	}
}

func answerQuery(b *pgproto3.Backend) error {
	message, err := b.Receive()
	if err != nil {
		return err
	}
	query, ok := message.(*pgproto3.Query)
	if !ok {
		return errors.New("the client says goodbye")
	}
	var n int
	if _, err := fmt.Sscanf(query.String, "select repeat('x', %d)", &n); err != nil {
		return err
	}
	b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{
		Name: []byte("repeat"), DataTypeOID: 25,
		DataTypeSize: -1,
	}}})
	b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte(strings.Repeat("x", n))}})
	b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return b.Flush()
}

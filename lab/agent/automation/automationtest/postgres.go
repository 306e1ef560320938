package automationtest

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/regionfall/regionfall/lab/topology"
)

// Listen takes connections on loopback and gives each to serve, which need not close it.
func Listen(t *testing.T, serve func(conn net.Conn)) topology.Endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return topology.Endpoint{Region: "x", Address: listener.Addr().String()}
}

// Postgres is a server that speaks PostgreSQL's protocol. It answers each statement with one row, or hangs up
// when it has none.
type Postgres struct {
	Answer func(statement string) []any

	mu    sync.Mutex
	asked []string
	// those begun; a client that gives up on one asks over a connection of its own that its question be cancelled
	sessions int
}

// Serve is one session.
func (p *Postgres) Serve(conn net.Conn) {
	server := pgproto3.NewBackend(conn, conn)
	if first, err := server.ReceiveStartupMessage(); err != nil {
		return
	} else if _, begins := first.(*pgproto3.StartupMessage); !begins {
		return
	}
	p.mu.Lock()
	p.sessions++
	p.mu.Unlock()
	server.Send(&pgproto3.AuthenticationOk{})
	server.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
	server.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
	for {
		server.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if server.Flush() != nil {
			return
		}
		message, err := server.Receive()
		if err != nil {
			return
		}
		query, ok := message.(*pgproto3.Query)
		if !ok {
			return
		}
		p.mu.Lock()
		p.asked = append(p.asked, query.String)
		p.mu.Unlock()
		row := p.Answer(query.String)
		if row == nil {
			return
		}
		var fields pgproto3.RowDescription
		var values pgproto3.DataRow
		for _, v := range row {
			field, text := pgproto3.FieldDescription{Name: []byte("field"), DataTypeOID: 25}, ""
			switch v := v.(type) {
			case bool:
				field.DataTypeOID, text = 16, map[bool]string{true: "t", false: "f"}[v]
			case int:
				field.DataTypeOID, text = 20, strconv.Itoa(v)
			case string:
				text = v
			}
			fields.Fields, values.Values = append(fields.Fields, field), append(values.Values, []byte(text))
		}
		server.Send(&fields)
		server.Send(&values)
		server.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	}
}

// Asked is the number of the first statement asked that contains the text, or -1.
func (p *Postgres) Asked(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.IndexFunc(p.asked, func(statement string) bool { return strings.Contains(statement, text) })
}

// Statements are all that were asked, in their order.
func (p *Postgres) Statements() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Sessions is how many sessions were begun.
func (p *Postgres) Sessions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions
}

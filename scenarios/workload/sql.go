package workload

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/regionfall/regionfall/lab/postgres"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// sqlMessage is a statement that a client sends to PostgreSQL itself, on a connection of its own.
type sqlMessage struct {
	kind      history.Kind
	statement string
	login     Login
}

func (m *sqlMessage) To() app.Target { return app.ToPostgres }

func (m *sqlMessage) String() string { return m.statement }

func (m *sqlMessage) Send(ctx context.Context, address string, _ Carried, over *Attempt) Answer {
	conn, err := m.connect(ctx, address, over)
	if err != nil {
		why := fmt.Sprintf("connect: %v", because(ctx, plainly(err)))
		return Answer{Result: Refused, Why: why, Words: why, Unsent: true}
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	results, err := conn.Exec(ctx, m.statement).ReadAll()
	if err != nil {
		return m.failed(err, results)
	}
	return m.understand(results)
}

func (m *sqlMessage) connect(ctx context.Context, address string, over *Attempt) (*pgconn.PgConn, error) {
	c, err := postgres.Server{
		Address: address, User: m.login.User, Password: m.login.Password, Database: m.login.Database,
	}.Config()
	if err != nil {
		return nil, err
	}
	c.DialFunc = over.DialOnce // when a statement is given up, pgx dials again to have the server cancel it
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	return pgconn.ConnectConfig(ctx, &c.Config)
}

// commits is a statement that may commit what it did before it fails.
var commits = regexp.MustCompile(`(?is)(^|;)(\s|--[^\n]*\n|/\*.*?\*/)*(call|do)\b`)

// failed is an error that the server told, or the end of the connection, after some results. Of a statement that it
// refuses nothing is left, unless that is a procedure; what ends with the connection may be committed all the same, and
// so may what came before the one that was refused.
func (m *sqlMessage) failed(err error, results []*pgconn.Result) Answer {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return Answer{Err: plainly(err)}
	}
	a := Answer{Why: fmt.Sprintf("%s %s: %s", refused.Severity, refused.Code, refused.Message)}
	a.Words = a.Why
	// A statement that fails may have begun its result. One that was done has a tag.
	before := slices.ContainsFunc(results, func(r *pgconn.Result) bool { return r.CommandTag.String() != "" })
	if refused.SeverityUnlocalized == "ERROR" && !before && !commits.MatchString(m.statement) {
		a.Result = Refused
	}
	return a
}

// understand says what an answer without an error means.
func (m *sqlMessage) understand(results []*pgconn.Result) Answer {
	rows, tags := 0, make([]string, len(results))
	wrote := false
	for i, r := range results {
		rows += len(r.Rows)
		tags[i] = r.CommandTag.String()
		wrote = wrote || writes(r.CommandTag)
	}
	words := strings.Join(tags, "; ")
	switch {
	case m.kind == history.Read && rows == 0:
		return Answer{Result: Absent, Why: words, Words: words}
	case m.kind == history.Write && !wrote:
		return Answer{Result: Refused, Why: words + ": no row was written", Words: words}
	}
	return Answer{Result: Acknowledged, Words: words}
}

// around are the tags of statements that write nothing themselves, and stand around those that do.
var around = []string{"BEGIN", "COMMIT", "LOCK", "RELEASE", "RESET", "ROLLBACK", "SAVEPOINT", "SET", "START"}

// writes says whether a statement with this tag wrote anything, as far as that can be told: a SELECT may be of a
// function that did.
func writes(tag pgconn.CommandTag) bool {
	verb, _, _ := strings.Cut(tag.String(), " ")
	if tag.Insert() || tag.Update() || tag.Delete() || verb == "MERGE" {
		return tag.RowsAffected() > 0
	}
	return !slices.Contains(around, verb)
}

// plainly leaves out what pgx says of the host and the user: the same fate is told in the same words.
func plainly(err error) error {
	var op *net.OpError
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &op):
		return op
	case errors.As(err, &refused):
		return fmt.Errorf("%s %s: %s", refused.Severity, refused.Code, refused.Message)
	}
	return first(err)
}

// first is the error that others are about.
func first(err error) error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && len(joined.Unwrap()) > 0 {
		return first(joined.Unwrap()[0])
	}
	if below := errors.Unwrap(err); below != nil {
		return first(below)
	}
	return err
}

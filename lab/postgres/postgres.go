// Package postgres says how this process connects to a PostgreSQL. The environment that it runs in has no part in that:
// PGOPTIONS of whoever starts a drill must not decide what the drill's writes wait for.
package postgres

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL, and as whom it is spoken to.
type Server struct {
	Address                  string // host:port
	User, Password, Database string
}

// Config is how it is connected to: without TLS, and without a limit but that of the context. It may be changed. An
// error means that the address is none.
func (s Server) Config() (*pgx.ConnConfig, error) {
	host, text, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, fmt.Errorf("connect to postgres: %w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("connect to postgres at %s: port %q is none", s.Address, text)
	}
	c := blank.Copy()
	c.Host, c.Port, c.User, c.Password, c.Database = host, uint16(port), s.User, s.Password, s.Database
	return c, nil
}

// blank is what every configuration is made of. It is made before anything of the program runs that could look at the
// environment meanwhile.
var blank = parse()

// parse makes a configuration of nothing but what is said here. pgx makes none without looking at the environment, and
// what PGSERVICE says there nothing can take back: so the variables are away while it looks.
func parse() *pgx.ConnConfig {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PG") {
			_ = os.Unsetenv(name)
			defer func() { _ = os.Setenv(name, value) }()
		}
	}
	c, err := pgx.ParseConfig("host=localhost user=nobody password=none dbname=none sslmode=disable")
	if err != nil {
		panic(err) // it is the same wherever this runs
	}
	return c
}

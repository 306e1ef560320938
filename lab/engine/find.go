package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// answersWithin is how long an engine may take to say that it is there.
const answersWithin = 5 * time.Second

// Place is where an engine is, and why it is that one.
type Place struct {
	Address string // such as unix:///var/run/docker.sock
	By      string // which part of the rule names it, such as "DOCKER_HOST"
	Named   bool   // somebody named it, as opposed to: it is where engines are
	Own     bool   // Start started it

	certs string // folder of the certificates that it wants; empty for what DOCKER_CERT_PATH says
}

// Engine is one that answers.
type Engine struct {
	Place
	Client *client.Client
}

// Close lets go of the connections to the engine.
func (e *Engine) Close() { _ = e.Client.Close() }

// Find connects to the engine. Its error is a *Problem, or the context's.
func Find(ctx context.Context) (*Engine, error) { return finder{own: ours}.find(ctx) }

// finder finds an engine; own is where one that Start started would be.
type finder struct{ own files }

func (f finder) find(ctx context.Context) (*Engine, error) {
	named, err := namedPlace()
	if err != nil {
		return nil, &Problem{ErrNone, oneLine(err), "name an engine in DOCKER_HOST, or another context in DOCKER_CONTEXT"}
	}
	places := f.usual()
	if named != nil {
		places = []Place{*named}
	}
	var first error // of several, one expects to hear of the first
	for _, p := range places {
		e, err := p.dial(ctx)
		switch {
		case err == nil:
			return e, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, ErrHangs):
			return nil, err
		case first == nil:
			first = err
		}
	}
	return nil, first
}

// namedPlace is the engine that somebody names, if anybody does.
func namedPlace() (*Place, error) {
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return &Place{Address: host, By: "DOCKER_HOST", Named: true}, nil
	}
	return contextPlace()
}

// usual is where engines are that nobody names. The machine's comes in any case, so that there is one to complain of.
func (f finder) usual() []Place {
	var places []Place
	if exists(f.own.socket()) {
		places = append(places, f.own.place())
	}
	places = append(places, Place{Address: client.DefaultDockerHost, By: "this machine's"})
	home, err := os.UserHomeDir()
	if err != nil {
		return places
	}
	for _, socket := range []string{
		filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "docker.sock"),
		filepath.Join(home, ".docker", "run", "docker.sock"),
		filepath.Join(home, ".docker", "desktop", "docker.sock"),
		filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "docker.sock"),
	} {
		if filepath.IsAbs(socket) && exists(socket) {
			places = append(places, Place{Address: "unix://" + socket, By: "this user's"})
		}
	}
	return places
}

// dial connects to the engine at a place and has it answer once.
func (p Place) dial(ctx context.Context) (*Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	where := " at " + p.Address
	if p.Named {
		where += ", as " + p.By + " says"
	}
	c, err := client.New(append([]client.Opt{client.FromEnv, client.WithHost(p.Address)}, p.tls()...)...)
	if err == nil {
		if _, err = c.Ping(ctx, client.PingOptions{}); err == nil {
			return &Engine{Place: p, Client: c}, nil
		}
		_ = c.Close()
	}
	refused := p.refusal()
	switch {
	case ctx.Err() != nil && refused == nil:
		return nil, &Problem{ErrHangs, fmt.Sprintf("it said nothing within %s%s", answersWithin, where), "start it again"}
	case errors.Is(refused, os.ErrPermission):
		return nil, &Problem{ErrNone, "this user may not speak to the one" + where, "start as a user who may, or " + how()}
	case refused != nil:
		err = refused
	}
	return nil, &Problem{fmt.Errorf("%w%s", ErrNone, where), oneLine(err), p.remedy()}
}

func (p Place) remedy() string {
	if p.Named {
		return "start it, or name another"
	}
	return "start it, name another in DOCKER_HOST, or " + how()
}

// refusal is why nobody takes connections there, as far as can be seen. One who does, and says nothing, is not absent.
func (p Place) refusal() error {
	network, address, _ := strings.Cut(p.Address, "://")
	if network != "unix" && network != "tcp" {
		return nil
	}
	c, err := net.DialTimeout(network, address, time.Second)
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err // the rest repeats where that is
	}
	if err == nil {
		err = c.Close()
	}
	return err
}

func (p Place) tls() []client.Opt {
	if p.certs == "" {
		return nil
	}
	return []client.Opt{client.WithTLSClientConfig(
		filepath.Join(p.certs, "ca.pem"), filepath.Join(p.certs, "cert.pem"), filepath.Join(p.certs, "key.pem"))}
}

// Environ is what has other programs, and libraries with a rule of their own, speak to the same engine.
func (p Place) Environ() map[string]string {
	env := map[string]string{client.EnvOverrideHost: p.Address}
	if p.certs != "" {
		env[client.EnvOverrideCertPath], env[client.EnvTLSVerify] = p.certs, "1"
	}
	return env
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// answersWithin is how long an engine may take to say that it is there.
const answersWithin = 5 * time.Second

// Engine is one that answers.
type Engine struct {
	Place
	Client *client.Client
	About  About
}

// About is what an engine says of itself.
type About struct {
	Product  string // "docker", or Podman
	Version  string
	API      string // the newest that it speaks
	OS, Arch string // of its containers, as Go names them
}

// The products that are told apart, as people write them.
const (
	Docker = "docker"
	Podman = "podman"
)

// String is the engine in a few words, such as "docker 20.10.24 (API 1.41, linux/amd64)".
func (a About) String() string {
	return fmt.Sprintf("%s %s (API %s, %s/%s)", a.Product, a.Version, a.API, a.OS, a.Arch)
}

// Close lets go of the connections to the engine.
func (e *Engine) Close() { _ = e.Client.Close() }

// Find connects to the engine. Its error is a *Problem, or the context's.
func Find(ctx context.Context) (*Engine, error) { return here.find(ctx) }

// finder finds an engine; own is where one that Start started would be, machine the address of the machine's.
type finder struct {
	own     files
	machine string
}

// here finds this machine's.
var here = finder{own: ours, machine: client.DefaultDockerHost}

func (f finder) find(ctx context.Context) (*Engine, error) {
	named, err := namedPlace()
	if err != nil {
		return nil, &Problem{
			ErrNone, oneLine(err),
			"name an engine in DOCKER_HOST, or another context in DOCKER_CONTEXT",
		}
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
		case errors.Is(err, ErrHangs), errors.Is(err, ErrRefuses):
			return nil, err // it is there
		case first == nil:
			first = err
		}
	}
	return nil, first
}

// dial connects to the engine at a place and has it say what it is.
func (p Place) dial(ctx context.Context) (*Engine, error) {
	if hop, is := strings.CutPrefix(p.Address, "ssh://"); is {
		return nil, p.overSSH(hop)
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	c, err := client.New(append([]client.Opt{client.FromEnv, client.WithHost(p.Address)}, p.tls()...)...)
	if err != nil {
		return nil, p.absent(err)
	}
	about, err := ask(ctx, c)
	if err != nil {
		_ = c.Close()
		return nil, p.explain(ctx, err)
	}
	return &Engine{Place: p, Client: c, About: about}, nil
}

// ask has an engine say what it is, once it has shown that it is there.
func ask(ctx context.Context, c *client.Client) (About, error) {
	if _, err := c.Ping(ctx, client.PingOptions{}); err != nil {
		return About{}, err
	}
	v, err := c.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return About{}, answer{err}
	}
	about := About{Product: Docker, Version: v.Version, API: v.APIVersion, OS: v.Os, Arch: v.Arch}
	for _, part := range v.Components {
		if strings.HasPrefix(part.Name, "Podman") {
			about.Product = Podman
		}
	}
	return about, nil
}

// answer is an error of an engine that has said that it is there.
type answer struct{ error }

func (a answer) Unwrap() error { return a.error }

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

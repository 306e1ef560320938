package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/moby/moby/client"
)

// location says at which place, and who named it.
func (p Place) location() string {
	if p.Named {
		return " at " + p.Address + ", as " + p.By + " says"
	}
	return " at " + p.Address
}

// explain says what is wrong with the engine at a place from what became of a question to it.
func (p Place) explain(ctx context.Context, err error) error {
	said := answer{}
	proxy := p.proxy()
	var refused error
	if proxy == nil {
		refused = p.refusal()
	}
	switch {
	case proxy != nil && !errors.As(err, &said):
		what := oneLine(err)
		if ctx.Err() != nil {
			what = fmt.Sprintf("nothing within %s", answersWithin)
		}
		return &Problem{
			fmt.Errorf("%w%s", ErrNone, p.location()), fmt.Sprintf("the HTTP proxy %s was asked for it: %s", proxy.Host,
				what),
			"add " + p.host() + " to NO_PROXY",
		}
	case ctx.Err() != nil && refused == nil:
		return &Problem{
			ErrHangs, fmt.Sprintf("it said nothing within %s%s", answersWithin, p.location()),
			"start it again",
		}
	case strings.HasPrefix(err.Error(), answered):
		return p.refuses(err)
	case errors.Is(refused, os.ErrPermission):
		return &Problem{ErrNone, "this user may not speak to the one" + p.location(), "start as a user who may, or " +
			startHint()}
	case refused != nil:
		err = refused
	}
	return p.absent(err)
}

func (p Place) absent(err error) error {
	remedy := "start it, name another in DOCKER_HOST, or " + startHint()
	if p.Named {
		remedy = "start it, or name another"
	}
	if pinned := os.Getenv(client.EnvOverrideAPIVersion); pinned != "" && strings.Contains(err.Error(), "API version") {
		remedy = "unset DOCKER_API_VERSION, which is " + pinned
	}
	return &Problem{fmt.Errorf("%w%s", ErrNone, p.location()), oneLine(err), remedy}
}

// answered begins what docker's client says of an answer that is an error.
const answered = "Error response from daemon: "

// refuses passes on what an engine says that is there and does not do what it is asked.
func (p Place) refuses(err error) error {
	text := strings.TrimPrefix(oneLine(err), answered)
	remedy := "fix that, or name another engine in DOCKER_HOST"
	switch pinned := os.Getenv(client.EnvOverrideAPIVersion); {
	case !strings.Contains(text, "client version"):
	case pinned != "":
		remedy = "unset DOCKER_API_VERSION, which asks for " + pinned
	default:
		remedy = "update the engine, or name another in DOCKER_HOST"
	}
	return &Problem{fmt.Errorf("%w%s", ErrRefuses, p.location()), text, remedy}
}

// overSSH says how to reach an engine for which ssh is needed. Its published ports are where it is, not at the end of
// the tunnel.
func (p Place) overSSH(hop string) error {
	const socket = "/tmp/engine.sock"
	user, path, _ := strings.Cut(hop, "/")
	if path == "" {
		path = "var/run/docker.sock"
	}
	host := user[strings.LastIndexByte(user, '@')+1:]
	if name, _, cut := strings.Cut(host, ":"); cut {
		host = name
	}
	return &Problem{
		ErrNone, fmt.Sprintf("%s names %s, and none is reached over ssh from here", p.By, p.Address),
		fmt.Sprintf("run `ssh -fNL %s:/%s ssh://%s`, and set DOCKER_HOST=unix://%s and %s=%s", socket, path, user,
			socket, ReachEnv, host),
	}
}

// ReachEnv is the variable that says at which address the ports are reached that the engine publishes. Testcontainers
// reads it too.
const ReachEnv = "TESTCONTAINERS_HOST_OVERRIDE"

// proxy is the HTTP proxy that the engine's client asks instead of the engine; nil for none.
func (p Place) proxy() *url.URL {
	scheme, address, _ := strings.Cut(p.Address, "://")
	switch scheme {
	case "unix", "npipe":
		return nil
	case "tcp":
		scheme = "http"
		if p.certs != "" || os.Getenv(client.EnvOverrideCertPath) != "" {
			scheme = "https"
		}
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: scheme, Host: address}})
	if err != nil {
		return nil // it was not asked
	}
	return proxy
}

func (p Place) host() string {
	u, err := url.Parse(p.Address)
	if err != nil {
		return p.Address
	}
	return u.Hostname()
}

// Package engine finds the container engine, by one rule for images and nodes alike, and runs one of Regionfall's own
// where there is none: see Start.
//
// The rule: DOCKER_HOST; else the docker context that DOCKER_CONTEXT or docker's configuration names; else the engine
// that Start started; else the machine's; else the user's rootless one, Docker Desktop's, Colima's, Podman's. One that
// is named and does not answer is an error: nobody who names an engine means another. So is one that is there and
// hangs, or refuses.
package engine

import (
	"errors"
	"strings"
)

// What can be wrong with an engine. Errors of this package that say so are of type *Problem.
var (
	// ErrNone says that no container engine answers.
	ErrNone = errors.New("no container engine answers")
	// ErrHangs says that the engine is there and gives no answers, or none that need its containers or networks, which
	// is how one looks whose locks are stuck.
	ErrHangs = errors.New("the container engine hangs")
	// ErrRefuses says that the engine is there and does not do what it is asked, such as to speak the client's version
	// of its API.
	ErrRefuses = errors.New("the container engine refuses")
	// ErrNetworks says that the engine has no addresses for another network.
	ErrNetworks = errors.New("the container engine has no address pool left for another network")
	// ErrUnreachable says that the ports that the engine publishes are not reached from here, as far as can be told.
	ErrUnreachable = errors.New("it is not known where the engine's published ports are reached from here")
	// ErrGone says that the engine went away in the middle. What it still holds of a lab is swept by the next command
	// that reaches it.
	ErrGone = errors.New("the container engine stopped answering: start it again; the next command sweeps what is " +
		"left of the lab")
	// ErrNotStarted says that Start could not start an engine.
	ErrNotStarted = errors.New("no container engine was started")
)

// Problem is what is wrong with an engine and what to do about it, half a sentence each.
type Problem struct {
	Kind   error // one of this package's
	Detail string
	Remedy string
}

// Error is the whole sentence.
func (p *Problem) Error() string { return p.What() + "; " + p.Remedy }

// What says what is wrong, and not what to do.
func (p *Problem) What() string {
	if p.Detail == "" {
		return p.Kind.Error()
	}
	return p.Kind.Error() + ": " + p.Detail
}

// Unwrap makes errors.Is know the kind.
func (p *Problem) Unwrap() error { return p.Kind }

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

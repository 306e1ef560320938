// Package node runs containers: one in one role each. Testcontainers is used here (and in lab/image) and nowhere else;
// what its container interface lacks (kill, freeze, sweep by label) goes to the engine's own client.
package node

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"golang.org/x/sync/semaphore"

	"github.com/regionfall/regionfall/lab/engine"
)

// answerWithin is how long the engine may take over one question. Its client knows no limit of its own.
const answerWithin = 30 * time.Second

// AtOnce is how many containers come to their networks, or leave them, at the same time. Docker 20.10 takes two locks
// of its networks in either order (libnetwork's processEndpointDelete and getSvcRecords): with a whole lab at once it
// may never answer again. More would not be faster on two processors.
const AtOnce = 3

// Engine is the container engine.
type Engine struct {
	client   *client.Client
	provider *testcontainers.DockerProvider
	found    *engine.Engine
	reach    reach
	self     string // the container that this process is in, where it is one of the engine's
}

// turns are of all labs of this process.
var turns = semaphore.NewWeighted(AtOnce)

// inTurn does what has a container come to its networks, or leave them.
func inTurn(ctx context.Context, do func() error) error {
	if err := turns.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait for a turn at the engine: %w", context.Cause(ctx))
	}
	defer turns.Release(1)
	return do()
}

// Connect connects to the engine that package engine finds, and finds out where its published ports are reached. The
// error is an *engine.Problem, or the context's.
func Connect(ctx context.Context) (*Engine, error) {
	found, err := engine.Find(ctx)
	if err != nil {
		return nil, err
	}
	e, err := connect(ctx, found)
	if err != nil {
		found.Close()
		return nil, err
	}
	return e, nil
}

func connect(ctx context.Context, found *engine.Engine) (*Engine, error) {
	if err := answers(ctx, found.Client, answerWithin); err != nil {
		return nil, err
	}
	e := &Engine{client: found.Client, found: found}
	var err error
	if e.reach, e.self, err = thisProcess.findReach(ctx, found); err != nil {
		return nil, err
	}
	if e.provider, err = provide(found); err != nil {
		return nil, err
	}
	return e, nil
}

// answers says whether an engine that can be reached is of use.
func answers(ctx context.Context, cli *client.Client, within time.Duration) error {
	ask, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	_, err := cli.NetworkList(ask, client.NetworkListOptions{})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case ask.Err() != nil:
		return &engine.Problem{Kind: engine.ErrHangs, Detail: fmt.Sprintf("it did not list its networks within %s",
			within), Remedy: "start it again"}
	}
	return fmt.Errorf("ask the engine for its networks: %s", oneLine(err))
}

// Close lets go of the connections to the engine.
func (e *Engine) Close() error { return e.client.Close() }

// Daemon is where the engine itself is reached, such as unix:///var/run/docker.sock.
func (e *Engine) Daemon() string { return e.client.DaemonHost() }

// Place says where the engine is, and why it is that one.
func (e *Engine) Place() engine.Place { return e.found.Place }

// About is what the engine says of itself.
func (e *Engine) About() engine.About { return e.found.About }

// Networks is for how many more networks the engine has address pools.
func (e *Engine) Networks(ctx context.Context) (engine.Networks, error) { return e.found.Networks(ctx) }

// Self is the container that this process is in, where it is one of the engine's; empty where not.
func (e *Engine) Self() string { return e.self }

// HasEnded says whether a container has ended, or is no more. One that is frozen has not.
func (e *Engine) HasEnded(ctx context.Context, container string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	i, err := e.client.ContainerInspect(ctx, container, client.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("ask the engine about container %s: %s", container, oneLine(err))
	}
	s := i.Container.State
	return s != nil && !s.Running && !s.Paused && !s.Restarting && s.Status != "created", nil
}

// Version describes the engine in a few words, for evidence and doctor.
func (e *Engine) Version() string { return e.found.About.String() }

// Gone says whether the engine has stopped answering. It works on a context that has ended.
func (e *Engine) Gone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := e.client.Ping(ctx, client.PingOptions{})
	return err != nil
}

// Network is a network as asked for.
type Network struct {
	Name     string
	Internal bool // it has no way out
	Labels   map[string]string
}

// CreateNetwork creates a network. The error is an *engine.Problem where there are no addresses left.
func (e *Engine) CreateNetwork(ctx context.Context, n Network) error {
	_, err := e.client.NetworkCreate(ctx, n.Name, client.NetworkCreateOptions{
		Driver: "bridge", Internal: n.Internal, Labels: n.Labels,
	})
	if err != nil && outOfPools(err) {
		return &engine.Problem{
			Kind: engine.ErrNetworks, Detail: oneLine(err),
			Remedy: "remove those that nobody uses with `docker network prune`",
		}
	}
	if err != nil {
		return fmt.Errorf("create network %s: %s", n.Name, oneLine(err))
	}
	return nil
}

// outOfPools says whether an engine has no addresses for another network, in the words of docker up to 27, docker from
// 28 on, and Podman.
func outOfPools(err error) bool {
	for _, words := range []string{
		"non-overlapping IPv4 address pool",
		"predefined address pools have been fully subnetted", "could not find free subnet",
	} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

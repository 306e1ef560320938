// Package node runs containers: one in one role each. Testcontainers is used here (and in lab/image) and nowhere else; what its
// container interface lacks (kill, freeze, sweep by label) goes to the engine's own client.
package node

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
	"golang.org/x/sync/semaphore"

	"github.com/regionfall/regionfall/lab/engine"
)

// answerWithin is how long the engine may take over one question. Its client knows no limit of its own.
const answerWithin = 30 * time.Second

// reaperImage is what testcontainers v0.44 starts to sweep up after a killed process; lab/image fetches it where a registry answers.
const reaperImage = "testcontainers/ryuk:0.14.0"

// AtOnce is how many containers come to their networks, or leave them, at the same time. Docker 20.10 takes two locks of its networks in either order
// (libnetwork's processEndpointDelete and getSvcRecords): with a whole lab at once it may never answer again. More would not be faster on two processors.
const AtOnce = 3

// Engine is the container engine.
type Engine struct {
	client   *client.Client
	provider *testcontainers.DockerProvider
	host     string
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

// Connect connects to the engine that package engine finds. keep says that what is started must outlive this process, which
// testcontainers' reaper would not allow. The error is an *engine.Problem, or the context's.
func Connect(ctx context.Context, keep bool) (*Engine, error) {
	tclog.SetDefault(tclog.NewNoopLogger())
	found, err := engine.Find(ctx)
	if err != nil {
		return nil, err
	}
	if err := answers(ctx, found.Client, answerWithin); err != nil {
		found.Close()
		return nil, err
	}
	settleReaper(ctx, found.Client, keep)
	// Testcontainers has a rule of its own, which it follows once, before it can be told of a client.
	for name, value := range found.Environ() {
		if err := os.Setenv(name, value); err != nil {
			return nil, fmt.Errorf("tell testcontainers of the engine: %w", err)
		}
	}
	// Without the name of the default bridge, testcontainers makes a network of its own and leaves it behind.
	provider, err := testcontainers.NewDockerProvider(append(
		testcontainers.Generic2DockerOptions(testcontainers.WithLogger(tclog.NewNoopLogger())),
		testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))...)
	if err != nil {
		found.Close()
		return nil, &engine.Problem{Kind: engine.ErrNone, Detail: oneLine(err), Remedy: "start it again"}
	}
	if err := provider.Close(); err != nil { // of a client that may be another engine's, by a file of testcontainers' settings
		found.Close()
		return nil, fmt.Errorf("close testcontainers' own client: %w", err)
	}
	provider.SetClient(found.Client)
	return &Engine{client: found.Client, provider: provider, host: hostOf(found.Address)}, nil
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
		return &engine.Problem{Kind: engine.ErrHangs, Detail: fmt.Sprintf("it did not list its networks within %s", within), Remedy: "start it again"}
	}
	return fmt.Errorf("ask the engine for its networks: %s", oneLine(err))
}

// hostOf is where the ports are that an engine publishes: loopback for an engine on a socket of this machine, its own host for a remote
// one. Testcontainers would guess a gateway when the harness itself runs in a container; ports on loopback are not reached that way.
func hostOf(daemon string) string {
	if host := os.Getenv("TESTCONTAINERS_HOST_OVERRIDE"); host != "" {
		return host
	}
	u, err := url.Parse(daemon)
	if err != nil || u.Hostname() == "" || u.Hostname() == "localhost" {
		return "127.0.0.1" // and not ::1, where nothing is published
	}
	return u.Hostname()
}

// settleReaper decides, before testcontainers reads its settings (once), whether its reaper runs: only where its image is at hand,
// since without a registry the first container would fail on it. A lab sweeps up after dead owners by itself in any case.
func settleReaper(ctx context.Context, cli *client.Client, keep bool) {
	const setting = "TESTCONTAINERS_RYUK_DISABLED"
	if _, set := os.LookupEnv(setting); set && !keep {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if !keep {
		if _, err := cli.ImageInspect(ctx, reaperImage); err == nil {
			return
		}
	}
	_ = os.Setenv(setting, "true")
}

// Close lets go of the connections to the engine.
func (e *Engine) Close() error { return e.client.Close() }

// Daemon is where the engine itself is reached, such as unix:///var/run/docker.sock.
func (e *Engine) Daemon() string { return e.client.DaemonHost() }

// Host is where published ports are reached: loopback, or the host of a remote engine.
func (e *Engine) Host() string { return e.host }

// Local says whether the engine runs on this machine, so that ports are published on loopback alone.
func (e *Engine) Local() bool {
	ip := net.ParseIP(e.host)
	return ip != nil && ip.IsLoopback()
}

// Version describes the engine in a few words, for evidence and doctor.
func (e *Engine) Version(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	v, err := e.client.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the engine for its version: %w", err)
	}
	return fmt.Sprintf("docker %s (API %s, %s/%s)", v.Version, v.APIVersion, v.Os, v.Arch), nil
}

// Gone says whether the engine has stopped answering. It works on a context that has ended.
func (e *Engine) Gone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := e.client.Ping(ctx, client.PingOptions{})
	return err != nil
}

// Network creates a network. An internal one has no way out.
func (e *Engine) Network(ctx context.Context, name string, internal bool, labels map[string]string) error {
	_, err := e.client.NetworkCreate(ctx, name, client.NetworkCreateOptions{Driver: "bridge", Internal: internal, Labels: labels})
	if err != nil {
		return fmt.Errorf("create network %s: %s", name, oneLine(err))
	}
	return nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

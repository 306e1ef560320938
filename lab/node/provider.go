package node

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/regionfall/regionfall/lab/engine"
)

// Testcontainers has a rule of its own for the engine, a file in which the user may name another one, a prefix for all
// images and more, and a reaper: a container that has the engine's socket. It follows them once in a process. A lab has
// the engine that package engine found, images by their names, and sweeps up by itself.

// settle has testcontainers read its settings, of which those that lead elsewhere are kept from it: without a home, it
// knows of no file.
var settle = sync.OnceValue(func() error {
	tclog.SetDefault(tclog.NewNoopLogger())
	return during(map[string]string{"HOME": "", "TESTCONTAINERS_RYUK_DISABLED": "true"}, func() error {
		testcontainers.ReadConfig()
		return nil
	})
})

// providing is of who makes a provider.
var providing sync.Mutex

// provide has testcontainers start containers on an engine, and on no other.
func provide(found *engine.Engine) (*testcontainers.DockerProvider, error) {
	if err := settle(); err != nil {
		return nil, err
	}
	providing.Lock()
	defer providing.Unlock()
	var provider *testcontainers.DockerProvider
	err := during(found.Environ(), func() (err error) {
		// Without the name of the default bridge, which Podman calls so too when it is asked as docker is,
		// testcontainers makes a network of its own, puts every node into it, and leaves it behind.
		provider, err = testcontainers.NewDockerProvider(append(
			testcontainers.Generic2DockerOptions(testcontainers.WithLogger(tclog.NewNoopLogger())),
			testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))...)
		return err
	})
	if err != nil {
		return nil, &engine.Problem{Kind: engine.ErrNone, Detail: oneLine(err), Remedy: "start it again"}
	}
	if err := provider.Close(); err != nil {
		return nil, fmt.Errorf("close testcontainers' own client: %w", err)
	}
	provider.SetClient(found.Client)
	return provider, nil
}

// during does something while variables of the environment are set.
func during(env map[string]string, do func() error) (err error) {
	for name, value := range env {
		before, was := os.LookupEnv(name)
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("settle testcontainers: %w", err)
		}
		defer func() {
			if was {
				err = errors.Join(err, os.Setenv(name, before))
			} else {
				err = errors.Join(err, os.Unsetenv(name))
			}
		}()
	}
	return do()
}

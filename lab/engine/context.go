package engine

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
)

// contextPlace is the engine of the docker context that is in use, by docker's own rule; nil for the default one, which
// names none.
func contextPlace() (*Place, error) {
	name, by := os.Getenv("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
	if name == "" {
		file, err := config.Load(config.Dir())
		if err != nil {
			return nil, fmt.Errorf("read docker's configuration: %w", err)
		}
		name, by = file.CurrentContext, "docker's configuration"
	}
	if name == "" || name == "default" {
		return nil, nil //nolint:nilnil // nobody named one
	}
	dir := config.ContextStoreDir()
	contexts := store.New(dir, store.NewConfig(func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
	meta, err := contexts.GetMetadata(name)
	if errdefs.IsNotFound(err) {
		return nil, fmt.Errorf("there is no docker context %s, which %s names", name, by)
	}
	if err != nil {
		return nil, fmt.Errorf("look up %s %q: %w", by, name, err)
	}
	endpoint, err := docker.EndpointFromContext(meta)
	if err != nil {
		return nil, fmt.Errorf("read %s %q: %w", by, name, err)
	}
	p := &Place{Address: cmp.Or(endpoint.Host, "unix:///var/run/docker.sock"), By: "docker context " + name + " in " +
		by, Named: true}
	// A library that is told by the environment wants a folder, and the store has one for each context.
	if certs := filepath.Join(contexts.GetStorageInfo(name).TLSPath,
		docker.DockerEndpoint); exists(filepath.Join(certs, "ca.pem")) {
		p.certs = certs
	}
	return p, nil
}

package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/regionfall/regionfall/lab/agent/automation"
	"github.com/regionfall/regionfall/lab/agent/backup"
	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/agent/nameservice"
	"github.com/regionfall/regionfall/lab/agent/replicator"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/agent/supervisor"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Run is one agent from start to end: replicator, nameservice, automation, backup, repository, responder or supervisor.
// It reads its settings as JSON from the environment variable topology.AgentConfigEnv and its name from NODE, serves
// HTTP on topology.PortAgent (a supervisor, beside an app, on topology.PortSupervisor), and returns nil when ctx ends.
// Unknown names and unknown settings are errors: a misspelt one would otherwise silently change what is tested.
func Run(ctx context.Context, name string) error {
	node := os.Getenv("NODE")
	if node == "" {
		node = name
	}
	marks := runtime.NewMarks(node)
	svc, err := build(name, os.Getenv(topology.AgentConfigEnv), marks)
	if err != nil {
		return fmt.Errorf("start agent %s: %w", name, err)
	}
	var listen net.ListenConfig
	port := topology.PortAgent
	if name == api.Supervisor {
		port = topology.PortSupervisor
	}
	listener, err := listen.Listen(ctx, "tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return fmt.Errorf("start agent %s: %w", name, err)
	}
	if err := runtime.Serve(ctx, listener, svc, marks); err != nil {
		return fmt.Errorf("run agent %s: %w", name, err)
	}
	return nil
}

// build makes the service of that name from its settings.
func build(name, settings string, marks *runtime.Marks) (runtime.Service, error) {
	switch topology.Service(name) {
	case topology.ServiceReplicator:
		return construct(settings, marks, replicator.New)
	case topology.ServiceNameservice:
		return construct(settings, marks, nameservice.New)
	case topology.ServiceAutomation:
		return construct(settings, marks, automation.New)
	case topology.ServiceBackup:
		return construct(settings, marks, backup.New)
	case topology.ServiceRepository:
		return construct(settings, marks, configs.NewRepository)
	case topology.ServiceResponder:
		return construct(settings, marks, newResponder)
	case api.Supervisor:
		return construct(settings, marks, supervisor.New)
	default:
		return nil, fmt.Errorf("no agent is called %q; there are %s, %s, %s, %s, %s, %s and %s", name,
			topology.ServiceReplicator,
			topology.ServiceNameservice, topology.ServiceAutomation, topology.ServiceBackup, topology.ServiceRepository,
			topology.ServiceResponder, api.Supervisor)
	}
}

func construct[C any](settings string, marks *runtime.Marks,
	make func(C, *runtime.Marks) (runtime.Service, error),
) (runtime.Service, error) {
	var config C
	decoder := json.NewDecoder(strings.NewReader(settings))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return nil, fmt.Errorf("read settings from %s: %w", topology.AgentConfigEnv, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read settings from %s: more than one document", topology.AgentConfigEnv)
	}
	return make(config, marks)
}

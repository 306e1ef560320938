// Command regionfall breaks a local multi-region lab and measures what was lost. It is also what runs in the nodes that
// are the lab's own: `regionfall node ROLE`, which nobody has to type.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/regionfall/regionfall/fixtures/analytics"
	"github.com/regionfall/regionfall/fixtures/batch"
	"github.com/regionfall/regionfall/fixtures/kyc"
	"github.com/regionfall/regionfall/fixtures/ledger"
	"github.com/regionfall/regionfall/lab/absent"
	"github.com/regionfall/regionfall/lab/agent"
	"github.com/regionfall/regionfall/lab/agent/supervisor"
	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/command"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == topology.NodeCommand {
		os.Exit(node(os.Args[2], os.Args[3:]))
	}
	os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr))
}

// roles are what the program is in a node, beside the agents. Their settings come in the environment, but for those of
// an app that is somebody else's.
var roles = map[string]func(ctx context.Context, arguments []string) error{
	string(topology.ServiceHub): plain(hub.Run),
	string(topology.ServiceApp): plain(kyc.Run), // the sample app
	topology.Preparing:          plain(supervisor.Prepare),
	"ledger":                    ledger.Run,
	"analytics":                 analytics.Run,
	"batch":                     batch.Run,
}

// plain is a role that takes no arguments.
func plain(run func(context.Context) error) func(context.Context, []string) error {
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) > 0 {
			return fmt.Errorf("unknown arguments %q: its settings come in the environment", arguments)
		}
		return run(ctx)
	}
}

// node plays a role until it is told to end, and gives the exit code.
func node(role string, arguments []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run, ok := roles[role]
	if !ok {
		run = plain(func(ctx context.Context) error { return agent.Run(ctx, role) })
	}
	if err := absent.Answer(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := run(ctx, arguments); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

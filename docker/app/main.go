// Command app runs the sample app, a KYC service, while its region's configuration file asks for it: node number n of a
// region (NODE is such as app-2.us-west-2) runs when the file's app_nodes is n or more. A pilot light's app nodes are
// there, and wait. The app's other settings come in the environment and in the same file.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/fixtures/kyc"
	"github.com/regionfall/regionfall/lab/topology"
)

// lookEvery is how often the configuration file is read: what a failover waits, at most, before a node begins to start.
const lookEvery = 50 * time.Millisecond

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	file := os.Getenv("CONFIG_FILE")
	if file == "" {
		file = topology.ConfigFile
	}
	wanted := wish{file: file, number: number(os.Getenv("NODE"))}
	err := runWhile(ctx, wanted.look, kyc.Run)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runWhile runs the app while it is wanted, until ctx ends or the app fails.
func runWhile(ctx context.Context, wanted func() bool, app func(context.Context) error) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var ended chan error // nil while the app does not run
	stop := func() {}
	defer func() { stop() }()
	for {
		switch is := wanted(); {
		case is && ended == nil:
			running, cancel := context.WithCancel(ctx)
			done := make(chan error, 1)
			go func() { done <- app(running) }()
			ended, stop = done, cancel
		case !is && ended != nil:
			stop()
		}
		select {
		case err := <-ended:
			stop()
			if err != nil || ctx.Err() != nil {
				return err
			}
			ended = nil
		case <-ctx.Done():
			if ended == nil {
				return nil
			}
			return <-ended
		case <-tick.C:
		}
	}
}

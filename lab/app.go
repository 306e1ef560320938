package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
)

// App is what the app nodes of every region run. The zero value is the sample app.
type App = plan.App

// AppEnv is what the placeholders of App.Env stand for.
type AppEnv = plan.AppEnv

// Process is what the nodes of a kind run that take no requests.
type Process = plan.Process

// Prepared is what is done once before any node of an app starts.
type Prepared = plan.Prepared

// Script is SQL that has a name.
type Script = plan.Script

// Repoint is how nodes of an app are led to the stores of another configuration.
type Repoint = plan.Repoint

// The ways of repointing (see package plan).
const (
	RepointRestart  = plan.RepointRestart
	RepointEndpoint = plan.RepointEndpoint
)

// connect reaches the engine, and says everything that is wrong with the options before anything is started there. The
// commands are what somebody's own app runs: its processes and what prepares it by their names, and by none what takes
// requests.
func (o Options) connect(ctx context.Context) (_ *node.Engine, commands map[string][]string, _ error) {
	engine, err := node.Connect(ctx)
	wrong := errors.Join(o.Topology.Validate(), o.App.Validate(), o.App.Runs(o.Topology))
	if err == nil && o.App.Image != "" {
		var err error
		commands, err = o.commands(ctx, engine)
		wrong = errors.Join(wrong, err)
	}
	if wrong == nil {
		return engine, commands, err
	}
	if err == nil {
		err = engine.Close()
	}
	return nil, nil, fmt.Errorf("bring up a lab: %w", errors.Join(wrong, err))
}

func (o Options) commands(ctx context.Context, engine *node.Engine) (map[string][]string, error) {
	name := o.App.Image
	given := map[string][]string{"": o.App.Cmd}
	for process, runs := range o.App.Processes {
		given[process] = runs.Cmd
	}
	if p := o.App.Prepared; len(p.Command) > 0 && len(p.Files) > 0 {
		given[topology.Preparing] = p.Command
	}
	all := map[string][]string{}
	for process, command := range given {
		whole, has, err := engine.CommandOf(ctx, name, command)
		switch {
		case err != nil:
			return nil, err
		case !has:
			return nil, fmt.Errorf("app image: the engine has no %s: pull it (docker pull %s), build it, or let "+
				"image.BuildProgram make it", name, name)
		case len(whole) == 0:
			return nil, fmt.Errorf("app image: %s does not say what it runs: give a command", name)
		}
		all[process] = whole
	}
	return all, nil
}

// appOf reads the app from the label of a hub. Labs of before there was one have the sample app.
func appOf(label string) (App, error) {
	if label == "" {
		return App{}.Whole(), nil
	}
	var a App
	if err := json.Unmarshal([]byte(label), &a); err != nil {
		return App{}, fmt.Errorf("read what app it runs: %w", err)
	}
	return a, nil
}

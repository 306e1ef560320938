package plan

import (
	"maps"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Prepared is what is done once, in the home region, before any node of an app starts. The zero value is nothing.
type Prepared struct {
	// Bucket has topology.Bucket made, which is copied to the other regions.
	Bucket bool
	// SQL is sent to PostgreSQL in its order, each script in one transaction.
	SQL []Script
	// Command is run to its end after that, in a node of its own, instead of the command of the app's image: with the
	// environment that App.Env gives the home region. Any other exit code than 0 is a failure.
	Command []string
	// Files are those of that node, as App.Files.
	Files map[string]string
}

// Script is SQL that has a name, by which complaints call it.
type Script struct{ Name, Text string }

// Empty says whether there is nothing to do.
func (p Prepared) Empty() bool { return !p.Bucket && len(p.SQL) == 0 && len(p.Command) == 0 }

// Preparing is the node that runs the command by which the app is prepared.
func (p *Plan) Preparing() (Node, error) {
	home := p.Topology.Home().Name
	at := topology.Place{Service: topology.ServiceApp, Region: home, Number: 1, Part: topology.Preparing}
	n := Node{
		Place: at, Image: app.Image, Foreign: p.App.Image, Networks: []string{home}, Aliases: []string{at.Name()},
		Env:     map[string]string{"NODE": at.Name(), "REGION": home, "CONFIG_FILE": topology.ConfigFile},
		Volumes: map[string]string{configDir: home + "-config"}, Cmd: p.App.Prepared.Command, Needs: p.App.Needs,
	}
	in := p.appEnv(home, at.Name())
	env, err := p.App.environment(in)
	if err != nil {
		return n, err
	}
	maps.Copy(n.Env, env)
	files, err := in.FillAll(p.App.Prepared.Files)
	if err != nil || len(files) == 0 {
		return n, err
	}
	return n, n.runProgram(topology.Preparing, api.PreparationConfig{
		Command: p.Commands[topology.Preparing], Files: files,
	})
}

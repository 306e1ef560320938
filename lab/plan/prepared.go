package plan

import (
	"maps"

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
	env, err := p.App.environment(p.appEnv(home, at.Name()))
	maps.Copy(n.Env, env)
	return n, err
}

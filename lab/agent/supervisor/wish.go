package supervisor

import (
	"encoding/json"
	"maps"
	"os"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// wish is what the configuration asks of the node, as far as is known.
type wish struct {
	revision int               // of the document that said so last; 0: none has
	runs     bool              // the app is to run
	nodes    int               // how many of the region are to
	env      map[string]string // of the app, where it changes with the configuration
	leads    map[string]string // where endpoints lead, by their keys
}

// look reads the configuration. One that is missing, can't be read, or is older than what was read before changes
// nothing.
func look(cfg api.SupervisorConfig, now wish) (wish, error) {
	c, is := read(cfg.ConfigFile)
	if !is || c.Revision <= now.revision {
		return now, nil
	}
	next := wish{revision: c.Revision, runs: cfg.RunsFrom <= c.AppNodes, nodes: c.AppNodes}
	own, _ := c.For(cfg.Service)
	next.leads = map[string]string{}
	for key, to := range own.Endpoints() {
		next.leads[key] = to.Address
	}
	if !cfg.Restarts {
		return next, nil
	}
	var err error
	next.env, err = environment(cfg, own)
	return next, err
}

func read(path string) (c topology.Config, is bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return c, false
	}
	return c, json.Unmarshal(data, &c) == nil
}

// environment is the app's with a configuration.
func environment(cfg api.SupervisorConfig, c topology.Config) (map[string]string, error) {
	env, in := map[string]string{}, cfg.In.With(c)
	for name, text := range cfg.Env {
		value, err := in.Fill(text)
		if err != nil {
			return nil, err
		}
		env[name] = value
	}
	return env, nil
}

// outdated says whether an app that was started for another wish has to be started again.
func (w wish) outdated(than wish) bool { return !maps.Equal(w.env, than.env) }

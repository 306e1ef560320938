package supervisor

import (
	"encoding/json"
	"errors"
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
	files    map[string]string // that it finds
	leads    map[string]string // where endpoints lead, by their keys
}

// look reads the configuration. One that is missing, can't be read, or is older than what was read before changes
// nothing.
func look(cfg api.SupervisorConfig, now wish) (wish, error) {
	c, is := read(cfg.ConfigFile)
	if !is || c.Revision <= now.revision {
		return now, nil
	}
	next := wish{revision: c.Revision, runs: cfg.RunsFrom <= c.AppNodes, nodes: c.AppNodes, files: cfg.Files}
	own, _ := c.For(cfg.Service)
	next.leads = map[string]string{}
	for key, to := range own.Endpoints() {
		next.leads[key] = to.Address
	}
	if !cfg.Restarts {
		return next, nil
	}
	in := cfg.In.With(own)
	var err, ferr error
	next.env, err = in.FillAll(cfg.Env)
	next.files, ferr = in.FillAll(cfg.Files)
	return next, errors.Join(err, ferr)
}

func read(path string) (c topology.Config, is bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return c, false
	}
	return c, json.Unmarshal(data, &c) == nil
}

// outdated says whether an app that was started for another wish has to be started again.
func (w wish) outdated(than wish) bool {
	return !maps.Equal(w.env, than.env) || !maps.Equal(w.files, than.files)
}

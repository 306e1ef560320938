package steps

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// publishing is a step that publishes another configuration of the region, and waits until each app node that it has
// run has it in force and is ready.
type publishing struct {
	name    string
	region  string
	lineage configs.Lineage
	// what is wanted, with the revision that there is; the same if it is so already
	after func(now topology.Config) topology.Config
	ready []string // where each app node is asked, those that are to run first

	late      map[string]bool // as tools have it
	rewritten string          // what it says where it changed something
}

func newPublishing(cfg api.AutomationConfig, name string, late map[string]bool,
	after func(topology.Config) topology.Config,
) *publishing {
	return &publishing{
		name: name, region: cfg.Region, after: after, ready: cfg.AppsReady, late: late, rewritten: "rewritten",
		lineage: configs.NewLineage(cfg.Repository, topology.ServiceAutomation.Host(cfg.Region)),
	}
}

// Run publishes unless what is published is as it should be, and waits for the app nodes. It fails when not all are
// ready in time, and then lets the next attempt go on with those that are: a node that is dead must not keep clients
// from the others.
func (p *publishing) Run(ctx context.Context) (string, error) {
	how := "was so already"
	config, err := p.lineage.Change(ctx, p.region, p.name, func(now topology.Config) (topology.Config, error) {
		if p.applied(now) {
			return now, nil
		}
		next := p.after(now)
		next.Revision++
		how = p.rewritten
		if now.AppNodes != next.AppNodes {
			how = fmt.Sprintf("app nodes: %d instead of %d", next.AppNodes, now.AppNodes)
		}
		return next, nil
	})
	if err != nil {
		return "", err
	}
	running := p.ready[:min(config.AppNodes, len(p.ready))]
	awaited := slices.DeleteFunc(slices.Clone(running), func(url string) bool { return p.late[url] })
	if len(awaited) == 0 {
		awaited = running // one of them is better than none
	}
	var late []string
	err = runtime.Poll(ctx, world.ReadyEvery, func(ctx context.Context) error {
		missing, err := world.NotReady(ctx, awaited, config.Revision)
		if ctx.Err() == nil { // else it was cut short, and says nothing
			late = missing
		}
		return err
	})
	if err != nil {
		if len(late) < len(awaited) {
			for _, url := range late {
				p.late[url] = true
			}
		} else {
			clear(p.late) // perhaps one of those is back
		}
		return "", fmt.Errorf("wait for the app to take revision %d: %w", config.Revision, err)
	}
	if len(awaited) < len(running) {
		how += fmt.Sprintf(", %d ready", len(awaited))
	}
	return fmt.Sprintf("revision %d, %s", config.Revision, how), nil
}

// applied says whether a configuration has all that this step would change.
func (p *publishing) applied(c topology.Config) bool { return reflect.DeepEqual(c, p.after(c)) }

// InService says whether a configuration has all that a failover to the region would change of it.
func InService(cfg api.AutomationConfig, c topology.Config) bool {
	return newRepoint(cfg, nil).applied(c) && newScaleOut(cfg, nil).applied(c)
}

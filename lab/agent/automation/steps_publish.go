package automation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	readyEvery = 20 * time.Millisecond
	readyLimit = time.Second // of one question
	// api.HeaderRevision is where an app says which configuration it has in force.
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

	// nodes that were not ready in time when others were: nobody waits for them again, in this step or another
	late map[string]bool
}

// newRepoint is the step that has the region name no other region. How it reads is no business of a failover, and what
// somebody has written into the sections of single services is left alone.
func newRepoint(cfg api.AutomationConfig, late map[string]bool) *publishing {
	return newPublishing(cfg, "repoint", late, func(now topology.Config) topology.Config {
		now.Postgres, now.Redis, now.S3, now.DynamoDB, now.MirrorS3, now.MirrorDynamoDB = cfg.Postgres, cfg.Redis,
			cfg.S3, cfg.DynamoDB, nil, nil
		return now
	})
}

// newScaleOut is the step that has all app nodes of the region run.
func newScaleOut(cfg api.AutomationConfig, late map[string]bool) *publishing {
	return newPublishing(cfg, "scale_out", late, func(now topology.Config) topology.Config {
		now.AppNodes = len(cfg.AppsReady)
		return now
	})
}

func newPublishing(cfg api.AutomationConfig, name string, late map[string]bool,
	after func(topology.Config) topology.Config,
) *publishing {
	return &publishing{name: name, region: cfg.Region, lineage: configs.NewLineage(cfg.Repository,
		topology.ServiceAutomation.Host(cfg.Region)), after: after, ready: cfg.AppsReady, late: late}
}

// Name is repoint or scale_out.
func (p *publishing) Name() string { return p.name }

// Do publishes unless what is published is as it should be, and waits for the app nodes. It fails when not all are
// ready in time, and then lets the next attempt go on with those that are: a node that is dead must not keep clients
// from the others.
func (p *publishing) Do(ctx context.Context) (string, error) {
	how := "was so already"
	config, err := p.lineage.Change(ctx, p.region, p.name, func(now topology.Config) (topology.Config, error) {
		if p.applied(now) {
			return now, nil
		}
		next := p.after(now)
		next.Revision++
		how = "rewritten"
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
	err = runtime.Poll(ctx, readyEvery, func(ctx context.Context) error {
		missing, err := p.inForce(ctx, awaited, config.Revision)
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

// inForce gives the app nodes that are not ready with that revision or a later one. The error says what they lack.
func (p *publishing) inForce(ctx context.Context, nodes []string, revision int) (missing []string, err error) {
	errs := make([]error, len(nodes))
	var all sync.WaitGroup
	for i, url := range nodes {
		all.Go(runtime.With("ask a node of the app whether it is ready",
			func() { errs[i] = readyWith(ctx, url, revision) }))
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			missing = append(missing, nodes[i])
		}
	}
	return missing, errors.Join(errs...)
}

// readyWith is nil when an app node is ready with that revision or a later one. One that does not name its revision is
// taken at its word that it is ready.
func readyWith(ctx context.Context, url string, revision int) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the app: %w", err)
	}
	response, err := api.LinkClient.Do(request)
	if err != nil {
		return err // it names the method and the URL
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("read answer of the app: %w", err)
	}
	if response.StatusCode/100 != 2 { // as health checks have it
		return fmt.Errorf("the app answered %s: %s", response.Status, bytes.TrimSpace(body))
	}
	named := response.Header.Get(api.HeaderRevision)
	if named == "" {
		return nil
	}
	has, err := strconv.Atoi(named)
	if err != nil {
		return fmt.Errorf("read the revision that the app has: %w", err)
	}
	if has < revision {
		return fmt.Errorf("the app is ready with revision %d", has)
	}
	return nil
}

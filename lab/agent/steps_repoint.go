package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	readyEvery = 20 * time.Millisecond
	readyLimit = time.Second // of one question
	// revisionHeader is where an app says which configuration it has in force.
	revisionHeader = "X-Config-Revision"
)

// repoint publishes a configuration of the region that names no other region and has all its app nodes run, and waits until each of them
// has it in force and is ready.
type repoint struct {
	file  string
	want  topology.Config // but for the revision
	ready []string        // where each app node is asked
	http  *http.Client

	waited bool // not all app nodes were ready in time, but some
}

func newRepoint(cfg AutomationConfig) *repoint {
	return &repoint{
		file: cfg.ConfigFile,
		want: topology.Config{
			Region: cfg.Region, AppNodes: len(cfg.AppsReady),
			Postgres: cfg.Postgres, Redis: cfg.Redis, S3: cfg.S3, DynamoDB: cfg.DynamoDB,
		},
		ready: cfg.AppsReady,
		http:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: readyLimit},
	}
}

// Name is repoint.
func (*repoint) Name() string { return "repoint" }

// Do publishes unless what is published is as it should be, and waits for the app nodes. It fails when not all are ready in time, and then
// lets the next attempt go on with those that are: a node that is dead must not keep clients from the others.
func (r *repoint) Do(ctx context.Context) (string, error) {
	how := "was so already"
	config, err := publish(ctx, r.file, func(now topology.Config) (topology.Config, error) {
		if r.applied(now) {
			return now, nil
		}
		how = "rewritten"
		if now.AppNodes != r.want.AppNodes {
			how = fmt.Sprintf("rewritten, app nodes: %d instead of %d", r.want.AppNodes, now.AppNodes)
		}
		next := r.after(now)
		next.Revision++
		return next, nil
	})
	if err != nil {
		return "", err
	}
	ready := 0
	err = poll(ctx, readyEvery, func(ctx context.Context) error {
		n, err := r.inForce(ctx, config.Revision)
		if ctx.Err() == nil { // else it was cut short, and says nothing
			ready = n
		}
		if n > 0 && r.waited {
			return nil
		}
		return err
	})
	if err != nil {
		r.waited = ready > 0
		return "", fmt.Errorf("wait for the app to take revision %d: %w", config.Revision, err)
	}
	if ready < len(r.ready) {
		how += fmt.Sprintf(", %d ready", ready)
	}
	return fmt.Sprintf("revision %d, %s", config.Revision, how), nil
}

// applied says whether a configuration has all that this step would change.
func (r *repoint) applied(c topology.Config) bool { return reflect.DeepEqual(c, r.after(c)) }

// after is a configuration as it is wanted, with the revision that it has. How the region reads is no business of a failover, and
// what somebody has written into the sections of single services is left alone.
func (r *repoint) after(now topology.Config) topology.Config {
	next := r.want
	next.Revision, next.Reads, next.LocalPostgres, next.Services = now.Revision, now.Reads, now.LocalPostgres, now.Services
	return next
}

// inForce counts the app nodes that are ready with that revision or a later one. The error says what the others lack.
func (r *repoint) inForce(ctx context.Context, revision int) (ready int, err error) {
	errs := make([]error, len(r.ready))
	var all sync.WaitGroup
	for i, url := range r.ready {
		all.Go(func() { errs[i] = r.ask(ctx, url, revision) })
	}
	all.Wait()
	for _, err := range errs {
		if err == nil {
			ready++
		}
	}
	return ready, errors.Join(errs...)
}

// ask is nil when an app node is ready with that revision or a later one. One that does not name its revision is taken at its word that
// it is ready.
func (r *repoint) ask(ctx context.Context, url string, revision int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the app: %w", err)
	}
	response, err := r.http.Do(request)
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
	named := response.Header.Get(revisionHeader)
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

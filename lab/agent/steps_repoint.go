package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	readyEvery = 20 * time.Millisecond
	readyLimit = time.Second // of one question
	// revisionHeader is where an app says which configuration it has in force.
	revisionHeader = "X-Config-Revision"
)

// repoint publishes a configuration of the region that names no other region, and waits until the app has it in force and is ready.
type repoint struct {
	file  string
	want  topology.Config // but for the revision
	ready string
	http  *http.Client
}

func newRepoint(cfg AutomationConfig) repoint {
	return repoint{
		file: cfg.ConfigFile,
		want: topology.Config{
			Region: cfg.Region, Postgres: cfg.Postgres, Redis: cfg.Redis, S3: cfg.S3, DynamoDB: cfg.DynamoDB,
		},
		ready: cfg.AppReady,
		http:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: readyLimit},
	}
}

// Name is repoint.
func (repoint) Name() string { return "repoint" }

// Do publishes unless what is published is as it should be, and waits for the app.
func (r repoint) Do(ctx context.Context) (string, error) {
	how := "was so already"
	config, err := publish(ctx, r.file, func(now topology.Config) (topology.Config, error) {
		if r.applied(now) {
			return now, nil
		}
		how = "rewritten"
		next := r.want
		next.Revision = now.Revision + 1
		return next, nil
	})
	if err != nil {
		return "", err
	}
	if err := poll(ctx, readyEvery, func(ctx context.Context) error { return r.inForce(ctx, config.Revision) }); err != nil {
		return "", fmt.Errorf("wait for the app to take revision %d: %w", config.Revision, err)
	}
	return fmt.Sprintf("revision %d, %s", config.Revision, how), nil
}

// applied says whether a configuration has all that this step would change.
func (r repoint) applied(c topology.Config) bool {
	want := r.want
	want.Revision = c.Revision
	return c == want // mirrors are pointers, and none is wanted
}

// inForce is nil when the app is ready with that revision or a later one. An app that does not name its revision is taken at its word
// that it is ready.
func (r repoint) inForce(ctx context.Context, revision int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.ready, http.NoBody)
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
	if response.StatusCode != http.StatusOK {
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

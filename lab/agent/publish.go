package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// fetchRetry is the pause before a repository that did not answer is asked again.
const fetchRetry = 200 * time.Millisecond

// fetch keeps a region's document as it is in the repository in a file, from which it is delivered.
type fetch struct {
	lineage lineage
	region  string
	path    string

	one    sync.Mutex             // at a time takes what there is
	commit atomic.Pointer[string] // that the file is of; nil at first: whatever an earlier process has left
}

// run fetches what changes until ctx ends. A repository that can't be reached changes nothing.
func (f *fetch) run(ctx context.Context) {
	complaint := ""
	for ctx.Err() == nil {
		head, err := f.lineage.another(ctx, f.at())
		if err == nil && head != f.at() {
			err = f.take(ctx)
		}
		if err == nil {
			complaint = ""
			continue
		}
		if kind := withoutNumbers(oneLine(err)); kind != complaint && ctx.Err() == nil {
			complaint = kind
			slog.Warn("configuration not fetched", "error", err)
		}
		_ = pause(ctx, fetchRetry)
	}
}

func (f *fetch) at() string {
	if commit := f.commit.Load(); commit != nil {
		return *commit
	}
	return ""
}

// take reads what there is now. It is what is published last: nobody can push a lower revision.
func (f *fetch) take(ctx context.Context) error {
	f.one.Lock()
	defer f.one.Unlock()
	c, commit, err := f.lineage.read(ctx, f.region)
	if err != nil {
		return err
	}
	if err := writeConfig(f.path, c); err != nil {
		return err
	}
	f.commit.Store(&commit)
	return nil
}

// publish commits a document in place of the region's, whose revision it must raise, and fetches it.
func (f *fetch) publish(ctx context.Context, c topology.Config) error {
	_, err := f.lineage.change(ctx, f.region, "published", func(now topology.Config) (topology.Config, error) {
		switch {
		case c.Region != now.Region:
			return now, fmt.Errorf("the document is for %q, and this is %s", c.Region, now.Region)
		case c.Revision <= now.Revision:
			return now, fmt.Errorf("%w: %d, and %d is", errOldRevision, c.Revision, now.Revision)
		}
		return c, nil
	})
	if err != nil {
		return err
	}
	return f.take(ctx)
}

// readConfig reads a region's configuration. A key that is not known is an error: rewriting the file would drop it.
func readConfig(path string) (topology.Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return topology.Config{}, fmt.Errorf("read configuration: %w", err)
	}
	config, err := parseConfig(data)
	if err != nil {
		return topology.Config{}, fmt.Errorf("read configuration %s: %w", path, err)
	}
	return config, nil
}

func parseConfig(data []byte) (topology.Config, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var config topology.Config
	err := decoder.Decode(&config)
	return config, err
}

func writeConfig(path string, config topology.Config) error {
	data, err := encodeConfig(config)
	if err != nil {
		return err
	}
	return replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

package configs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// fetchRetry is the pause before a repository that did not answer is asked again.
const fetchRetry = 200 * time.Millisecond

// fetchLimit bounds one look at the repository: a link on which bytes vanish must not keep it for longer than they do.
const fetchLimit = headWait + time.Second

// fetch keeps a region's document as it is in the repository in a file, from which it is delivered.
type fetch struct {
	lineage Lineage
	region  string
	path    string

	one    *semaphore.Weighted    // at a time takes what there is
	commit atomic.Pointer[string] // that the file is of; nil at first: whatever an earlier process has left
}

// Run fetches what changes until ctx ends. A repository that can't be reached changes nothing.
func (f *fetch) Run(ctx context.Context) {
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
		if kind := runtime.WithoutNumbers(runtime.OneLine(err)); kind != complaint && ctx.Err() == nil {
			complaint = kind
			slog.Warn("configuration not fetched", "error", err)
		}
		_ = runtime.Pause(ctx, fetchRetry)
	}
}

func (f *fetch) at() string {
	if commit := f.commit.Load(); commit != nil {
		return *commit
	}
	return ""
}

// take reads what there is now. It is what is published last: nobody can push a lower revision. A file that says so
// already is left alone.
func (f *fetch) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	if err := f.one.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait for who fetches the configuration: %w", err)
	}
	defer f.one.Release(1)
	c, commit, err := f.lineage.Read(ctx, f.region)
	if err != nil {
		return err
	}
	if has, err := ReadConfig(f.path); err != nil || !reflect.DeepEqual(has, c) {
		if err := WriteConfig(f.path, c); err != nil {
			return err
		}
	}
	f.commit.Store(&commit)
	return nil
}

// publish commits a document in place of the region's, whose revision it must raise, and fetches it. What is committed
// is published, also if it can't be fetched just now.
func (f *fetch) publish(ctx context.Context, c topology.Config) error {
	_, err := f.lineage.Change(ctx, f.region, "published", func(now topology.Config) (topology.Config, error) {
		switch {
		case c.Region != now.Region:
			return now, fmt.Errorf("%w: it is for %q, and this is %s", errBadDocument, c.Region, now.Region)
		case c.Revision <= now.Revision:
			return now, fmt.Errorf("%w: %d, and %d is", errOldRevision, c.Revision, now.Revision)
		}
		return c, nil
	})
	if err != nil {
		return err
	}
	if err := f.take(ctx); err != nil {
		slog.Warn("configuration published, and not fetched", "error", err)
	}
	return nil
}

// errBadDocument is one that nobody could use.
var errBadDocument = errors.New("it is no document for this region")

// ReadConfig reads a region's configuration from a file.
func ReadConfig(path string) (topology.Config, error) {
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

// parseConfig reads one document. A key that is not known is an error: who rewrites it would drop it.
func parseConfig(data []byte) (topology.Config, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var config topology.Config
	err := decoder.Decode(&config)
	if err == nil && len(bytes.TrimSpace(data[decoder.InputOffset():])) > 0 {
		err = errors.New("there is something after the document")
	}
	return config, err
}

// WriteConfig replaces the document in a file.
func WriteConfig(path string, config topology.Config) error {
	data, err := encodeConfig(config)
	if err != nil {
		return err
	}
	return runtime.ReplaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

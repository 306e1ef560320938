package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/regionfall/regionfall/lab/topology"
)

// publishWait is how often a file is tried that somebody else is publishing just now.
const publishWait = 2 * time.Millisecond

// publish replaces the document at path by the one that change makes of it, unless that is the same, and returns what is published then.
// The automation and the replicator both publish: a lock beside the file keeps a revision from being given twice.
func publish(ctx context.Context, path string, change func(now topology.Config) (topology.Config, error)) (topology.Config, error) {
	lock := flock.New(path + ".lock")
	if _, err := lock.TryLockContext(ctx, publishWait); err != nil {
		return topology.Config{}, fmt.Errorf("wait for who publishes %s: %w", path, err)
	}
	defer func() { _ = lock.Close() }()
	now, err := readConfig(path)
	if err != nil {
		return topology.Config{}, err
	}
	next, err := change(now)
	if err != nil || next.Revision == now.Revision {
		return now, err
	}
	return next, writeConfig(path, next)
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
	return replaceFile(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(config)
	})
}

package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// writeFiles writes the files that an app finds, which are texts by their names. What the app has made of them is gone.
func writeFiles(files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeAnew(name, files[name]); err != nil {
			return fmt.Errorf("write its files: %w", err)
		}
	}
	return nil
}

// writeAnew writes a file that nobody but the app reads. One that is there is removed: it need not be one to write to.
func writeAnew(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// own is the environment of this process without the settings of its agent, which are no matter of an app.
func own() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, topology.AgentConfigEnv+"=")
	})
}

// Prepare writes files, and becomes the command by which an app is prepared. Its settings are an
// api.PreparationConfig. It returns only where that could not be.
func Prepare(context.Context) error {
	var c api.PreparationConfig
	if err := json.Unmarshal([]byte(os.Getenv(topology.AgentConfigEnv)), &c); err != nil {
		return fmt.Errorf("read settings from %s: %w", topology.AgentConfigEnv, err)
	}
	if len(c.Command) == 0 {
		return errors.New("prepare the app: there is no command")
	}
	if err := writeFiles(c.Files); err != nil {
		return err
	}
	program, err := exec.LookPath(c.Command[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, c.Command, own())
}

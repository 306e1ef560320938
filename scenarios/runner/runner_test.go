package runner

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/file"
)

func TestWithoutAnEngineNothingIsLeft(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	s, err := scenarios.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	o, err := Run(t.Context(), Options{Scenario: s, Out: out})
	if !errors.Is(err, lab.ErrNoEngine) || o.Dir != "" {
		t.Errorf("folder %q: %v", o.Dir, err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a folder was made for a drill that was not started")
	}
}

func TestAScenarioThatCannotBeCompiledIsNotRun(t *testing.T) {
	s, err := scenarios.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	_, err = Run(t.Context(), Options{Scenario: s.WithTimescale(9000), Out: out})
	if len(file.Problems(err)) == 0 {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a folder was made for a drill that was not started")
	}
}

func TestALogIsThereWhenItIsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "logs", "app-1.us-east-1.log")
	log := newLog(dir, "app-1.us-east-1")
	if _, err := io.WriteString(log, "up\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("half a log is there")
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "up\n" {
		t.Errorf("the log is %q: %v", got, err)
	}
}

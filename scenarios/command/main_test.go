package command

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asCommand makes the test's own binary the regionfall command: a process of its own, as it is when somebody types it.
const asCommand = "REGIONFALL_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// finished is what came of a command.
type finished struct {
	code           int
	stdout, stderr string
}

// command is regionfall on a machine without an engine, in a folder and with a home of its own.
func command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	// Else the go command, which the doctor asks for its version, leaves a process behind that writes there.
	telemetry := filepath.Join(home, ".config", "go", "telemetry")
	if err := errors.Join(os.MkdirAll(telemetry, 0o755), os.WriteFile(filepath.Join(telemetry, "mode"), []byte("off"),
		0o644)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		asCommand + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
		"DOCKER_HOST=unix://" + filepath.Join(home, "none.sock"),
	}
	return cmd
}

// regionfall runs a command to its end. Whatever is wrong, it is never told as a crash.
func regionfall(t *testing.T, args ...string) finished {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return finish(t, command(ctx, t, args...))
}

// finish runs a command to its end; meanwhile is called once it is started.
func finish(t *testing.T, cmd *exec.Cmd, meanwhile ...func()) finished {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, do := range meanwhile {
		do()
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	f := finished{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if strings.Contains(f.stderr, "goroutine ") || strings.Contains(f.stderr, "panic") {
		t.Errorf("it crashed:\n%s", f.stderr)
	}
	if _, err := os.Stat(filepath.Join(cmd.Dir, "out")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it left a folder of evidence, though nothing was run: %v", err)
	}
	return f
}

// want is the exit code, and that the output has some texts; of the errors there is one.
func (f finished) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if f.code != code {
		t.Errorf("exit code %d, want %d", f.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(f.stdout+f.stderr, text) {
			t.Errorf("%q is missing", text)
		}
	}
	errs := 0
	for line := range strings.Lines(f.stderr) {
		if strings.HasPrefix(line, "Error:") {
			errs++
		}
	}
	if limit := min(code, 1); errs > limit {
		t.Errorf("%d errors are told", errs)
	}
	if t.Failed() {
		t.Logf("stdout:\n%s\nstderr:\n%s", f.stdout, f.stderr)
	}
}

// file writes a file and gives its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

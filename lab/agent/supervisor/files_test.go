package supervisor

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// readAt is what a file holds, for a test that waits for it.
func readAt(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnAppIsStartedAgainWithTheFilesOfItsConfiguration(t *testing.T) {
	name := filepath.Join(t.TempDir(), "etc", "db.json")
	b := supervise(t, "an app", func(c *api.SupervisorConfig) {
		c.Env, c.Files = nil, map[string]string{name: `{"source": "postgres://{{.User}}@{{.Postgres}}/"}`}
	})
	b.deliver(topology.Config{Revision: 1, AppNodes: 1, Postgres: at("east:5432")})
	b.awaitReady("1")
	if got := readAt(t, name); got != `{"source": "postgres://ann@east:5432/"}` {
		t.Errorf("it finds %q", got)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	b.deliver(topology.Config{Revision: 2, AppNodes: 2, Postgres: at("east:5432")})
	b.awaitReady("2")
	if is, _ := b.state(); is.Runs != 1 {
		t.Errorf("nothing changed for it, and it was started %d times", is.Runs)
	}
	b.deliver(topology.Config{Revision: 3, AppNodes: 2, Postgres: at("west:5432")})
	b.awaitReady("3")
	if is, _ := b.state(); is.Runs != 2 {
		t.Errorf("its file changed, and it was started %d times", is.Runs)
	}
	if got := readAt(t, name); got != `{"source": "postgres://ann@west:5432/"}` {
		t.Errorf("it finds %q", got)
	}
}

// What the app, or a node that was killed, has made of a file does not last.
func TestFilesAreWrittenBeforeEachStart(t *testing.T) {
	name := filepath.Join(t.TempDir(), "app.ini")
	b := supervise(t, "a failure", func(c *api.SupervisorConfig) {
		c.Restarts, c.Env, c.Files = false, nil, map[string]string{name: "mode = plain\n"}
	})
	if err := os.WriteFile(name, []byte("mode = strange, and longer\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.await("the file", func() (string, bool) {
		got := readAt(t, name)
		return got, got == "mode = plain\n"
	})
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	b.await("the file again", func() (string, bool) {
		got := readAt(t, name)
		return got, got == "mode = plain\n"
	})
}

func TestAFileThatCannotBeWrittenIsTold(t *testing.T) {
	inTheWay := filepath.Join(t.TempDir(), "etc")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := supervise(t, "an app", func(c *api.SupervisorConfig) {
		c.Files = map[string]string{filepath.Join(inTheWay, "app.ini"): "x"}
	})
	b.deliver(topology.Config{Revision: 1, AppNodes: 1})
	b.awaitUnready("the app could not be started: write its files: mkdir " + inTheWay)
}

func TestFilesThatCannotBe(t *testing.T) {
	_, err := newSupervisor(api.SupervisorConfig{
		Command: []string{"app"}, ConfigFile: "region.json", RunsFrom: 1,
		Files: map[string]string{"/tmp/app.ini": "{{.Nobody}}"},
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "unknown placeholder {{.Nobody}}") {
		t.Error(err)
	}
}

// Whoever prepares an app finds its files, and none of what its node was told for that.
func TestACommandThatPreparesFindsItsFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "etc", "db.json")
	settings := `{"command": ["sh", "-c", "cat \"$0\"; echo \" $GREETING<$REGIONFALL_AGENT>\"; exit 3", "` + name +
		`"], "files": {"` + name + `": "the database is east:5432"}}`
	p := exec.Command(os.Args[0])
	p.Env = append(os.Environ(), beWhat+"=a preparation", topology.AgentConfigEnv+"="+settings, "GREETING=hello")
	out, err := p.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || string(out) != "the database is east:5432 hello<>\n" {
		t.Errorf("%q, %v", out, err)
	}
	p = exec.Command(os.Args[0])
	p.Env = append(os.Environ(), beWhat+"=a preparation", topology.AgentConfigEnv+`={"command": ["no-such-migration"]}`)
	out, err = p.CombinedOutput()
	if err == nil || !strings.Contains(string(out), `"no-such-migration": executable file not found`) {
		t.Errorf("%q, %v", out, err)
	}
}

package configs

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// startRepository serves a repository with documents, and returns the URL of its agent.
func startRepository(t *testing.T, documents ...topology.Config) string {
	t.Helper()
	return serveRepository(t, t.TempDir(), documents...).URL
}

func serveRepository(t *testing.T, dir string, documents ...topology.Config) *httptest.Server {
	t.Helper()
	r, err := NewRepository(api.RepositoryConfig{Dir: filepath.Join(dir, "config.git"), Documents: documents}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	r.Routes(mux)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func two() []topology.Config {
	return []topology.Config{{Revision: 1, Region: "east", AppNodes: 1}, {Revision: 1, Region: "west", AppNodes: 1}}
}

// Everybody who changes something at the same time gets a revision of their own, and nobody's change is lost.
func TestChangesAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	s := serveRepository(t, dir, two()...)
	var all sync.WaitGroup
	for range 4 {
		for _, region := range []string{"east", "west"} {
			all.Go(func() {
				_, err := NewLineage(s.URL, "ada").Change(t.Context(), region, "one more",
					func(c topology.Config) (topology.Config, error) {
						c.Revision++
						c.AppNodes++
						return c, nil
					})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	s.Close()
	again := serveRepository(t, dir, two()...) // what is there is kept
	for _, region := range []string{"east", "west"} {
		c, _, err := NewLineage(again.URL, "").Read(t.Context(), region)
		if err != nil || c.Revision != 5 || c.AppNodes != 5 {
			t.Errorf("%s has %+v, %v", region, c, err)
		}
	}
}

func TestChangeThatFailsOrChangesNothing(t *testing.T) {
	l := NewLineage(startRepository(t, two()...), "ada")
	_, before, err := l.Read(t.Context(), "west")
	if err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	if _, err := l.Change(t.Context(), "west", "", func(c topology.Config) (topology.Config, error) {
		return c,
			no
	}); !errors.Is(err, no) {
		t.Errorf("it is %v", err)
	}
	if c, err := l.Change(t.Context(), "west", "", func(c topology.Config) (topology.Config, error) {
		return c,
			nil
	}); err != nil || c.Revision != 1 {
		t.Errorf("it is %+v, %v", c, err)
	}
	if _, after, err := l.Read(t.Context(), "west"); err != nil || before != after {
		t.Errorf("the head has become %s, and was %s: %v", after, before, err)
	}
	if _, err := l.Change(t.Context(), "north", "", nil); err == nil ||
		!strings.Contains(err.Error(), "configuration of north") {
		t.Errorf("of a region that there is not it is %v", err)
	}
}

func TestChangeOfTheHeadIsAnswered(t *testing.T) {
	l := NewLineage(startRepository(t, two()...), "ada")
	known, err := l.another(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	heads := make(chan string, 1)
	go func() {
		head := known
		for err := error(nil); head == known && err == nil; { // a slow machine may take longer than one question waits
			head, err = l.another(context.WithoutCancel(t.Context()), known)
		}
		heads <- head
	}()
	began := time.Now()
	if head, err := l.another(t.Context(), known); err != nil || head != known || time.Since(began) < headWait {
		t.Errorf("without a change the head is %s after %s, %v", head, time.Since(began), err)
	}
	if _, err := l.Change(t.Context(), "west", "a test", func(c topology.Config) (topology.Config,
		error,
	) {
		c.Revision = 7
		return c, nil
	}); err != nil {
		t.Fatal(err)
	}
	if head := <-heads; head == known || head == "" {
		t.Errorf("the head is %q", head)
	}
}

// A process that dies while it makes the repository leaves none, and one whose head is gone is not begun again: its
// history is there.
func TestRepositoryIsBegunOnce(t *testing.T) {
	cfg := api.RepositoryConfig{Dir: filepath.Join(t.TempDir(), "config.git"), Documents: two()}
	if err := os.MkdirAll(cfg.Dir+".new/objects", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRepository(cfg, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(cfg.Dir, "refs", "heads", "main"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRepository(cfg, nil); err == nil || !strings.Contains(err.Error(), "reference not found") {
		t.Errorf("without a head it is %v", err)
	}
}

// With Git itself: what people do.
func TestGitClonesFetchesAndPushes(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is needed")
	}
	s := serveRepository(t, t.TempDir(), two()...)
	dir := t.TempDir()
	git := func(in string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = filepath.Join(dir, in)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
			"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=ada",
			"GIT_COMMITTER_EMAIL=ada@example.org")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(in string, args ...string) string {
		t.Helper()
		out, err := git(in, args...)
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return out
	}
	must("", "clone", "-q", s.URL+"/config.git", "one")
	must("", "clone", "-q", s.URL+"/config.git", "two")
	edit := func(in, old, text string) {
		t.Helper()
		path := filepath.Join(dir, in, "west.json")
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(strings.Replace(string(data), old, text, 1)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		must(in, "commit", "-aqm", "Edit")
	}
	refused := func(in, why string, args ...string) {
		t.Helper()
		if out, err := git(in, append([]string{"push"}, args...)...); err == nil || !strings.Contains(out, why) {
			t.Errorf("git push %v, want %q in it: %v\n%s", args, why, err, out)
		}
	}
	edit("one", `"app_nodes": 1`, `"app_nodes": 2`)
	refused("one", "west.json: the revision is not above the one that is published: 1, and 1 is")
	edit("one", `"revision": 1`, `"revision": 2`)
	must("one", "push", "-q")
	if c, _, err := NewLineage(s.URL, "").Read(t.Context(), "west"); err != nil || c.Revision != 2 || c.AppNodes != 2 {
		t.Errorf("pushed, it is %+v, %v", c, err)
	}
	edit("two", `"revision": 1`, `"revision": 3`)
	refused("two", "fetch first")
	refused("two", "the history is kept", "--force")
	must("two", "fetch", "-q")
	must("two", "reset", "-q", "--hard", "origin/main")
	if log := must("two", "log", "--format=%an: %s"); log != "ada: Edit\nada: Edit\nlab: Begin\n" {
		t.Errorf("the log is\n%s", log)
	}
	edit("two", `"revision": 2`, `"revision": 3, "colour": "blue"`)
	refused("two", `west.json: json: unknown field "colour"`)
	must("two", "reset", "-q", "--hard", "origin/main")
	must("two", "rm", "-q", "east.json")
	must("two", "commit", "-qm", "Remove")
	refused("two", "east.json: a region can't do without")
	must("two", "reset", "-q", "--hard", "origin/main")
	if err := os.WriteFile(filepath.Join(dir, "two", "README.md"), []byte("Read me."), 0o600); err != nil {
		t.Fatal(err)
	}
	must("two", "add", "README.md")
	must("two", "commit", "-qm", "Add")
	refused("two", "README.md: there are the documents of the regions, and nothing else")
	refused("two", "there is one branch, main, and it stays", "origin", "HEAD:other")
	refused("two", "there is one branch, main, and it stays", "origin", ":main")
}

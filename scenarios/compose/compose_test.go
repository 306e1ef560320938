package compose

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
)

var update = flag.Bool("update", false, "write the golden files anew")

// drafted are compose files in the shape of public ones, and what a user writes in place of the TODOs.
var drafted = []struct{ file, service, write, stores string }{
	{
		"tracker/docker-compose.yml", "", "{post: /issues, json: {title: \"{{.ID}}\"}}",
		"postgres: select title from issues",
	},
	{
		"experiments/compose.yaml", "", "{post: /runs, json: {name: \"{{.ID}}\"}}",
		`s3: {bucket: documents, key: "runs/{{.ID}}"}`,
	},
	{"payments/docker-compose.yaml", "api", `{put: "/payments/{{.ID}}"}`, "dynamodb: {table: decisions, key: id}"},
}

func TestDraftsAreAsTheyWere(t *testing.T) {
	for _, c := range drafted {
		path := filepath.Join("testdata", c.file)
		d, err := Read(t.Context(), Options{File: path, Service: c.service, Head: "# head\n"})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		var b strings.Builder
		for _, r := range d.Remarks {
			b.WriteString(r.String() + "\n")
		}
		golden(t, filepath.Join(filepath.Dir(path), "app.golden"), d.Text)
		golden(t, filepath.Join(filepath.Dir(path), "remarks.golden"), b.String())

		_, err = app.Parse("app.yaml", []byte(d.Text), beside(path))
		if problems := file.Problems(err); len(problems) != 2 ||
			!strings.HasPrefix(problems[0].Message, "operations has no value, such as {write: {post: ") ||
			!strings.HasPrefix(problems[1].Message, "stores has no value, such as {postgres: ") {
			t.Errorf("%s: the TODOs are told as %v", c.file, err)
		}
		a, err := app.Parse("app.yaml", []byte(filledIn(d.Text, c.write, c.stores)), beside(path))
		if err != nil {
			t.Errorf("%s, filled in: %v", c.file, err)
		} else if a.File().Repoint != app.RepointRestart {
			t.Errorf("%s: it is repointed by %s", c.file, a.File().Repoint)
		}
	}
}

// beside reads what is beside a file.
func beside(path string) app.Files {
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(filepath.Dir(path), name)) }
}

// filledIn is a draft whose TODOs are done.
func filledIn(text, write, stores string) string {
	return strings.NewReplacer("\noperations:\n", "\noperations:\n  write: "+write+"\n", "\nstores:\n",
		"\nstores:\n  "+stores+"\n").Replace(text)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

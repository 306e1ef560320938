package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/app"
)

// told are the remarks of a draft without their file.
func remarks(d Draft) (all []string) {
	for _, r := range d.Remarks {
		all = append(all, strings.TrimPrefix(r.String(), r.File+":"))
	}
	return all
}

const sameImage = " runs the same image as web, and is named in a comment: "

func TestWhatRunsTheSameImageAndIsNoProcess(t *testing.T) {
	for service, why := range map[string]string{
		"jobs: {image: a, entrypoint: [tini], command: [work]}": "an app file has no entrypoint, and the image's own stays",
		"jobs: {image: a}":                                 "it has no command",
		"jobs: {image: a, command: [\"\\a\"]}":             "its command can't be carried over: ",
		"jobs: {image: a, command: [work], profiles: [x]}": "it has profiles, and so is started on demand",
		"jobs: {image: a, command: [work], restart: 'no'}": "it is not started again when it ends: ",
		"jobs_2: {image: a, command: [work]}":              "\"jobs_2\" is no name: ",
		"redis: {image: a, command: [work]}":               "\"redis\" is taken: ",
	} {
		d, err := read(t, "services:\n  web: {image: a, command: [serve], ports: ['80']}\n  "+service+"\n", "web")
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(service, ":")
		if !strings.Contains(strings.Join(remarks(d), "\n"), name+sameImage+why) ||
			!strings.Contains(d.Text, "\n#   "+name+": [") || strings.Contains(d.Text, "processes") {
			t.Errorf("of %s it says %q:\n%s", service, remarks(d), d.Text)
		}
	}
	for web, why := range map[string]string{
		"{image: a, ports: ['80']}":    "each of processes has a command, and web has none here: find out the image's own",
		"{image: a, command: [serve]}": "one of processes has the app's port, which is not known",
	} {
		d, err := read(t, "services:\n  web: "+web+"\n  jobs: {image: a, command: [work]}\n", "web")
		if err != nil || !strings.Contains(strings.Join(remarks(d), "\n"), "jobs"+sameImage+why) ||
			!strings.Contains(d.Text, "\n#   jobs: [\"work\"]\n") || strings.Contains(d.Text, "processes") {
			t.Errorf("of web: %s it says %q, %v:\n%s", web, remarks(d), err, d.Text)
		}
	}
}

// PostgreSQL's image runs the files by their names there.
func TestSeedsAreInTheOrderOfTheirNames(t *testing.T) {
	folder := t.TempDir()
	put := func(name string) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("select 1;"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"app/sql/2.sql", "app/sql/3.sh", "app/z.sql", "above.sql", "app/init/c.sql"} {
		put(name)
	}
	path := filepath.Join(folder, "app", "compose.yaml")
	err := os.WriteFile(path, []byte(`services:
  web: {image: a, command: [serve], ports: ['80'], environment: {DB: "postgres://db/x"}}
  db:
    image: postgres
    volumes:
      - ./sql:/docker-entrypoint-initdb.d
      - ./z.sql:/docker-entrypoint-initdb.d/1.sql:ro
      - ../above.sql:/docker-entrypoint-initdb.d/above.sql
      - ./none.sql:/docker-entrypoint-initdb.d/none.sql
      - ./init:/docker-entrypoint-initdb.data
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Read(t.Context(), Options{File: path})
	if err != nil {
		t.Fatal(err)
	}
	const (
		not = " is not carried over: prepared takes up to 50 files that end with .sql, in the folder of the file or below it"
		now = " is in prepared.sql now: PostgreSQL is sent it as it is, without psql"
	)
	want := []string{
		"6: db: sql/2.sql" + now, "6: db: sql/3.sh" + not, "7: db: z.sql" + now, "8: db: ../above.sql" + not,
		"9: db: none.sql is no file that can be read: the lab's database is without it",
	}
	if diff := cmp.Diff(want, remarks(d)); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
	a, err := app.Parse("app.yaml", []byte(strings.Replace(filledIn(d.Text, `{post: /a, body: "{{.ID}}"}`,
		"postgres: select id from a"), "health: #", "health: /up #", 1)), beside(path))
	if err != nil {
		t.Fatalf("%v:\n%s", err, d.Text)
	}
	if diff := cmp.Diff([]app.SQLFile{"z.sql", "sql/2.sql"}, a.File().Prepared.SQL); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// What is elsewhere is not even listed.
func TestSeedsAreBesideTheFile(t *testing.T) {
	for mounted, name := range map[string]string{"seeds": "seeds", "../": "..", "/etc": "etc"} {
		d, err := read(t, `services:
  web: {image: a, ports: ['80'], environment: {DB: "postgres://db/x"}}
  db: {image: postgres, volumes: ["`+mounted+`:/docker-entrypoint-initdb.d"]}
volumes: {seeds: {}}
`, "")
		if err != nil || len(d.Remarks) != 1 || strings.Contains(d.Text, "prepared") ||
			!strings.HasSuffix(strings.SplitN(remarks(d)[0], " is not carried over: ", 2)[0], name) {
			t.Errorf("of %s it says %q, %v", mounted, remarks(d), err)
		}
	}
}

package app

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// drawer are the files in the folder of an app file.
func drawer(path string) ([]byte, error) {
	files := map[string]string{
		"schema.sql": "create table orders (id text);\n", "db/seed.sql": "insert into orders values ('1');\n",
		"blank.sql": " \n\t\n", "binary.sql": "select 1\x00;", "large.sql": strings.Repeat("-", file.MaxPlain+1),
	}
	text, is := files[path]
	if !is {
		return nil, errors.New(path + ": no such file or directory")
	}
	return []byte(text), nil
}

// preparedBy is the shop, prepared in some way, on line 4.
func preparedBy(prepared string) string {
	return strings.Replace(whole(), "health:", "prepared: "+prepared+"\nhealth:", 1)
}

func TestAnAppIsPrepared(t *testing.T) {
	a, err := Parse("app.yaml", []byte(preparedBy("{sql: [schema.sql, db/seed.sql], command: [migrate, up]}")), drawer)
	if err != nil {
		t.Fatal(err)
	}
	want := []SQL{
		{"schema.sql", "create table orders (id text);\n"}, {"db/seed.sql", "insert into orders values ('1');\n"},
	}
	if diff := cmp.Diff(want, a.SQL()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"migrate", "up"}, a.File().Prepared.Command); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a, err = Parse("app.yaml", []byte(preparedBy("{command: [migrate]}")), nil); err != nil || a.SQL() != nil {
		t.Errorf("a command needs no files: %v", err)
	}
}

func TestMistakesOfAPreparationAreComplainedAbout(t *testing.T) {
	for prepared, want := range map[string]string{
		"{sql: [schma.sql]}":              "4:18: prepared.sql[0]: read the SQL file: schma.sql: no such file or directory",
		"{sql: [schema.sql, blank.sql]}":  "4:30: prepared.sql[1]: blank.sql is empty",
		"{sql: [large.sql]}":              "4:18: prepared.sql[0]: large.sql has more than 1024 KiB",
		"{sql: [binary.sql]}":             "4:18: prepared.sql[0]: binary.sql is no text in UTF-8",
		"{sql: [../schema.sql]}":          `4:18: prepared.sql[0]: "../schema.sql" is no SQL file in the file's folder`,
		"{sql: [db/../../schema.sql]}":    `4:18: prepared.sql[0]: "db/../../schema.sql" is no SQL file in the file's`,
		"{sql: [/schema.sql]}":            `4:18: prepared.sql[0]: "/schema.sql" is no SQL file in the file's folder`,
		"{sql: [schema.txt]}":             `4:18: prepared.sql[0]: "schema.txt" is no SQL file`,
		"{sql: [schema.sql, schema.sql]}": "prepared.sql",
		"{sql: []}":                       "prepared.sql",
		"{command: []}":                   "prepared.command",
		`{command: [""]}`:                 "4:22: prepared.command: it has no program",
		"{}":                              "prepared",
		"{tables: [orders]}":              `unknown key "tables" in prepared`,
	} {
		_, err := Parse("app.yaml", []byte(preparedBy(prepared)), drawer)
		if err == nil || !strings.Contains(err.Error(), want) || len(file.Problems(err)) != 1 {
			t.Errorf("%s: %v\nwant %s alone", prepared, err, want)
		}
	}
	const alone = "prepared.sql[0]: an app that comes with the program has no files beside it"
	if _, err := Parse("app.yaml", []byte(preparedBy("{sql: [schema.sql]}")), nil); err == nil ||
		!strings.Contains(err.Error(), alone) {
		t.Errorf("without a folder: %v", err)
	}
}

package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/regionfall/regionfall/fixtures"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file/filetest"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// The published schemas are what the reader reads.
func TestTheSchemasAreThoseOfTheReader(t *testing.T) {
	for file, s := range map[string]*jsonschema.Schema{SchemaFile: Schema(), AppSchemaFile: AppSchema()} {
		got, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("..", file)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, diff)
		}
	}
}

// The apps that come with the program are as the schema says.
func TestAppsAreAsTheSchemaSays(t *testing.T) {
	s, err := validator.NewCompiler().Compile(filepath.Join("..", AppSchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range app.Names() {
		_, source, err := fixtures.AppFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(filetest.JSON(t, source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.Validate(filetest.JSON(t, append(source, "\nports: 80\n"...))) == nil {
			t.Errorf("%s: it takes a key that there is not", name)
		}
	}
}

// keysOf are the keys of a schema, as testdata/keys.golden has them.
func keysOf(s *jsonschema.Schema, path string) map[string]bool {
	keys := map[string]bool{}
	for key, below := range s.Properties {
		for k := range keysOf(below, strings.TrimPrefix(path+"."+key, ".")) {
			keys[k] = true
		}
	}
	if s.Items != nil {
		for k := range keysOf(s.Items, path+"[]") {
			keys[k] = true
		}
	}
	for _, either := range s.AnyOf {
		if either.Properties != nil {
			for k := range keysOf(either, path) {
				keys[k] = true
			}
		}
	}
	if len(keys) == 0 {
		keys[path] = true
	}
	return keys
}

func TestTheSchemaHasEveryKeyAndSaysWhatItIsAbout(t *testing.T) {
	text, err := os.ReadFile("testdata/keys.golden")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for key := range strings.FieldsSeq(string(text)) {
		known[key] = true
	}
	s := Schema()
	if diff := cmp.Diff(known, keysOf(s, "")); diff != "" {
		t.Errorf("keys (-known +schema):\n%s", diff)
	}
	undescribed(t, s, "")
}

// undescribed complains about keys of which nothing is said.
func undescribed(t *testing.T, s *jsonschema.Schema, path string) {
	t.Helper()
	for key, below := range s.Properties {
		at := strings.TrimPrefix(path+"."+key, ".")
		if below.Description == "" {
			t.Errorf("nothing is said about %s", at)
		}
		undescribed(t, below, at)
	}
	if s.Items != nil {
		undescribed(t, s.Items, path+"[]")
	}
	for _, either := range s.AnyOf {
		undescribed(t, either, path)
	}
}

func compiled(t *testing.T) *validator.Schema {
	t.Helper()
	s, err := validator.NewCompiler().Compile(filepath.Join("..", SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every scenario that there is, and the examples of the catalogue, are as the schema says; and each of the library
// names it for editors.
func TestScenariosAreAsTheSchemaSays(t *testing.T) {
	s := compiled(t)
	files, err := filepath.Glob("../suites/*/testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		files = append(files, libraryFile(name))
	}
	seen := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(source), "\n")
		named, is := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		if library := filepath.Dir(file) == "library"; library || is {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), named)); err != nil ||
				filepath.Base(named) != filepath.Base(SchemaFile) {
				t.Errorf("%s names the schema %q: %v", file, named, err)
			}
		}
		if _, err := Parse(file, source); err != nil {
			continue // a topology
		}
		if err := s.Validate(filetest.JSON(t, source)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		seen++
	}
	if err := s.Validate(filetest.JSON(t, []byte(example))); err != nil || seen < 15 {
		t.Errorf("%d scenarios were seen, and the example: %v", seen, err)
	}
}

// What the reader takes for a slip an editor shows as one.
func TestTheSchemaShowsSlips(t *testing.T) {
	s := compiled(t)
	seen := 0
	for _, c := range complaints {
		source := strings.Replace(example, c.old, c.new, 1)
		_, err := Parse("f.yaml", []byte(source))
		if err == nil || !strings.Contains(err.Error(), "unknown ") && !strings.Contains(err.Error(), "has no unit") {
			continue
		}
		var v any
		if yaml.Unmarshal([]byte(source), &v) != nil {
			continue
		}
		seen++
		if strings.Contains(err.Error(), "unknown region") || strings.Contains(err.Error(), "unknown job") {
			continue
		}
		if s.Validate(filetest.JSON(t, []byte(source))) == nil {
			t.Errorf("%s: it takes\n%s\nof which the reader says %v", c.name, source, err)
		}
	}
	if seen < 20 {
		t.Errorf("only %d slips were seen", seen)
	}
}

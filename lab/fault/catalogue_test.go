package fault

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/faults.md anew")

const page = "../../docs/faults.md"

// TestTheCatalogueIsWrittenDown keeps docs/faults.md what the catalogue and the tags of the parameters say: go test
// ./lab/fault -update.
func TestTheCatalogueIsWrittenDown(t *testing.T) {
	want := pageOf(t, Catalogue())
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is out of date (-want +got): run go test ./lab/fault -update\n%s", page, diff)
	}
}

func pageOf(t *testing.T, entries []Entry) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# The faults\n\nWritten by `go test ./lab/fault -update` from the catalogue of the faults " +
		"and the tags of their parameters.\n" +
		"`regionfall list faults` shows the same catalogue.\n\n" +
		"A fault counts only when a probe that knows nothing of it sees what is said below; " +
		"otherwise the drill proves nothing.\n" +
		"Times are those of the lab, unless they are scaled: those are of the real world, " +
		"and a scenario's timescale divides them.\n\n" +
		"| fault | breaks | mimics |\n|---|---|---|\n")
	for _, e := range entries {
		_, _ = fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", e.Kind, e.Kind, e.On, e.Mimics)
	}
	for _, e := range entries {
		_, _ = fmt.Fprintf(&b, "\n## %s\n\nIt counts when: %s.\n\n```yaml\n%s\n```\n\n", e.Kind, e.Shows, e.Example)
		b.WriteString("| parameter | takes | where nothing is said | what it is for |\n|---|---|---|---|\n")
		for _, p := range parametersOf(t, reflect.TypeOf(e.empty()).Elem()) {
			_, _ = fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.key, p.takes, p.otherwise, p.about)
		}
	}
	return b.String()
}

// parameter is one of a fault's, as the tags of its field say.
type parameter struct{ key, takes, otherwise, about string }

func parametersOf(t *testing.T, s reflect.Type) []parameter {
	t.Helper()
	var all []parameter
	for i := range s.NumField() {
		f := s.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if options == "inline" {
			all = append(all, parametersOf(t, f.Type)...)
			continue
		}
		p := parameter{
			key: key, takes: typeInWords(f.Type), otherwise: f.Tag.Get("otherwise"),
			about: f.Tag.Get("about"),
		}
		if f.Tag.Get("scale") == "scaled" {
			p.takes += ", scaled"
		}
		if key == "" || p.takes == "" || p.about == "" {
			t.Errorf("field %s of %s needs the tags yaml and about, and a type that the page can name", f.Name, s)
		}
		all = append(all, p)
	}
	return all
}

func typeInWords(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a time"
	case t == reflect.TypeFor[Share]():
		return "a percentage"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t == reflect.TypeFor[[]string]():
		return "a list of texts"
	}
	return ""
}

// A time that a scenario schedules is scaled and says so in its tag: nobody else divides it.
func TestTimesThatAreScaledSaySo(t *testing.T) {
	for _, e := range Catalogue() {
		spec := e.empty()
		v := reflect.ValueOf(spec).Elem()
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type != reflect.TypeFor[time.Duration]() {
				continue
			}
			v.Field(i).SetInt(int64(time.Hour))
			divided := false
			if s, ok := spec.(Scheduled); ok {
				divided = reflect.ValueOf(s.Scaled(60)).Elem().Field(i).Int() == int64(time.Minute)
			}
			if says := f.Tag.Get("scale") == "scaled"; says != divided {
				t.Errorf("%s: the tag of %s says scaled=%t, and its time is divided=%t", e.Kind, f.Name, says, divided)
			}
		}
	}
}

// A kind that is not in the catalogue would be tested by nobody.
func TestEveryKindIsInTheCatalogue(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Kind" {
				continue
			}
			kinds++
			says := f.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.BasicLit).Value
			kind, err := strconv.Unquote(says)
			if _, known := New(kind); err != nil || !known {
				t.Errorf("%s: the catalogue has no fault %s", name, says)
			}
		}
	}
	if kinds != len(catalogue) {
		t.Errorf("%d types have a kind, and the catalogue has %d", kinds, len(catalogue))
	}
}

func TestTheCatalogueIsInOrder(t *testing.T) {
	last := ""
	for _, e := range Catalogue() {
		if e.Kind <= last {
			t.Errorf("%s comes after %s", e.Kind, last)
		}
		last = e.Kind
	}
}

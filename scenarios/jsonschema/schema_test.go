package jsonschema

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type Named struct {
	Name string `json:"name"`
	Note string `json:"note,omitempty"`
}

type Tree struct {
	Named
	At     *time.Time        `json:"at"`
	Size   *int64            `json:"size"`
	Of     []Tree            `json:"of" schema:"null"`
	First  *Tree             `json:"first"`
	Labels map[string]string `json:"labels"`
	Hidden chan int          `json:"-"`
	hidden int
}

// Pointers may be null, what is embedded is the struct's own, and what holds its own kind is described once.
func TestSchemaOfTypes(t *testing.T) {
	_ = Tree{}.hidden
	got, err := Of(Tree{}, Options{Docs: map[string]string{"Tree": "A tree.", "Tree.Size": "In bytes."}})
	if err != nil {
		t.Fatal(err)
	}
	text := &Schema{Type: "string"}
	tree := Object(map[string]*Schema{
		"name": text, "note": text,
		"at":     {Type: []string{"string", "null"}, Format: "date-time"},
		"size":   {Type: []string{"integer", "null"}, Description: "In bytes."},
		"of":     {Type: []string{"array", "null"}, Items: &Schema{Ref: "#/$defs/Tree"}},
		"first":  Any(&Schema{Ref: "#/$defs/Tree"}, &Schema{Type: "null"}),
		"labels": {Type: "object", Additional: text},
	}, "name", "at", "size", "of", "first", "labels")
	tree.Description = "A tree."
	want := *tree
	want.Draft, want.Defs = Draft2020, map[string]*Schema{"Tree": tree}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Of(struct {
		Odd chan int `json:"odd"`
	}{}, Options{}); err == nil {
		t.Error("a channel was described")
	}
}

func TestDocs(t *testing.T) {
	dir := t.TempDir()
	source := `package p

// Thing is what there is.
type Thing struct {
	// Size is in bytes,
	// all of them.
	Size int
	A, B int // letters
	Bare int
	ID   int // result.json's own
}

type other int
`
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Docs(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Thing": "What there is.", "Thing.Size": "In bytes, all of them.", "Thing.A": "Letters.", "Thing.B": "Letters.",
		"Thing.Bare": "",
		"Thing.ID":   "result.json's own.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.WriteFile(filepath.Join(dir, "q.go"), []byte("package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Docs(dir); err == nil {
		t.Error("what can't be read was read")
	}
}

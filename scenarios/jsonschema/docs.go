package jsonschema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// Docs reads what the sources of packages, by their folders, say of their structs and of the fields of those: the
// comment above a field, else the one beside it. "Name is" at its beginning is left out: who reads a schema knows the
// key.
func Docs(folders ...string) (map[string]string, error) {
	docs := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			if err := docsOf(file, docs); err != nil {
				return nil, err
			}
		}
	}
	return docs, nil
}

func docsOf(file string, docs map[string]string) error {
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("read what %s says of its types: %w", file, err)
	}
	for _, d := range parsed.Decls {
		types, is := d.(*ast.GenDecl)
		if !is || types.Tok != token.TYPE {
			continue
		}
		for _, spec := range types.Specs {
			named := spec.(*ast.TypeSpec)
			fields, is := named.Type.(*ast.StructType)
			if !is {
				continue
			}
			about := named.Doc
			if about == nil {
				about = types.Doc
			}
			docs[named.Name.Name] = said(named.Name.Name, about, nil)
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					docs[named.Name.Name+"."+name.Name] = said(name.Name, f.Doc, f.Comment)
				}
			}
		}
	}
	return nil
}

func said(name string, above, beside *ast.CommentGroup) string {
	text := strings.Join(strings.Fields(above.Text()), " ")
	if text == "" {
		text = strings.Join(strings.Fields(beside.Text()), " ")
	}
	for _, verb := range []string{" is ", " are "} {
		text = strings.TrimPrefix(text, name+verb)
	}
	return sentence(text)
}

// sentence begins with a capital letter, unless it is the name of something, and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, _, _ := strings.Cut(text, " ")
	if !strings.ContainsAny(first, "._") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

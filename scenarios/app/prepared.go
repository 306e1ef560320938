package app

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"unicode/utf8"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Prepared is what is done once before any node of the app starts.
type Prepared struct {
	SQL     []SQLFile `yaml:"sql,unique" min:"1" max:"50" example:"[schema.sql]" about:"SQL files, by their paths from the folder of the file. PostgreSQL is sent them in this order, each in one transaction."`
	Command []string  `yaml:"command" min:"1" max:"50" each:"4000" example:"[migrate]" about:"What a node of its own runs to its end after that, such as migrations, instead of the image's command. It has the app's environment and files, and must end with exit code 0."`
}

// SQLFile is a file of SQL, by its path from the folder of the app's file.
type SQLFile string

var sqlForm = regexp.MustCompile(`^(\./)?[A-Za-z0-9_][A-Za-z0-9._/-]*\.sql$`)

// UnmarshalText reads a path such as schema.sql.
func (f *SQLFile) UnmarshalText(text []byte) error {
	if len(text) > longestPath || !sqlForm.Match(text) || !filepath.IsLocal(string(text)) {
		return fmt.Errorf("%s is no SQL file in the file's folder or below it: write a path such as schema.sql",
			file.Quote(string(text)))
	}
	*f = SQLFile(text)
	return nil
}

// Form is that of a path of a file of SQL.
func (*SQLFile) Form() file.Form {
	return file.Form{Words: "an SQL file", Schema: &jsonschema.Schema{
		Type: "string", Pattern: sqlForm.String(), MaxLength: longestPath,
	}}
}

// SQL is a file of SQL that was read.
type SQL struct {
	File string // its path from the folder of the app's file
	Text string
}

// read reads the SQL files, and complains about those that can't be sent, and about a command that names no program.
func (p *Prepared) read(found *file.Complaints, at string, in Files) (all []SQL) {
	if p == nil {
		return nil
	}
	if len(p.Command) > 0 {
		checkProgram(found, at+".command", p.Command)
	}
	for i, name := range p.SQL {
		path := fmt.Sprintf("%s.sql[%d]", at, i)
		switch {
		case name == "": // it was complained about
			continue
		case in == nil:
			found.Add(path, "%s: an app that comes with the program has no files beside it", path)
			continue
		}
		text, err := in(string(name))
		switch {
		case err != nil:
			found.Add(path, "%s: read the SQL file: %v", path, err)
		case len(text) > file.MaxPlain:
			found.Add(path, "%s: %s has more than %d KiB: make several files of it", path, name, file.MaxPlain>>10)
		case !utf8.Valid(text) || bytes.ContainsRune(text, 0):
			found.Add(path, "%s: %s is no text in UTF-8", path, name)
		case len(bytes.TrimSpace(text)) == 0:
			found.Add(path, "%s: %s is empty", path, name)
		default:
			all = append(all, SQL{File: string(name), Text: string(text)})
		}
	}
	return all
}

// checkProgram complains about a command that names no program.
func checkProgram(found *file.Complaints, path string, command []string) {
	if command[0] == "" && !found.Unreadable(path) {
		found.Add(path+"[0]", "%s: it has no program", path)
	}
}

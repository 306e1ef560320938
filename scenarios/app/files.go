package app

import (
	"maps"
	"slices"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Content is what a file holds: a text with placeholders, which may be longer than others.
type Content struct{ Template }

// longestContent is how long it may be, in characters.
const longestContent = 16000

// UnmarshalText reads a text and its placeholders.
func (c *Content) UnmarshalText(text []byte) error {
	if err := file.CheckText(string(text), longestContent, "\n\t"); err != nil {
		return err
	}
	read, err := parseTemplate(string(text))
	if err == nil {
		c.Template = read
	}
	return err
}

// Form is that of a text with placeholders.
func (*Content) Form() file.Form {
	return file.Form{
		Words:  "a text with placeholders",
		Schema: &jsonschema.Schema{Type: "string", MaxLength: longestContent},
	}
}

// filesOf are the files of the nodes of a process; those of the app itself where none is named.
func (f *Format) filesOf(process string) map[string]Content {
	all := map[string]Content{}
	maps.Copy(all, f.Files)
	maps.Copy(all, f.Processes[process].Files)
	return all
}

// Files are the texts of the files that nodes of a process find, by their names; those of the app itself where none is
// named. It is nil where there are none.
func (a *App) Files(process string) map[string]string {
	var texts map[string]string
	for name, content := range a.file.filesOf(process) {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[name] = content.String()
	}
	return texts
}

// checkFiles complains about files that nodes can't have.
func (f *Format) checkFiles(found *file.Complaints, at string) {
	f.checkFilesOf(found, file.Join(at, "files"), "", f.Files)
	for _, name := range f.processNames() {
		path := file.Join(file.Join(at, "processes"), name)
		f.checkFilesOf(found, path+".files", name, f.Processes[name].Files)
	}
}

// checkFilesOf complains about the files that stand at a path: by themselves, and beside the app's.
func (f *Format) checkFilesOf(found *file.Complaints, path, process string, here map[string]Content) {
	if !found.Has(path) {
		return // what the app has was complained about
	}
	texts := map[string]string{}
	for name, content := range f.filesOf(process) {
		texts[name] = content.String()
	}
	for _, wrong := range topology.CheckFiles(texts) {
		at := path
		if _, is := here[wrong.Field]; is {
			at = file.Join(path, wrong.Field)
		}
		found.Add(at, "%s: %s", path, wrong.Problem)
	}
	for _, name := range slices.Sorted(maps.Keys(here)) {
		here[name].check(found, file.Join(path, name), EnvPlaceholders)
	}
}

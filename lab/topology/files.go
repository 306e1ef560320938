package topology

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// FilesDir is where an app's nodes have files of their own: the rest of their file system can't be written to.
const FilesDir = "/tmp"

// MostFiles is how much the files of one node may hold together, in bytes: they come to it in one variable, of which
// the kernel takes 128 KiB, and a character may need two there.
const MostFiles = 32 << 10

// CheckFiles says what is wrong with the files of a node, which are texts by their names: a *FieldError each, whose
// field is the name, and empty for all of them together.
func CheckFiles(files map[string]string) (wrong []*FieldError) {
	size := 0
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		size += len(files[name])
		inIt := func(other string) bool { return strings.HasPrefix(other, name+"/") }
		if problem := fileProblem(name); problem != "" {
			wrong = append(wrong, &FieldError{Field: name, Problem: problem})
		} else if i := slices.IndexFunc(names, inIt); i >= 0 {
			problem = names[i] + " is in it, so that it is a folder and no file"
			wrong = append(wrong, &FieldError{Field: name, Problem: problem})
		}
	}
	if size > MostFiles {
		wrong = append(wrong, &FieldError{Problem: fmt.Sprintf("they hold %d bytes together: a node takes %d KiB", size,
			MostFiles>>10)})
	}
	return wrong
}

// fileProblem is what is wrong with the name of a file; empty for a good one.
func fileProblem(name string) string {
	clean := path.Clean(name)
	switch {
	case clean == FilesDir || strings.HasPrefix(clean, FilesDir+"/") && strings.HasSuffix(name, "/"):
		return fmt.Sprintf("%q is a folder: name a file in it, such as %s", name, path.Join(clean, "app.json"))
	case !strings.HasPrefix(clean, FilesDir+"/"):
		return fmt.Sprintf("%q is not in %s, which is the only place that an app's nodes can write to: name a file "+
			"such as %[2]s/app.json", name, FilesDir)
	case clean != name:
		return fmt.Sprintf("%q is a roundabout name: write %s", name, clean)
	}
	return ""
}

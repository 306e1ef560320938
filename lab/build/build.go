// Package build says which build of regionfall this program is, or is a part of.
package build

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
)

// Module is the path of the module, and of the program, which is in its root.
const Module = "github.com/regionfall/regionfall"

// The version, the commit of the sources, and true or false for whether they were others than it has. The Makefile has
// the linker set them: what Go notes of that by itself is turned off there, since paths of the machine come with it.
var version, commit, dirty string

// Info is a build, as far as it is known. Empty and nil are unknown.
type Info struct {
	Version string // such as v1.2.3
	Commit  string // of its sources, in hex
	Dirty   *bool  // the sources were not those of the commit
	Program bool   // it is the program itself, and not somebody else's that has this module in it
}

// This is the build that is running.
func This() Info {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	i := Of(info)
	if version != "" {
		i.Version = version
	}
	if commit != "" {
		i.Commit, i.Dirty = commit, nil
		if is, err := strconv.ParseBool(dirty); err == nil {
			i.Dirty = &is
		}
	}
	return i
}

// Program is what the program that is running is called: the import path of its main package or, where Go noted none,
// the name of its file.
func Program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path == "" || info.Path == unnamedPackage {
		return filepath.Base(os.Args[0])
	}
	return info.Path
}

// unnamedPackage is what Go calls a main package that is given as files.
const unnamedPackage = "command-line-arguments"

// Of reads what Go noted in a program.
func Of(info *debug.BuildInfo) Info {
	i := Info{Version: versionOf(info), Program: info.Path == Module}
	if info.Main.Path != Module { // else the commit is somebody else's
		return i
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Commit = s.Value
		case "vcs.modified":
			i.Dirty = new(s.Value == "true")
		}
	}
	return i
}

// versionOf is that of this module, be it a program or a library of one. Of what is built from a folder there is none.
func versionOf(info *debug.BuildInfo) string {
	is := info.Main
	for _, dep := range info.Deps {
		if dep.Path == Module && dep.Replace == nil { // what replaces it may be of any version
			is = *dep
		}
	}
	if is.Path != Module || is.Version == "(devel)" {
		return ""
	}
	return is.Version
}

// ofCommit are versions that Go, or git describe, make of a commit. One without a commit noted beside it was fetched.
var ofCommit = regexp.MustCompile(`(-|\.)[0-9]{14}-[0-9a-f]{12}$|-[0-9]+-g[0-9a-f]+$`)

// Source is what the go command fetches to build this program once more, such as MODULE@v1.2.3. It is empty where the
// program is not of a version that was published, as where Go or git made a version of a commit.
func (i Info) Source() string {
	if !i.Program || !strings.HasPrefix(i.Version, "v") || strings.Contains(i.Version, "+") ||
		strings.HasSuffix(i.Version, "-dirty") || i.Commit != "" && ofCommit.MatchString(i.Version) {
		return ""
	}
	return Module + "@" + i.Version
}

// String is a line such as "v1.2.3, commit 6a1eef89 with changes".
func (i Info) String() string {
	text := "no version"
	if i.Version != "" {
		text = i.Version
	}
	if i.Commit != "" {
		text += ", commit " + i.Commit
	}
	if i.Dirty != nil && *i.Dirty {
		text += " with changes"
	}
	return text
}

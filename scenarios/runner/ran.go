package runner

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/scenarios/evidence"
)

// The commit of the sources, and true or false for whether they were others than it has. The Makefile has the linker
// set them: what Go notes of that by itself is turned off there, since paths of the machine come with it.
var commit, dirty string

const module = "github.com/regionfall/regionfall"

// Harness is what is known of this program.
func Harness() evidence.Harness {
	var h evidence.Harness
	info, ok := debug.ReadBuildInfo()
	if ok {
		h.Version = versionOf(info)
		if info.Main.Path == module { // else the commit is somebody else's
			for _, s := range info.Settings {
				switch s.Key {
				case "vcs.revision":
					h.Commit = new(s.Value)
				case "vcs.modified":
					h.Dirty = new(s.Value == "true")
				}
			}
		}
	}
	if commit != "" {
		h.Commit = new(commit)
		h.Dirty = nil
		if is, err := strconv.ParseBool(dirty); err == nil {
			h.Dirty = &is
		}
	}
	return h
}

// versionOf is that of this module, be it a program or a library of one. Of what is built from a folder there is none.
func versionOf(info *debug.BuildInfo) *string {
	is := info.Main
	for _, dep := range info.Deps {
		if dep.Path == module {
			is = *dep
		}
	}
	if is.Path != module || is.Version == "" || is.Version == "(devel)" {
		return nil
	}
	return &is.Version
}

// host is the class of this machine. What its system does not tell stays unknown.
func host() *evidence.Host {
	h := &evidence.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.NumCPU()}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		h.Kernel = new(strings.TrimSpace(string(release)))
	}
	if memory, err := os.ReadFile("/proc/meminfo"); err == nil {
		h.MemoryMB = memoryMB(memory)
	}
	return h
}

// memoryMB reads the line "MemTotal:       16384256 kB".
func memoryMB(meminfo []byte) *int64 {
	for line := range bytes.Lines(meminfo) {
		fields := strings.Fields(string(line))
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		if kb, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			return new(kb / 1024)
		}
	}
	return nil
}

package runner

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/lab/build"
	"github.com/regionfall/regionfall/scenarios/evidence"
)

// Harness is what is known of this program.
func Harness() evidence.Harness {
	is := build.This()
	h := evidence.Harness{Dirty: is.Dirty}
	if is.Version != "" {
		h.Version = &is.Version
	}
	if is.Commit != "" {
		h.Commit = &is.Commit
	}
	return h
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

package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Decline is the variable that, set to "no", keeps Start from starting an engine.
const Decline = "REGIONFALL_START_ENGINE"

// files is where an engine that Start started keeps what it has: run until it ends, data for good.
type files struct{ run, data string }

// ours are the files of this machine's. Only root can start one.
var ours = files{run: "/run/regionfall", data: "/var/lib/regionfall"}

func (f files) socket() string     { return filepath.Join(f.run, "docker.sock") }
func (f files) pidFile() string    { return filepath.Join(f.run, "docker.pid") }
func (f files) exec() string       { return filepath.Join(f.run, "docker") }
func (f files) containerd() string { return filepath.Join(f.exec(), "containerd", "containerd.pid") }
func (f files) programs() string   { return filepath.Join(f.run, "bin") }
func (f files) settings() string   { return filepath.Join(f.run, "daemon.json") }
func (f files) lock() string       { return filepath.Join(f.run, "engine.lock") }
func (f files) root() string       { return filepath.Join(f.data, "docker") }
func (f files) log() string        { return filepath.Join(f.data, "engine.log") }

// namespace keeps the containers of this engine apart from those of every other one, also where they use the machine's
// containerd together.
func (f files) namespace() string {
	sum := sha256.Sum256([]byte(f.run))
	return "regionfall-" + hex.EncodeToString(sum[:4])
}

func (f files) place() Place {
	return Place{Address: "unix://" + f.socket(), By: "started by `regionfall engine start`", Own: true}
}

// process is the number of the process that a pid file names, if it lives and is the program; 0 for none. Numbers are
// given again: after a restart of the machine, the file may name anything.
func process(pidFile, program string) int {
	data, err := os.ReadFile(pidFile)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid < 1 {
		return 0
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(name)) != program {
		return 0
	}
	return pid
}

// distribution says which one this machine runs, by its ID and what it is like, as os-release(5) has them.
func distribution(osRelease string) []string {
	data, err := os.ReadFile(osRelease)
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			names = append(names, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	return names
}

const osRelease = "/etc/os-release"

// startHint is the command that gets an engine going here, as half a sentence.
func startHint() string { return startHintOn(runtime.GOOS, os.Geteuid(), distribution(osRelease)) }

func startHintOn(system string, user int, names []string) string {
	is := func(any ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(any, name) })
	}
	switch {
	case system != "linux":
		return "install one, such as Docker Desktop or colima (`brew install colima docker && colima start`)"
	case is("debian", "ubuntu") && user == 0:
		return "start one of Regionfall's own with `regionfall engine start`"
	case is("debian", "ubuntu"):
		return "start one of Regionfall's own with `sudo regionfall engine start`"
	case is("fedora", "rhel", "centos"):
		return "install one with `sudo dnf install moby-engine && sudo systemctl start docker`"
	case is("arch"):
		return "install one with `sudo pacman -S docker && sudo systemctl start docker`"
	case is("suse", "opensuse"):
		return "install one with `sudo zypper install docker && sudo systemctl start docker`"
	case is("alpine"):
		return "install one with `sudo apk add docker && sudo rc-service docker start`"
	default:
		return "install one with the system's package manager"
	}
}

package engine

import (
	"os"
	"regexp"
	"strings"
)

// A machine may keep an engine from running in many ways. These are what dockerd, or a call to the kernel, says of
// each, what it means, and what to do about it.
var causes = []struct{ says, means, remedy string }{
	{`no space left on device|disk is full`, "the disk is full", "free some space, and run this again"},
	{
		`failed to create NAT chain|iptables.*(Permission denied|not permitted|must be root)|can't initialize iptables`,
		"this machine does not let it make networks for containers, as where it is a container itself",
		"run this in a privileged container, or name the host's engine in DOCKER_HOST",
	},
	{
		`operation not permitted`,
		"this machine does not let it mount file systems or make groups of processes, as where it is a container",
		"run this in a privileged container, or name the host's engine in DOCKER_HOST",
	},
	{
		`driver not supported|error initializing graphdriver`,
		"its storage driver does not work on the file system of {data}", "make {data} a mount of ext4 or xfs",
	},
	{
		`Devices cgroup isn't mounted|no cgroup mount|cgroups?: cannot find cgroup mount|mount.*cgroup`,
		"this machine has no control groups (cgroups)", "mount them, as the package cgroupfs-mount does",
	},
	{`read-only file system`, "a folder that it must write to is read-only", "make {data} and {run} writable"},
	{
		`Error starting daemon: error while opening volume store metadata database: timeout|containerd.*timeout`,
		"another engine uses its data", "end it, and run this again",
	},
}

// diagnose takes apart why there is no engine, in half a sentence each.
func diagnose(text, data string) (detail, remedy string) {
	for _, c := range causes {
		if regexp.MustCompile("(?i)" + c.says).MatchString(text) {
			in := strings.NewReplacer("{data}", data, "{run}", ours.run)
			return in.Replace(c.means), in.Replace(c.remedy)
		}
	}
	return text, "fix that, or name another engine in DOCKER_HOST"
}

// lastWords are the last lines of a log that say what was wrong.
func lastWords(path string) string {
	const keep = 8 << 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > keep {
		_, _ = f.Seek(-keep, 2)
	}
	data := make([]byte, keep)
	n, _ := f.Read(data)
	// dockerd's last line is the end of a story that may begin with an error in its log.
	var words []string
	for line := range strings.Lines(string(data[:n])) {
		if strings.HasPrefix(line, "failed to start daemon") || strings.Contains(line, "level=fatal") ||
			strings.Contains(line, "level=error") || len(words) > 0 {
			words = append(words, strings.TrimSpace(line))
		}
	}
	if len(words) == 0 {
		lines := strings.Split(strings.TrimSpace(string(data[:n])), "\n")
		return lines[len(lines)-1]
	}
	return strings.Join(words, " ")
}

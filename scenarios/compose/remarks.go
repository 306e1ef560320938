package compose

import (
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/regionfall/regionfall/scenarios/file"
)

// understood are the keys of a service that are carried over, or that change nothing in a lab.
var understood = []string{
	"image", "build", "command", "environment", "env_file", "ports", "expose", "healthcheck", "depends_on", "restart",
	"networks", "container_name", "hostname", "labels", "logging", "profiles", "extends", "pull_policy", "init",
	"links",
	"stop_grace_period", "stop_signal", "stdin_open", "tty", "platform", "develop", "attach", "annotations",
	"label_file",
	"external_links",
}

// why says what becomes of some of the others.
var why = map[string]string{
	"volumes":     "nodes start with what the image holds, and may write to /tmp alone",
	"user":        "nodes run as the image's user, which must not be root",
	"entrypoint":  "the image's own stays: write the whole of it into command if the image has none",
	"secrets":     "put what they hold into env, or into files",
	"configs":     "put what they hold into files, or into env",
	"working_dir": "the image's own stays",
	"deploy":      "how many nodes there are says the scenario, by app_nodes",
	"scale":       "how many nodes there are says the scenario, by app_nodes",
	"privileged":  "nodes have no capabilities",
	"cap_add":     "nodes have no capabilities",
	"extra_hosts": "nodes reach the stores of the lab, and nothing else",
	"pre_start":   "what has to be done first goes into prepared",
	"post_start":  "what has to be done first goes into prepared",
}

// remarkKeys says which keys of the app's service are not carried over.
func (d *draft) remarkKeys() {
	service := d.service.Name
	others := d.findMounts()
	prefix := strings.Join([]string{"services", service, ""}, between)
	for path, line := range d.lines {
		key, below := strings.CutPrefix(path, prefix)
		if !below || strings.Contains(key, between) || slices.Contains(understood, key) ||
			strings.HasPrefix(key, "x-") || key == "volumes" && !others {
			continue
		}
		reason := "an app file has no such key"
		if said, is := why[key]; is {
			reason = said
		}
		d.remark(line, "%s.%s is not carried over: %s", service, key, reason)
	}
}

// findCommand is what its nodes run instead of the image's command, as far as an app file can say it.
func (d *draft) findCommand() {
	for _, word := range d.service.Command {
		if err := file.CheckText(word, longestValue, "\n\t"); err != nil {
			d.remark(d.line("command"), "%s.command is left out: %v", d.service.Name, err)
			return
		}
	}
	d.command = d.service.Command
	d.remarkLeads(d.line("command"), d.service.Name, d.command)
}

// remarkLeads says which stores a command leads to.
func (d *draft) remarkLeads(line int, service string, command []string) {
	for _, s := range d.stores {
		for _, host := range s.hosts {
			if slices.ContainsFunc(command, func(word string) bool { return leadsTo(word, host) }) {
				d.remark(line, "%s.command leads to %s: an app file has placeholders in env and files alone, so that "+
					"it has to come from there", service, host)
			}
		}
	}
}

// remarkServices says what becomes of the services beside the app.
func (d *draft) remarkServices() {
	for _, name := range d.loaded.ServiceNames() {
		s := d.loaded.Services[name]
		if name == d.service.Name || d.isStore(name) {
			continue
		}
		line := d.lines.of("services", name)
		words := otherOf(s)
		switch {
		case words != "":
			d.remark(line, "%s: %s%s", name, words, d.whoNames(s))
		case d.isSame(s):
			d.place(s)
		default:
			d.remark(line, "%s is not understood, and not started%s", name, d.whoNames(s))
		}
	}
}

// isSame says whether a service runs what the app runs.
func (d *draft) isSame(s types.ServiceConfig) bool {
	if a, b := d.service.Build, s.Build; a != nil && b != nil {
		return a.Context == b.Context && a.Dockerfile == b.Dockerfile && a.Target == b.Target
	}
	return s.Image != "" && s.Image == d.service.Image
}

// whoNames says which variables of the app lead to a service that is not there.
func (d *draft) whoNames(s types.ServiceConfig) string {
	var names []string
	for _, name := range d.sortedEnv() {
		if slices.ContainsFunc(hostsOf(s), func(host string) bool { return leadsTo(d.env[name], host) }) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", and " + strings.Join(names, ", ") + " of " + d.service.Name + " leads there"
}

// leadsTo says whether a value names a host.
func leadsTo(value, host string) bool {
	return value == host || inURL(host).MatchString(value) || withPort(host).MatchString(value) ||
		regexp.MustCompile(`@`+regexp.QuoteMeta(host)+hostStops).MatchString(value)
}

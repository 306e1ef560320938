package compose

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// draft is an app file on its way to a text.
type draft struct {
	*project
	service types.ServiceConfig

	env     map[string]string
	kinds   []kind // of the stores there are
	health  check
	port    int
	command []string
	mounts  []mount

	processes []worker // beside the one that clients are sent to
	before    []string // the command that is run to its end before any of these
	others    []worker // that an app file can't have
}

func (d *draft) line(path ...string) int {
	return d.lines.of(append([]string{"services", d.service.Name}, path...)...)
}

// fill finds out all that the app file says, and remarks upon what it can't.
func (d *draft) fill() {
	for _, k := range []kind{postgres, redis, objects, items} {
		if d.has(k) {
			d.kinds = append(d.kinds, k)
		}
	}
	if len(d.kinds) == 0 {
		d.remark(d.lines.of("services"), "no service is PostgreSQL, Redis, S3 or DynamoDB, which are what the lab has")
	}
	d.health = checkOf(d.service)
	if d.service.HealthCheck != nil && d.health.path == "" && !d.service.HealthCheck.Disable {
		d.remark(d.line("healthcheck"), "%s.healthcheck is not carried over: it asks no path of the app by HTTP",
			d.service.Name)
	}
	d.findPort()
	d.fillEnv()
	d.findCommand()
	d.remarkKeys()
	d.remarkServices()
}

// findPort is the port that the app listens on, in its container.
func (d *draft) findPort() {
	var all []int
	at := d.line("ports")
	for _, p := range d.service.Ports {
		if p.Protocol == "" || p.Protocol == "tcp" {
			all = append(all, int(p.Target))
		}
	}
	if len(all) == 0 {
		at = d.line("expose")
		for _, e := range d.service.Expose {
			if n, err := strconv.Atoi(strings.TrimSuffix(e, "/tcp")); err == nil {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	switch {
	case slices.Contains(all, d.health.port):
		d.port = d.health.port
	case len(all) > 0:
		d.port = all[0]
	case d.health.port > 0:
		d.port = d.health.port
	}
	for _, other := range all {
		if other != d.port {
			d.remark(at, "%s: port %d is not carried over: clients speak to one port, and %d is taken for it",
				d.service.Name, other, d.port)
		}
	}
}

// fillEnv makes templates of the app's environment, with what its files say.
func (d *draft) fillEnv() {
	values := map[string]string{}
	for name, v := range d.resolved() {
		if v == nil {
			d.remark(d.lineOf(name), "%s comes from the shell, which is not asked: write its value into the app file",
				name)
			continue
		}
		values[name] = *v
	}
	d.splitEndpoint(values)
	e := &environment{project: d.project, values: values, lineOf: d.lineOf}
	d.env = e.templates()
	for _, s := range d.stores {
		if !e.led[s.name] && len(s.kinds) > 0 {
			d.remark(d.lines.of("services", s.name),
				"%s is %s, and no variable of %s leads there: if it is used, say how in env",
				s.name, kindWords(s.kinds), d.service.Name)
		}
	}
}

// lineOf is the line of a variable.
func (d *draft) lineOf(name string) int {
	for _, key := range []string{"environment", "env_file"} {
		if line, is := d.lines.has("services", d.service.Name, key, name); is {
			return line
		}
	}
	if line, is := d.lines.has("services", d.service.Name, "env_file"); is {
		return line
	}
	return d.line("environment")
}

// resolved is the environment with that of its files, as far as they are there.
func (d *draft) resolved() types.MappingWithEquals {
	s := d.service
	var there []types.EnvFile
	for i, f := range s.EnvFiles {
		line := d.line("env_file", itoa(i))
		name := f.Path
		if rel, err := filepath.Rel(d.loaded.WorkingDir, f.Path); err == nil {
			name = rel
		}
		switch info, err := os.Stat(f.Path); {
		case errors.Is(err, fs.ErrNotExist):
			d.remark(line, "%s is not there: what it sets is missing in env", name)
		case err != nil || !info.Mode().IsRegular():
			d.remark(line, "%s is no file that can be read: what it sets is missing in env", name)
		default:
			d.remark(line, "what %s sets is in the app file now, secrets too", name)
			there = append(there, f)
		}
	}
	s.EnvFiles = there
	alone := *d.loaded
	alone.Services = types.Services{s.Name: s}
	done, err := alone.WithServicesEnvironmentResolved(true)
	if err != nil {
		d.remark(d.line("env_file"), "the files can't be read, and what they set is missing in env: %v", err)
		return s.Environment
	}
	return done.Services[s.Name].Environment
}

// splitEndpoint gives S3 and DynamoDB an endpoint each where LocalStack serves both at one.
func (d *draft) splitEndpoint(values map[string]string) {
	const both = "AWS_ENDPOINT_URL"
	value, is := values[both]
	if !is || !slices.ContainsFunc(d.stores, func(s store) bool {
		return s.is(objects) && s.is(items) && slices.ContainsFunc(s.hosts, func(host string) bool {
			return inURL(host).MatchString(value)
		})
	}) {
		return
	}
	line := d.lineOf(both)
	delete(values, both)
	for _, of := range []string{both + "_S3", both + "_DYNAMODB"} {
		if _, is := values[of]; !is {
			values[of] = value
		}
	}
	d.remark(line, "%s is now %s_S3 and %s_DYNAMODB, which AWS's libraries know too: the lab has an address for each",
		both,
		both, both)
}

// sortedEnv are the names of the variables.
func (d *draft) sortedEnv() []string { return slices.Sorted(maps.Keys(d.env)) }

package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Process is a kind of nodes of an app that has several.
type Process struct {
	Command  []string           `yaml:"command,required" min:"1" max:"50" each:"4000" example:"[work]" about:"What its nodes run instead of the image's command."`
	Files    map[string]Content `yaml:"files" example:"{/tmp/worker.ini: \"redis = {{.Redis}}\"}" about:"Files of its own, beside the app's, or in place of those of the same names."`
	Port     int                `yaml:"port" min:"1" max:"65535" example:"8080" about:"The port that it listens on, if it does. Clients are sent to the one process that has the app's port."`
	Count    int                `yaml:"count" min:"1" max:"8" example:"2" otherwise:"1; of the process that clients are sent to, app_nodes of the topology's regions, which go before this" about:"How many nodes each region has of it. Where a region does not run all of its app nodes at the start, as many run of it in proportion, and at least one if any app node does; a failover starts the others."`
	Capacity topology.Work      `yaml:"capacity" example:"{workers: 4, service_time: 50ms}" otherwise:"as much as it can; of the process that clients are sent to, app of the topology, which goes before this" about:"How much each of its nodes is told to do, in WORKERS, SERVICE_TIME and QUEUE."`
	Ready    ProcessReady       `yaml:"ready" otherwise:"as the app's, of the process that clients are sent to; of others without a port, none" about:"A path that answers GET on its port with 2xx when it can do its work, or none: it can when it goes on running."`
}

// ProcessReady is how it is found out that a process can do its work.
type ProcessReady struct {
	Path  PathOrNone `yaml:"path,alone" example:"/readyz" about:"The path, or none."`
	Holds string     `yaml:"holds" max:"200" example:"'\"db\":true'" about:"A text that the answer must hold."`
}

// Asks says whether a node is asked, and not only seen to run.
func (r ProcessReady) Asks() bool { return r.Path != "" && r.Path != noPath }

// PathOrNone is a path, or the word none.
type PathOrNone string

const noPath PathOrNone = "none"

// UnmarshalText reads a path such as /readyz, or none.
func (p *PathOrNone) UnmarshalText(text []byte) error {
	if string(text) == string(noPath) {
		*p = noPath
		return nil
	}
	var path Path
	if err := path.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, or none", err)
	}
	*p = PathOrNone(path)
	return nil
}

// Form is that of a path, or none.
func (*PathOrNone) Form() file.Form {
	return file.Form{Words: "a path, or none", Schema: &jsonschema.Schema{Type: "string"}}
}

// front is the name of the process that clients are sent to; empty where the app has one kind of nodes.
func (f *Format) front() string {
	for _, name := range f.processNames() {
		if f.Processes[name].Port == f.Port {
			return name
		}
	}
	return ""
}

func (f *Format) processNames() []string { return slices.Sorted(maps.Keys(f.Processes)) }

// Front is the process that clients are sent to, and its name; false where the app has one kind of nodes.
func (a *App) Front() (name string, p Process, is bool) {
	name = a.file.front()
	p, is = a.file.Processes[name]
	return name, p, is
}

// Others are the processes that take no requests, as a topology has them.
func (a *App) Others() (all []topology.Process) {
	front := a.file.front()
	for _, name := range a.file.processNames() {
		says := a.file.Processes[name]
		p := topology.Process{Name: name, Count: max(1, says.Count), Work: says.Capacity}
		valid := topology.CheckPart(name) == nil && p.Count <= topology.MaxAppNodes && p.Work.Validate() == nil
		if name != front && valid { // else it was complained about
			all = append(all, p)
		}
	}
	return all
}

// PathOf is the place in the app's file that says what the nodes of a part of the app run; empty is the process that
// clients are sent to.
func (a *App) PathOf(part string) string {
	if part == "" {
		part = a.file.front()
	}
	if _, is := a.file.Processes[part]; is {
		return "processes." + part
	}
	if part != "" {
		return ""
	}
	keys := []string{"command", "build", "image"}
	i := slices.IndexFunc(keys, func(key string) bool { return a.doc.Has(file.Join(a.at, key)) })
	return keys[max(i, 0)]
}

// mostProcesses is how many kinds of nodes an app may have.
const mostProcesses = 9

func (f *Format) checkProcesses(found *file.Complaints, at string) {
	path := file.Join(at, "processes")
	if !found.Has(path) {
		return
	}
	if n := len(f.Processes); n < 1 || n > mostProcesses {
		found.Add(path, "%s: there must be 1 to %d (got %d)", path, mostProcesses, n)
		return
	}
	if command := file.Join(at, "command"); found.Has(command) {
		found.Add(command, "%s: each of the processes says what it runs: leave it out", command)
	}
	front := ""
	for _, name := range f.processNames() {
		p, of := f.Processes[name], file.Join(path, name)
		if p.Port == f.Port && f.Port != 0 {
			if front != "" {
				found.Add(of+".port", "%s.port: %s has the app's port already, and clients are sent to one process: "+
					"give this one another port, or none", of, front)
				continue
			}
			front = name
		}
		p.check(found, of, p.Port == f.Port)
		if err := topology.CheckPart(name); err != nil && name != front {
			found.Add(of, "%s: %s", of, problemOf(err))
		}
	}
	if front == "" && f.Port != 0 && !found.Unreadable(path) {
		found.Add(path, "%s: clients are sent to the one that has the app's port: give it port: %d", path, f.Port)
	}
}

func (p Process) check(found *file.Complaints, at string, front bool) {
	if len(p.Command) > 0 {
		checkProgram(found, at+".command", p.Command)
	}
	ready := at + ".ready"
	switch {
	case found.Unreadable(ready):
	case front && p.Ready.Path == noPath:
		found.Add(ready, "%s: clients are sent to it: give a path by which it is ready", ready)
	case !front && p.Port == 0 && p.Ready.Asks():
		found.Add(ready, "%s: %s is asked on no port: give one that it listens on, or say ready: none", ready,
			p.Ready.Path)
	case !front && p.Port != 0 && p.Ready.Path == "":
		found.Add(at, "%s: say with ready: by which path on port %d it is ready, or none", at, p.Port)
	case p.Ready.Holds != "" && !p.Ready.Asks() && !front:
		found.Add(ready+".holds", "%s.holds: nothing is answered: give a path", ready)
	}
	for _, err := range unjoined(p.Capacity.Validate()) {
		var field *topology.FieldError
		if errors.As(err, &field) {
			key := at + ".capacity." + file.LastKey(field.Field)
			found.Add(key, "%s: %s", key, strings.ReplaceAll(field.Problem, "leave work out", "leave capacity out"))
		}
	}
}

// problemOf is what is said of a name.
func problemOf(err error) string {
	var field *topology.FieldError
	if errors.As(err, &field) {
		return field.Problem
	}
	return err.Error()
}

// unjoined are the parts of a joined error.
func unjoined(err error) []error {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		return joined.Unwrap()
	}
	return nil
}

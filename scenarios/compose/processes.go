package compose

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

// worker is a service that runs the same image as the app, and something else in it.
type worker struct {
	name    string
	command []string
}

// mostWorkers is how many processes an app file has beside the one that clients are sent to.
const mostWorkers = 8

// place says what becomes of a service that runs the same image as the app: it is one of the processes, or what is done
// before these start, or it is named in a comment.
func (d *draft) place(s types.ServiceConfig) {
	line, w := d.lines.of("services", s.Name), worker{s.Name, slices.Concat(s.Entrypoint, s.Command)}
	is, why := "one of processes now", d.runsNowhere(s)
	ends := d.isAwaited(s.Name)
	switch {
	case why != "":
	case ends && len(d.before) > 0:
		why = "prepared has one command, and another service's is it"
	case ends:
		is, d.before = "prepared.command now, since others wait until it is done", w.command
	default:
		if why = d.isNoProcess(s); why == "" {
			d.processes = append(d.processes, w)
		}
	}
	if why != "" {
		d.others = append(d.others, w)
		d.remark(line, "%s runs the same image as %s, and is named in a comment: %s", s.Name, d.service.Name, why)
		return
	}
	d.remark(line, "%s runs the same image as %s, and is %s", s.Name, d.service.Name, is)
	d.remarkLeads(line, s.Name, w.command)
	if names := d.setOtherwise(s); len(names) > 0 {
		d.remark(line, "%s sets %s otherwise than %s: all that an app runs has the same env", s.Name,
			strings.Join(names, ", "), d.service.Name)
	}
}

// runsNowhere says why an app file can't have what a service runs; empty where it can.
func (d *draft) runsNowhere(s types.ServiceConfig) string {
	switch {
	case len(s.Entrypoint) > 0:
		return "an app file has no entrypoint, and the image's own stays"
	case len(s.Command) == 0:
		return "it has no command"
	}
	for _, word := range s.Command {
		if err := file.CheckText(word, longestValue, "\n\t"); err != nil {
			return "its command can't be carried over: " + err.Error()
		}
	}
	return ""
}

// isNoProcess says why a service can't be one of the processes; empty where it can.
func (d *draft) isNoProcess(s types.ServiceConfig) string {
	var field *topology.FieldError
	switch err := topology.CheckPart(s.Name); {
	case len(s.Profiles) > 0:
		return "it has profiles, and so is started on demand"
	case s.Restart == types.RestartPolicyNo:
		return "it is not started again when it ends: what has to be done first goes into prepared"
	case len(d.command) == 0:
		return "each of processes has a command, and " + d.service.Name + " has none here: find out the image's own"
	case d.port == 0:
		return "one of processes has the app's port, which is not known"
	case errors.As(err, &field):
		return field.Problem
	case len(d.processes) == mostWorkers:
		return "there are enough processes"
	}
	return ""
}

// isAwaited says whether a service waits for another to be done.
func (d *draft) isAwaited(name string) bool {
	for _, s := range d.loaded.Services {
		if s.DependsOn[name].Condition == types.ServiceConditionCompletedSuccessfully {
			return true
		}
	}
	return false
}

// setOtherwise are the variables of a service that the app has not, or with another value.
func (d *draft) setOtherwise(s types.ServiceConfig) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		theirs, is := s.Environment[name], d.service.Environment[name]
		if (theirs == nil) != (is == nil) || theirs != nil && *theirs != *is {
			names = append(names, name)
		}
	}
	return names
}

package topology

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxServices is how many parts the app may have beside the one that takes requests.
const maxServices = 8

// CheckPart says why a part of the app can't have a name; nil when it can.
func CheckPart(name string) error {
	var v validation
	v.part("name", name)
	return errors.Join(v...)
}

func (v *validation) part(field, name string) {
	v.name(field, name)
	_, _, numbered := cutNumber(name)
	switch {
	case Service(name).Traits() != Traits{Name: Service(name)} || Service(name) == Preparing:
		v.complain(field, "%q is taken: the lab's own service has that name", name)
	case name == SourceRegion:
		v.complain(field, "%q is taken: so is called what is for all of a region", name)
	case numbered:
		v.complain(field, "%q is taken: so are nodes called of which there are several", name)
	}
}

// processes holds for whoever makes a topology without a file.
func (v *validation) processes(t Topology) {
	if n := len(t.Processes); n > maxServices {
		v.complain("processes", "%d processes: at most %d beside the one that takes requests", n, maxServices)
	}
	for i, p := range t.Processes {
		field := fmt.Sprintf("processes[%d]", i)
		v.part(field+".name", p.Name)
		if slices.Contains(t.Services, p.Name) ||
			slices.ContainsFunc(t.Processes[:i], func(q Process) bool { return q.Name == p.Name }) {
			v.complain(field+".name", "%q is there twice", p.Name)
		}
		if p.Count < 1 || p.Count > MaxAppNodes {
			v.complain(field+".count", "%d nodes: must be 1 to %d", p.Count, MaxAppNodes)
		}
		v.work(field+".work", p.Work)
	}
}

func (v *validation) services(t Topology) {
	if n := len(t.Services); n > maxServices {
		v.complain("services", "%d services: at most %d beside the app itself", n, maxServices)
	}
	for i, s := range t.Services {
		field := fmt.Sprintf("services[%d]", i)
		v.part(field, s)
		if slices.Contains(t.Services[:i], s) {
			v.complain(field, "%q is there twice", s)
		}
	}
	v.processes(t)
	parts := slices.Clone(t.Services)
	for _, p := range t.Processes {
		parts = append(parts, p.Name)
	}
	for i, o := range t.Overrides {
		field := fmt.Sprintf("overrides[%d]", i)
		for key, region := range map[string]string{"in": o.In, "to": o.To} {
			if _, ok := t.Region(region); !ok {
				v.unknown(field+"."+key, t.regionNames(), "%.40q is no region of the topology", region)
			}
		}
		if !slices.Contains(parts, o.Service) {
			v.unknown(field+".service", parts, "%.40q is none of the services: %s", o.Service,
				strings.Join(parts, ", "))
		}
		if !slices.Contains(OverrideKeys(), o.Key) {
			v.unknown(field+".key", OverrideKeys(), "%.40q is not known: use %s", o.Key,
				strings.Join(OverrideKeys(), ", "))
		}
		if o.Key == "local_postgres" && !t.Reads.Local() {
			v.complain(field+".key", "local_postgres is not read from: reads is neither %s nor %s", ReadsLocal,
				ReadsSession)
		}
		twice := slices.ContainsFunc(t.Overrides[:i], func(p Override) bool {
			return p.In == o.In &&
				p.Service == o.Service && p.Key == o.Key
		})
		if twice {
			v.complain(field, "%s of %s in %s is there twice", o.Key, o.Service, o.In)
		}
	}
}

package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/regionfall/regionfall/scenarios/file"
)

func itoa(i int) string { return strconv.Itoa(i) }

// choose says which service is the app: the one that is named, or the only one that can be.
func (p *project) choose(named string) (types.ServiceConfig, error) {
	if named != "" {
		return p.named(named)
	}
	top := p.lines.of("services")
	var all, reached []string
	for _, name := range p.loaded.ServiceNames() {
		s := p.loaded.Services[name]
		if p.isStore(name) || otherOf(s) != "" {
			continue
		}
		all = append(all, name)
		if isReached(s) {
			reached = append(reached, name)
		}
	}
	switch {
	case len(all) == 0:
		return types.ServiceConfig{}, p.problem(top, "no service could be the app: %s: name one with --service",
			p.whatTheyAre())
	case len(all) == 1:
		return p.loaded.Services[all[0]], nil
	case len(reached) == 1:
		return p.loaded.Services[reached[0]], nil
	case len(reached) > 1:
		all = reached
	}
	return types.ServiceConfig{}, p.problem(top, "which service is the app, %s? Say it with --service %s",
		strings.Join(all, " or "), all[0])
}

func (p *project) named(name string) (types.ServiceConfig, error) {
	s, is := p.loaded.Services[name]
	if !is {
		return s, p.problem(p.lines.of("services"), "no service is called %s: %s", file.Quote(name),
			file.Suggest(name, p.loaded.ServiceNames()))
	}
	for _, of := range p.stores {
		if of.name == name {
			return s, p.problem(p.lines.of("services", name),
				"%s is %s, which the lab has: name the service that is the app",
				name, kindWords(of.kinds))
		}
	}
	return s, nil
}

// isReached says whether somebody can speak to a service.
func isReached(s types.ServiceConfig) bool {
	return len(s.Ports) > 0 || len(s.Expose) > 0 || checkOf(s).path != ""
}

func (p *project) isStore(name string) bool {
	return slices.ContainsFunc(p.stores, func(s store) bool { return s.name == name })
}

// whatTheyAre says why none of the services is the app.
func (p *project) whatTheyAre() string {
	var all []string
	for _, s := range p.stores {
		all = append(all, s.name+" is "+kindWords(s.kinds))
	}
	for _, name := range p.loaded.ServiceNames() {
		if s := p.loaded.Services[name]; !p.isStore(name) {
			all = append(all, name+" is "+repository(s.Image))
		}
	}
	return strings.Join(all, ", ")
}

func kindWords(kinds []kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = k.words()
	}
	return strings.Join(words, " and ")
}

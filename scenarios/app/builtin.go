package app

import (
	"fmt"
	"sync"

	"github.com/regionfall/regionfall/fixtures"
)

// Default is the app that is drilled where nobody says which: the one that a lab runs by itself.
const Default = "kyc"

// Names are the names of the apps that come with the program, sorted.
func Names() []string { return fixtures.Apps() }

// Named is an app that comes with the program, by its name.
func Named(name string) (*App, error) {
	all, err := builtIn()
	if err != nil {
		return nil, err
	}
	a, is := all[name]
	if !is {
		return nil, fmt.Errorf("no app is called %q", name)
	}
	return a, nil
}

// builtIn are the apps that come with the program, by name. An App does not change, so that reading them once will do.
var builtIn = sync.OnceValues(func() (map[string]*App, error) {
	all := map[string]*App{}
	for _, name := range Names() {
		path, src, err := fixtures.AppFile(name)
		if err != nil {
			return nil, err
		}
		a, err := Parse(path, src, nil)
		if err != nil {
			return nil, err
		}
		a.builtIn, a.source, a.folder = name, nil, ""
		all[name] = a
	}
	return all, nil
})

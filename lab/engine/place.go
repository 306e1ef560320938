package engine

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/moby/moby/client"
)

// Place is where an engine is, and why it is that one.
type Place struct {
	Address string // such as unix:///var/run/docker.sock
	By      string // which part of the rule names it, such as "DOCKER_HOST"
	Named   bool   // somebody named it, as opposed to: it is where engines are
	Own     bool   // Start started it

	certs string // folder of the certificates that it wants; empty for what DOCKER_CERT_PATH says
}

// Why says in half a sentence why it is that one.
func (p Place) Why() string {
	switch {
	case p.Named:
		return "named by " + p.By
	case p.Own:
		return p.By
	}
	return p.By + ", since nothing names another"
}

// namedPlace is the engine that somebody names, if anybody does.
func namedPlace() (*Place, error) {
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return &Place{Address: host, By: "DOCKER_HOST", Named: true}, nil
	}
	return contextPlace()
}

// usual is where engines are that nobody names. The machine's comes in any case, so that there is one to complain of.
func (f finder) usual() []Place {
	var places []Place
	if exists(f.own.socket()) {
		places = append(places, f.own.place())
	}
	places = append(places, Place{Address: f.machine, By: "this machine's"})
	for _, s := range usualSockets() {
		if filepath.IsAbs(s.path) && exists(s.path) {
			places = append(places, Place{Address: "unix://" + s.path, By: s.by})
		}
	}
	return places
}

// usualSocket is where an engine listens that nobody names, and whose that is.
type usualSocket struct{ by, path string }

// usualSockets are those of this user's engines, in the order in which they are tried. A folder that the user has not
// is a relative path.
func usualSockets() (all []usualSocket) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	at := func(by, folder string, names ...string) {
		all = append(all, usualSocket{by, filepath.Join(append([]string{folder}, names...)...)})
	}
	running := []string{os.Getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", strconv.Itoa(os.Getuid()))}
	for _, folder := range running {
		at("this user's rootless docker", folder, "docker.sock")
	}
	at("Docker Desktop", home, ".docker", "run", "docker.sock")
	at("Docker Desktop", home, ".docker", "desktop", "docker.sock")
	at("Colima", os.Getenv("COLIMA_HOME"), "default", "docker.sock")
	at("Colima", home, ".colima", "default", "docker.sock")
	at("Colima", home, ".config", "colima", "default", "docker.sock")
	for _, folder := range running {
		at("this user's Podman", folder, "podman", "podman.sock")
	}
	at("this user's Podman", home, ".local", "share", "containers", "podman", "machine", "podman.sock")
	at("this machine's Podman", "/run/podman", "podman.sock")
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

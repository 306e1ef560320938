package plan

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// App is what the app nodes of every region run. The zero value is the sample app; whoever sets anything sets Image,
// Port and Health.
//
// A node is given REGION, NODE and CONFIG_FILE, and Env. CONFIG_FILE names a JSON document (topology.Config) with the
// addresses of its region's PostgreSQL, Redis, S3 and DynamoDB. A failover replaces the file, by rename, and the app
// has to watch it: what came by Env stays what it was when the node started, and goes on leading to the lost region.
// Repoint has other ways.
//
// A supervisor of the lab's runs the app in its node, and starts it again whenever it exits, after a pause that grows.
// It listens on topology.PortSupervisor. With strategy pilot-light, it has node number n of a region (NODE is
// app-n.region) wait until app_nodes in that document is n or more.
//
// What only an app can have that speaks the sample app's contract (package kyc), in a drill as its app file says with
// extras:
//   - It is waited for after a failover until it names the new configuration's revision in the header X-Config-Revision
//     of Ready. An app that names none is taken at its word that it is ready, so let Ready ask the stores.
//   - The faults that ask an app what it does: those of its configuration (GET /config) and squeeze (GET /capacity).
//     How much a node is to do at all comes in the environment: WORKERS, SERVICE_TIME and QUEUE, where the topology
//     says so.
//   - A shift of clients in steps (topology.Shift), which asks the standby's nodes how they serve: GET /metrics with
//     the histogram topology.RequestMetric. Without it nobody is shifted.
//   - Copies of objects and items in other regions: they are made of topology.Bucket and topology.ItemsTable, in its
//     formats.
type App struct {
	// Image is the name of an image that the engine has: pulled, built, or made by image.BuildProgram. A lab pulls
	// nothing.
	Image string   `json:"image,omitempty"`
	Cmd   []string `json:"-"` // instead of the image's
	Port  int      `json:"port"`
	// Env is more of the environment, by name. Values may hold the fields of AppEnv as placeholders, such as
	// "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}". Nothing but these is understood between {{ and
	// }}.
	Env map[string]string `json:"-"`
	// Files are texts by the names of files in topology.FilesDir, which the nodes that take requests find there
	// whenever the app starts. Placeholders in them stand for what they do in Env.
	Files map[string]string `json:"-"`
	// Needs are what its nodes may do beyond what every node may: its image's user where that is root, or writing
	// elsewhere than to /tmp.
	Needs Needs `json:"-"`
	// Health is a path that answers GET with 2xx while the process lives. The automation asks it in the home region: it
	// is lost when neither the app nor the database answers.
	Health string `json:"health"`
	// Ready is a path that answers GET with 2xx when the app can do its work, in the standby region too; empty is
	// Health. Up waits for it, the name service sends clients by it, and the automation waits for it before it
	// redirects them.
	Ready string `json:"ready"`
	// Holds is what an answer of Ready must hold besides.
	Holds string `json:"-"`
	// Repoint is how an app that does not watch CONFIG_FILE is led to other stores; empty: it does, or it is not.
	Repoint Repoint `json:"-"`
	// Processes are what the nodes of topology.Processes run, by their names.
	Processes map[string]Process `json:"-"`
	// Prepared is what is done once, in the home region, before any of its nodes starts.
	Prepared Prepared `json:"-"`
	// Direct are the stores that clients speak to themselves: PostgreSQL and Redis. They reach each by a link of their
	// own, at the address that Addresses.StoreDoor gives.
	Direct []topology.Service `json:"direct,omitempty"`
}

// Repoint is how nodes of an app are led to the stores of another configuration.
type Repoint string

// The ways of repointing.
const (
	// RepointRestart: where the placeholders of Env, or of files, stand for something else, the app is told to end
	// (SIGTERM, and SIGKILL ten seconds later), and is started again with the new ones.
	RepointRestart Repoint = "restart"
	// RepointEndpoint: the placeholders stand for addresses in the node that never change, as a managed database's
	// writer endpoint does not. What is behind them is turned, and connections to what was there before are ended.
	RepointEndpoint Repoint = "endpoint"
)

// sample is the app of fixtures/kyc, which is a role of the program itself.
var sample = App{Port: topology.PortApp, Health: "/healthz", Ready: "/readyz"}

// Process is what the nodes of a kind run that take no requests. They have the app's image, environment and way to be
// repointed.
type Process struct {
	Cmd []string // instead of the image's
	// Ready is a path that answers GET on Port with 2xx when a node can do its work, and Holds what the answer must
	// hold besides; empty: a node can when it goes on running.
	Ready string
	Port  int
	Holds string
	Files map[string]string // as App.Files
}

// AppEnv is what the placeholders of App.Env stand for in one node.
type AppEnv = api.AppEnv

func (a App) isSample() bool { return reflect.ValueOf(a).IsZero() }

// Whole is the app with what may be left out.
func (a App) Whole() App {
	if a.isSample() {
		return sample
	}
	if a.Ready == "" {
		a.Ready = a.Health
	}
	return a
}

// Validate says everything that can be said without an engine.
func (a App) Validate() error {
	if a.isSample() {
		return nil
	}
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf("app "+format, args...)) }
	if a.Image == "" {
		complain("image: it is missing: name one that the engine has")
	}
	if topology.IsSupervisorPort(a.Port) {
		complain("port: %d is taken in each node, by what runs the app: have it listen on another", a.Port)
	}
	if !slices.Contains([]Repoint{"", RepointRestart, RepointEndpoint}, a.Repoint) {
		complain("repoint: %q is no way to repoint: there are %s and %s", a.Repoint, RepointRestart, RepointEndpoint)
	}
	if a.Port < 1 || a.Port > 65535 {
		complain("port: %d is none: name the one that the app listens on, 1 to 65535", a.Port)
	}
	for _, folder := range a.Needs.Scratch {
		if !path.IsAbs(folder) || path.Clean(folder) == "/" {
			complain("needs.scratch: %q is no folder to write to: name one from the root on, such as /var/run/shop",
				folder)
		}
	}
	for name, p := range a.Processes {
		at := "processes." + name
		errs = append(errs, checkFiles(at+".files", p.Files)...)
		if len(p.Cmd) == 0 || p.Cmd[0] == "" {
			complain("%s: it has no command", at)
		}
		if p.Ready != "" && (p.Port < 1 || p.Port > 65535 || p.Port == a.Port) {
			complain("%s: %s is asked on port %d: name one of its own that it listens on", at, p.Ready, p.Port)
		}
		if p.Ready != "" && topology.IsSupervisorPort(p.Port) {
			complain("%s: port %d is taken in each node, by what runs the app: have it listen on another", at, p.Port)
		}
		if p.Ready != "" && !isPath(p.Ready) {
			complain("%s: %q is no path: name one that GET answers with 2xx, such as /healthz", at, p.Ready)
		}
	}
	for _, s := range a.Direct {
		if s != topology.ServicePostgres && s != topology.ServiceRedis {
			complain("direct: clients can't speak to %s themselves: only to %s and %s", s, topology.ServicePostgres,
				topology.ServiceRedis)
		}
	}
	for field, where := range map[string]string{"health": a.Health, "ready": a.Whole().Ready} {
		if field == "ready" && a.Ready == "" {
			continue // it is Health, of which enough is said
		}
		if !isPath(where) {
			complain("%s: %q is no path: name one that GET answers with 2xx, such as /healthz", field, where)
		}
	}
	errs = append(errs, checkFiles("files", a.Files)...)
	errs = append(errs, checkFiles("prepared.files", a.Prepared.Files)...)
	if _, err := a.environment(AppEnv{}); err != nil {
		errs = append(errs, err)
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func isPath(text string) bool {
	_, err := url.ParseRequestURI(text)
	return err == nil && strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && !strings.Contains(text, "#")
}

// Runs says whether the app has a command for each process of a topology.
func (a App) Runs(t topology.Topology) error {
	for _, p := range t.Processes {
		if _, is := a.Processes[p.Name]; !is {
			return fmt.Errorf("app processes: the topology has nodes of %s, and nothing says what they run", p.Name)
		}
	}
	return nil
}

// environment is Env in one node.
func (a App) environment(in AppEnv) (map[string]string, error) {
	env := map[string]string{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		value, err := in.Fill(a.Env[name])
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			err = errors.New("that is no name of a variable")
		case slices.Contains(topology.AppVariables(), name):
			err = errors.New("the lab sets that itself")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("app env %s: %w", name, err))
		}
		env[name] = value
	}
	return env, errors.Join(errs...)
}

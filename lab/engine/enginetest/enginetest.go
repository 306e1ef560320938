// Package enginetest is a container engine for tests, without a container: it answers in this process, over a socket,
// what docker would of networks, volumes and containers that are nothing but names.
package enginetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Thing is a network, a volume or a container that the engine has.
type Thing struct {
	Kind   string // network, volume, container
	Name   string // of a container and a network its ID too
	Labels map[string]string
	State  string // of a container, such as running
	Mode   string // of a container's network, such as host
	// Gateways are those of the networks that a container is in.
	Gateways map[string]string
	Subnet   string // of a network, such as 172.18.0.0/16
}

// Engine is the engine. What a test changes of it is changed before it is asked.
type Engine struct {
	Address string         // as DOCKER_HOST has it
	Podman  bool           // it says that it is one
	Pools   int            // how many more networks it makes
	Info    map[string]any // what it says of itself besides, when it is asked for GET /info

	mu     sync.Mutex
	things []Thing
	own    map[string]http.HandlerFunc
	asked  []string
}

// Start starts an engine at a socket of its own until the test ends.
func Start(t testing.TB) *Engine {
	t.Helper()
	dir, err := os.MkdirTemp("", "rf") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return StartAt(t, filepath.Join(dir, "engine.sock"))
}

// StartAt starts an engine at a socket until the test ends.
func StartAt(t testing.TB, socket string) *Engine {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{Address: "unix://" + socket, Pools: 30, own: map[string]http.HandlerFunc{}}
	s := &http.Server{Handler: e}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return e
}

// Has gives the engine a thing.
func (e *Engine) Has(t Thing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.things = append(e.things, t)
}

// Forget takes all things from the engine.
func (e *Engine) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.things = nil
}

// Names are those of all things of a kind.
func (e *Engine) Names(kind string) (names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.things {
		if t.Kind == kind {
			names = append(names, t.Name)
		}
	}
	return names
}

// Answer has the engine answer a question in another way. The question is a method and a path without the API's
// version, such as "GET /info".
func (e *Engine) Answer(question string, answer http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.own[question] = answer
}

// Asked are all questions so far.
func (e *Engine) Asked() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked)
}

// Refuse answers as an engine does that can't, or won't.
func Refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

const version = "1.41"

// ServeHTTP answers.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if strings.HasPrefix(path, "/v1.") {
		_, path, _ = strings.Cut(path[1:], "/")
		path = "/" + path
	}
	question := r.Method + " " + path
	e.mu.Lock()
	e.asked = append(e.asked, question)
	own := e.own[question]
	e.mu.Unlock()
	if own != nil {
		own(w, r)
		return
	}
	w.Header().Set("Api-Version", version)
	w.Header().Set("Content-Type", "application/json")
	if kind, name, of := strings.Cut(path[1:], "/"); of && r.Method == http.MethodDelete {
		e.remove(w, strings.TrimSuffix(kind, "s"), name)
		return
	} else if container, is := strings.CutSuffix(name, "/json"); is && kind == "containers" {
		e.inspect(w, container)
		return
	}
	answer := map[string]func() any{
		"HEAD /_ping":           func() any { return nil },
		"GET /version":          e.version,
		"GET /info":             e.info,
		"GET /networks":         func() any { return e.list("network", r) },
		"GET /containers/json":  func() any { return e.list("container", r) },
		"GET /volumes":          func() any { return map[string]any{"Volumes": e.list("volume", r)} },
		"POST /networks/create": func() any { return e.create("network", r) },
		"POST /volumes/create":  func() any { return e.create("volume", r) },
		"GET /images/json":      func() any { return []any{} },
		"GET /events":           func() any { <-r.Context().Done(); return nil },
	}[question]
	if answer == nil {
		Refuse(w, http.StatusNotFound, "no such thing: "+question)
		return
	}
	switch said := answer().(type) {
	case nil:
	case error:
		Refuse(w, http.StatusInternalServerError, said.Error())
	default:
		_ = json.NewEncoder(w).Encode(said)
	}
}

// info is that of a large machine, which goes by this one's name.
func (e *Engine) info() any {
	name, _ := os.Hostname()
	all := map[string]any{"Name": name, "NCPU": 64, "MemTotal": 256 << 30, "SystemTime": "2026-01-01T00:00:00Z"}
	maps.Copy(all, e.Info)
	return all
}

func (e *Engine) version() any {
	product := "Engine"
	if e.Podman {
		product = "Podman Engine"
	}
	return map[string]any{
		"Version": "20.10.24", "ApiVersion": version, "Os": "linux", "Arch": "amd64",
		"Components": []map[string]string{{"Name": product, "Version": "1"}},
	}
}

func (e *Engine) list(kind string, r *http.Request) any {
	var filters map[string]map[string]bool
	_ = json.Unmarshal([]byte(r.URL.Query().Get("filters")), &filters)
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []any{}
	for _, t := range e.things {
		if t.Kind == kind && t.carries(slices.Collect(maps.Keys(filters["label"]))) {
			all = append(all, t.listed())
		}
	}
	return all
}

func (t Thing) carries(labels []string) bool {
	for _, l := range labels {
		name, value, valued := strings.Cut(l, "=")
		if has, is := t.Labels[name]; !is || valued && has != value {
			return false
		}
	}
	return true
}

func (t Thing) listed() any {
	all := map[string]any{
		"Id": t.Name, "Name": t.Name, "Names": []string{"/" + t.Name}, "State": t.State,
		"Labels": t.Labels,
	}
	if t.Subnet != "" {
		all["IPAM"] = map[string]any{"Config": []map[string]string{{"Subnet": t.Subnet}}}
	}
	return all
}

func (e *Engine) inspect(w http.ResponseWriter, container string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.things {
		if t.Kind == "container" && t.Name == container {
			_ = json.NewEncoder(w).Encode(map[string]any{
				"Id": t.Name, "State": map[string]any{"Status": t.State, "Running": t.State == "running" ||
					t.State == "paused", "Paused": t.State == "paused"},
				"HostConfig":      map[string]any{"NetworkMode": t.Mode},
				"NetworkSettings": map[string]any{"Networks": t.gateways()},
			})
			return
		}
	}
	Refuse(w, http.StatusNotFound, "No such container: "+container)
}

func (t Thing) gateways() map[string]any {
	all := map[string]any{}
	for network, gateway := range t.Gateways {
		all[network] = map[string]string{"Gateway": gateway}
	}
	return all
}

func (e *Engine) create(kind string, r *http.Request) any {
	var t Thing
	if err := json.NewDecoder(r.Body).Decode(&t); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if kind == "network" {
		if e.Pools == 0 {
			return fmt.Errorf("could not find an available, non-overlapping IPv4 address pool among the defaults to " +
				"assign to the network")
		}
		e.Pools--
	}
	t.Kind = kind
	e.things = append(e.things, t)
	return map[string]string{"Id": t.Name, "Name": t.Name}
}

func (e *Engine) remove(w http.ResponseWriter, kind, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := len(e.things)
	e.things = slices.DeleteFunc(e.things, func(t Thing) bool { return t.Kind == kind && t.Name == name })
	if len(e.things) == before {
		Refuse(w, http.StatusNotFound, "no such "+kind+": "+name)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

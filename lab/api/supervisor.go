package api

import (
	"encoding/json"
	"time"
)

// Supervisor is the agent that runs an app, by its name.
const Supervisor = "supervisor"

// SupervisorConfig is for `node supervisor`: the first process in each node of somebody's own app, which it keeps
// running.
type SupervisorConfig struct {
	Command    []string `json:"command"` // the app, with its arguments
	ConfigFile string   `json:"config_file"`
	// RunsFrom is how many app nodes the configuration has to ask for until this one runs. Service is the part of the
	// app that the node is; empty is the whole.
	RunsFrom int    `json:"runs_from"`
	Service  string `json:"service,omitempty"`
	// Restarts says that the app is started again when its environment changes: Env are its variables, whose
	// placeholders stand for In with the addresses of the configuration. Without, the app has the environment of its
	// supervisor, and learns of changes by itself.
	Restarts bool              `json:"restarts,omitempty"`
	Env      map[string]string `json:"env,omitempty"`
	In       AppEnv            `json:"in,omitzero"`
	// Files are texts by the names of the files that they are written to before each start of the app. Where it is
	// started again, placeholders in them stand for the same, and it is when one of them changes.
	Files map[string]string `json:"files,omitempty"`
	// Endpoints are addresses in the node, by the keys of topology.Config.Endpoints, that always lead to where the
	// configuration says.
	Endpoints map[string]string `json:"endpoints,omitempty"`
	// Ready is the URL that says whether the app can do its work: 2xx, with Holds in the answer. Empty: it can when it
	// has run for a moment.
	Ready string `json:"ready,omitempty"`
	Holds string `json:"holds,omitempty"`
}

// PreparationConfig is for `node prepare`: it writes files, and becomes the command by which an app is prepared.
type PreparationConfig struct {
	Command []string          `json:"command"`
	Files   map[string]string `json:"files"` // texts by names
}

// AppState answers GET /state of a supervisor.
type AppState struct {
	Running  bool `json:"running"`
	Runs     int  `json:"runs"`     // how often it was started
	Revision int  `json:"revision"` // of the configuration that it runs with; 0: none yet
	// Failures is how often in a row it has ended by itself, and soon. Last says how it did last, in one sentence with
	// its last lines; empty: it never did.
	Failures int    `json:"failures"`
	Last     string `json:"last,omitempty"`
}

// AppNotReady answers GET /readyz of a supervisor, with status 503, while its app can't do its work.
type AppNotReady struct {
	Lacks AppLack `json:"lacks"`
	Why   string  `json:"why"` // in one sentence
}

func (n AppNotReady) Error() string { return n.Why }

// ReadAppNotReady reads what was answered to GET /readyz; false where that is of no supervisor.
func ReadAppNotReady(answer string) (n AppNotReady, is bool) {
	err := json.Unmarshal([]byte(answer), &n)
	return n, err == nil && n.Lacks != ""
}

// AppLack is what an app lacks that can't do its work.
type AppLack string

// The lacks.
const (
	LacksProcess AppLack = "process" // it does not run
	LacksPort    AppLack = "port"    // nobody listens on its port
	LacksAnswer  AppLack = "answer"  // what it answers does not say that it is ready, or it does not answer
)

// An app that exits is started again after a pause, which doubles while it goes on exiting: Docker's, with a cap that
// nobody who waits for a recovery sees as a failure of its own.
const (
	firstAppPause   = 100 * time.Millisecond
	longestAppPause = 10 * time.Second
)

// AppPause is how long an app is not started again that has ended so many times in a row, from 1.
func AppPause(failures int) time.Duration {
	return min(firstAppPause<<min(failures-1, 10), longestAppPause)
}

package api

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
	// Endpoints are addresses in the node, by the keys of topology.Config.Endpoints, that always lead to where the
	// configuration says.
	Endpoints map[string]string `json:"endpoints,omitempty"`
	// Ready is the URL that says whether the app can do its work: 2xx, with Holds in the answer. Empty: it can when it
	// has run for a moment.
	Ready string `json:"ready,omitempty"`
	Holds string `json:"holds,omitempty"`
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

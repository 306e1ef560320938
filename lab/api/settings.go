package api

import (
	"net/netip"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// The settings of each agent are given as JSON in the environment variable topology.AgentConfigEnv. Durations are lab
// time, in nanoseconds as encoding/json writes a time.Duration.

// ReplicatorConfig is for `node replicator`: one per region, it pulls objects and items from every other region into
// its own, and delivers the configuration that is published for its region.
type ReplicatorConfig struct {
	Region  string   `json:"region"`
	Local   Stores   `json:"local"`
	Sources []Stores `json:"sources"` // the other regions, through links
	Objects bool     `json:"objects"` // copy objects continuously
	Items   bool     `json:"items"`   // copy items continuously
	// By which objects and items are copied; none: all of them, at any time.
	ObjectRules []topology.CopyRule `json:"object_rules,omitempty"`
	ItemRules   []topology.CopyRule `json:"item_rules,omitempty"`
	Every       time.Duration       `json:"every"` // pause between two passes; 0 means the default of 200 ms

	Repository    string `json:"repository"` // URL of the repository's agent
	PublishedFile string `json:"published_file"`
	ConfigFile    string `json:"config_file"` // where what is published is delivered to
	// Versions has the bucket of the region keep versions.
	Versions bool `json:"versions,omitempty"`
	// Locked has Object Lock keep those versions.
	Locked bool `json:"locked,omitempty"`
	// ScheduleFile is where it keeps what has to outlive it: when its schedule began, and which jobs were ordered.
	// Empty: nowhere.
	ScheduleFile string `json:"schedule_file,omitempty"`
}

// RepositoryConfig is for `node repository`, in no region: the Git repository in which the configurations are, at Dir,
// and with what it begins.
type RepositoryConfig struct {
	Dir       string            `json:"dir"`
	Documents []topology.Config `json:"documents"` // one for each region
}

// Stores are the object and item stores of one region.
type Stores struct {
	Region   string            `json:"region"`
	S3       topology.Endpoint `json:"s3"`
	DynamoDB topology.Endpoint `json:"dynamodb"`
}

// BackupConfig is for `node backup`: the nightly job of the home region. POST /backup runs it once: a PostgreSQL base
// backup into the bucket topology.BackupsBucket of the target, and a copy of all objects and items.
type BackupConfig struct {
	Region   string            `json:"region"`
	Postgres topology.Endpoint `json:"postgres"`
	Source   Stores            `json:"source"`
	Target   Stores            `json:"target"` // the standby region, through links
}

// ResponderConfig is for `node responder`: one per region. There is nothing to set.
type ResponderConfig struct{}

// NameserviceConfig is for `node nameservice`. With policy failover, the record answers the primary while its health
// check passes, else the next target whose check passes, else the primary; with multivalue, all whose checks pass, else
// all (both as Route 53 does when all are unhealthy); with weighted, one of those by weight; with geolocation, that of
// the client's region. Unlike there, a target counts as healthy until its first check that passes, or for ten seconds:
// a lab that starts leaves no marks.
type NameserviceConfig struct {
	Record string                 `json:"record"` // topology.RecordName
	Policy topology.RoutingPolicy `json:"policy"` // empty is failover
	// ByWeight has a weighted record answer by its weights alone while its primary is unhealthy: somebody else moves
	// them (see topology.Shift).
	ByWeight bool `json:"by_weight,omitempty"`
	// answered in whole seconds as DNS must, and exactly in a TXT record "ttl_ms=…"
	TTL     time.Duration        `json:"ttl"`
	Check   topology.HealthCheck `json:"check"`
	Targets []Target             `json:"targets"` // in order: primary, secondary, …
}

// Target is what a record may answer: a region, where its clients reach it, and where its health is asked (GET, 2xx is
// healthy).
type Target struct {
	Region string `json:"region"`
	Host   string `json:"host"` // the host and port clients use, answered as an SRV record
	Port   int    `json:"port"`
	Health string `json:"health"`          // URL, through a link of its own
	Holds  string `json:"holds,omitempty"` // what a healthy answer holds
	// Trip is what the links take there and back between the region and the farthest other, which its app may ask
	// before it answers.
	Trip time.Duration `json:"trip"`
	// Weight is the target's share with policy weighted, Clients the subnet of those it is near to with geolocation.
	Weight  int          `json:"weight"`
	Clients netip.Prefix `json:"clients"`
}

// AutomationConfig is for `node automation`, in the standby region.
type AutomationConfig struct {
	Region      string               `json:"region"` // the standby, where it runs
	Home        string               `json:"home"`   // the region it watches
	Check       topology.HealthCheck `json:"check"`
	Decide      time.Duration        `json:"decide"`
	StepTimeout time.Duration        `json:"step_timeout"`
	Strategy    topology.Strategy    `json:"strategy"`
	// HomeHealth (app, GET) and HomePostgres are how it sees the home region, through links; LostWhen says which of
	// them must fail for a loss to be detected.
	LostWhen     topology.LostWhen `json:"lost_when,omitempty"`
	HomeHealth   string            `json:"home_health"`
	HomePostgres topology.Endpoint `json:"home_postgres"`
	// Trip is what the links take to the home region and back.
	Trip time.Duration `json:"trip"`
	// Nameservice is the name service's HTTP through a link: the independent witness asked before deciding (GET
	// /health), and where the redirect is ordered (PUT /primary, and before it PUT /weights with a shift).
	Nameservice string `json:"nameservice"`
	// What it works on in its own region.
	Postgres topology.Endpoint `json:"postgres"`
	Redis    topology.Endpoint `json:"redis"`
	S3       topology.Endpoint `json:"s3"`
	DynamoDB topology.Endpoint `json:"dynamodb"`
	// URL of the repository's agent, through a link: the steps repoint and scale_out change the region's configuration
	// there
	Repository string `json:"repository"`
	Published  string `json:"published"` // GET /config of the region's own replicator
	// strategy backup-restore: where the base backup is handed to PostgreSQL
	RestoreFile string `json:"restore_file"`
	// URLs that tell whether each app node of the region is ready: all are to run, and are awaited
	AppsReady []string `json:"apps_ready"`
	// Restarts says that app nodes whose addresses have changed are started again to take them.
	Restarts bool `json:"restarts,omitempty"`
	// Preflight are GET /config of these nodes and of those of services: none may refer to the home region when clients
	// are redirected. Empty: nobody asks.
	Preflight []string    `json:"preflight,omitempty"`
	Shift     ShiftConfig `json:"shift,omitzero"` // the zero value has clients redirected at once
	// Followers are the regions that are to follow this one when it has taken over.
	Followers []Follower `json:"followers,omitempty"`
	// Sides are home and this region, where they can change roles; none where they can't. Synchronous says that commits
	// wait for a replica.
	Sides       []Side `json:"sides,omitempty"`
	Synchronous bool   `json:"synchronous,omitempty"`
}

// ShiftConfig has clients redirected a share at a time, beginning with those that are sent here Always. What the
// region's app says of its requests is asked at Metrics (GET /metrics of each app node), those to the routes of
// BesidesClients left out.
type ShiftConfig struct {
	topology.Shift
	Always         float64       `json:"always,omitempty"`
	TTL            time.Duration `json:"ttl,omitempty"`   // of the record
	Lasts          time.Duration `json:"lasts,omitempty"` // at most, where everything holds
	Metrics        []string      `json:"metrics,omitempty"`
	BesidesClients []string      `json:"besides_clients,omitempty"`
}

// Follower is a region that neither is home nor takes over. Postgres, Redis, Config and App are how the automation
// reaches it, through links; Primary and Cache how it reaches the PostgreSQL and the Redis of the automation's region.
type Follower struct {
	Region   string            `json:"region"`
	Postgres topology.Endpoint `json:"postgres"`
	Redis    topology.Endpoint `json:"redis"`
	Config   string            `json:"config"` // URL of its replicator's GET and PUT /config
	// Apps are URLs that tell whether app nodes are ready, as many as can be reached.
	Apps    []string          `json:"apps"`
	Primary topology.Endpoint `json:"primary"`
	Cache   topology.Endpoint `json:"cache"`
	// Cascades says that it streams from the automation's region from the start, and has nothing that this has not.
	Cascades bool `json:"cascades,omitempty"`
}

// Side is one of two regions that can change roles. The Follower is how the automation reaches it, and how it reaches
// the primaries of the other.
type Side struct {
	Follower
	// Own are its databases as it reaches them itself, in place of Primary and Cache.
	OwnPostgres topology.Endpoint `json:"own_postgres"`
	OwnRedis    topology.Endpoint `json:"own_redis"`
	AppNodes    int               `json:"app_nodes"` // all of them run where clients are
}

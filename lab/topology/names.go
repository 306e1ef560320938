package topology

import "strings"

// NodeCommand is the word after which the program itself takes the name of what it is to be in a node.
const NodeCommand = "node"

// Global and Clients are the two places that are not regions: Global is where the name service and the repository run,
// Clients where the workload comes from.
const (
	Global  = "global"
	Clients = "clients"
)

// Ports inside the lab's networks. Every node listens on the port of its service.
const (
	PortPostgres = 5432
	PortRedis    = 6379
	PortAWS      = 4566 // s3 and dynamodb, each on its own node or both on one
	PortApp      = 8080
	PortAgent    = 8500 // every agent's HTTP: /healthz, /marks and its own
	// HTTP of what runs somebody's own app, in the node of the app; its endpoints are on those after it
	PortSupervisor = 28500
	PortDNS        = 8053 // name service, UDP and TCP
	PortToxiproxy  = 8474
	PortFirstOnHub = 20000                 // links and taps, one port each, counted up from here
	AgentConfigEnv = "REGIONFALL_AGENT"    // an agent's settings, as JSON (package agent)
	ConfigFile     = "/config/region.json" // what the region's app nodes are given
	// what they are to have, as the repository has it; the region's replicator delivers it
	PublishedFile  = "/config/published.json"
	RepositoryName = "config.git" // of the regions' configurations
	RepositoryDir  = "/config/" + RepositoryName
	RestoreFile    = "/restore/base.tar" // automation hands the base backup to a restoring postgres node here
	RecordName     = "kyc.regionfall.test."
	Bucket         = "documents"
	ItemsTable     = "decisions"
	BackupsBucket  = "backups"
	Database       = "kyc"
	DatabaseUser   = "postgres" // password: Secret
	AccessKey      = "regionfall"
	Secret         = "regionfall-lab" // of postgres and of S3/DynamoDB; a lab is reachable from loopback only
	// ProbeWord is in the key of everything that a fault writes to see it arrive. It is taken away again; who reads a
	// store meanwhile leaves it out.
	ProbeWord = "regionfall-probe-"
	// LocalWord is in the key of everything that a fault keeps in one region for as long as it is in force. Nothing
	// copies it: what is copied would come back from there when it is taken away. Who reads a store leaves it out, too.
	LocalWord = "regionfall-local-"
)

// IsOfFault says whether a key is of something that a fault wrote, and the app did not.
func IsOfFault(key string) bool {
	return strings.Contains(key, ProbeWord) || strings.Contains(key, LocalWord)
}

// The histogram of an app's GET /metrics that says how it serves, and those of its labels that are looked at: metric
// http.server.request.duration of OpenTelemetry's semantic conventions, as Prometheus names it. A route is a path, such
// as /verifications/{id}.
const (
	RequestMetric = "http_server_request_duration_seconds"
	RequestRoute  = "http_route"
	RequestStatus = "http_response_status_code"
)

// RequestBuckets are where the buckets of the histogram end, in seconds, as the same conventions advise.
func RequestBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}
}

// The small disk that a PostgreSQL node has its data on. An ordinary drill writes a tenth of it; what fills it has to
// write the rest.
const (
	DataDir  = "/var/lib/regionfall/data"
	DataSize = 512 << 20 // bytes
)

// IsSupervisorPort says whether a supervisor, or an endpoint of it, may listen on a port of an app's node.
func IsSupervisorPort(port int) bool {
	return port >= PortSupervisor && port <= PortSupervisor+len(EndpointKeys())
}

// AppVariables are the environment variables of an app's nodes that the lab sets itself.
func AppVariables() []string {
	return []string{
		"CONFIG_FILE", "NODE", "QUEUE", "REGION", AgentConfigEnv, "SERVICE", "SERVICES", "SERVICE_TIME", "WORKERS",
	}
}

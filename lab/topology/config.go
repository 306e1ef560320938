package topology

// Config is the configuration document of one region. It is published in a Git repository, a file for each region, by
// the automation on failover (steps repoint and scale_out) or by whoever pushes to it, with a higher revision each
// time. The region's replicator delivers it to a file (ConfigFile), which is replaced atomically (write beside,
// rename), and which the app nodes read, reload when it changes, and report as in force.
type Config struct {
	Revision int    `json:"revision"`
	Region   string `json:"region"`
	// AppNodes is how many of the region's app nodes are to run: those numbered 1 to AppNodes. The others wait.
	AppNodes int `json:"app_nodes"`
	// Endpoints in force. Region says where the endpoint leads; Address how to reach it from this region (the node
	// itself, or "hub:PORT" for a link).
	Postgres Endpoint `json:"postgres"`
	Redis    Endpoint `json:"redis"`
	S3       Endpoint `json:"s3"`
	DynamoDB Endpoint `json:"dynamodb"`
	// Reads is how verifications are read; LocalPostgres, with reads local and session, the database of the region
	// itself.
	Reads         ReadsMode `json:"reads,omitempty"`
	LocalPostgres *Endpoint `json:"local_postgres,omitempty"`
	// Services are the sections of single services.
	Services map[string]Section `json:"services,omitempty"`
	// MirrorS3 and MirrorDynamoDB, when set, must also hold the object and the item before a write is acknowledged
	// (CommitRemote).
	MirrorS3       *Endpoint `json:"mirror_s3,omitempty"`
	MirrorDynamoDB *Endpoint `json:"mirror_dynamodb,omitempty"`
}

// Section is what a configuration has for one service only: endpoints by key, in place of those of the region.
type Section map[string]Endpoint

// endpoints are those that every configuration has, by the service that they lead to, whose name is their key.
var endpoints = []struct {
	service Service
	of      func(*Config) *Endpoint
}{
	{ServicePostgres, func(c *Config) *Endpoint { return &c.Postgres }},
	{ServiceRedis, func(c *Config) *Endpoint { return &c.Redis }},
	{ServiceS3, func(c *Config) *Endpoint { return &c.S3 }},
	{ServiceDynamoDB, func(c *Config) *Endpoint { return &c.DynamoDB }},
}

// EndpointOf is the endpoint of a service; nil where a configuration has none of it.
func (c *Config) EndpointOf(s Service) *Endpoint {
	for _, t := range endpoints {
		if t.service == s {
			return t.of(c)
		}
	}
	return nil
}

// EndpointKeys are what an app may have endpoints of in its nodes, by their keys in a configuration: each on a port of
// its own, in this order after the supervisor's.
func EndpointKeys() (keys []string) {
	for _, t := range endpoints {
		keys = append(keys, string(t.service))
	}
	return keys
}

const localPostgres = "local_postgres"

// OverrideKeys are the keys that a section may have.
func OverrideKeys() []string { return append(EndpointKeys(), localPostgres) }

// For is the configuration as one service has it, and by key where its values come from: SourceRegion, or the service's
// own section. Keys that are not known are passed over.
func (c Config) For(service string) (own Config, sources map[string]string) {
	own, sources = c, map[string]string{}
	for key := range c.Endpoints() {
		sources[key] = SourceRegion
	}
	for key, e := range c.Services[service] {
		if key == localPostgres {
			own.LocalPostgres = &e
		} else if of := own.EndpointOf(Service(key)); of != nil {
			*of = e
		} else {
			continue
		}
		sources[key] = service
	}
	return own, sources
}

// ConfigReport is what a node of the app says of its configuration: for each key its value and the part of the document
// that it comes from, and where its open connections lead.
type ConfigReport struct {
	Revision    int                 `json:"revision"` // in force
	Endpoints   map[string]Endpoint `json:"endpoints"`
	Sources     map[string]string   `json:"sources"` // by key: SourceRegion, or the section of a service
	Connections []Connection        `json:"connections"`
}

// SourceRegion is a value that the document has for all services of the region.
const SourceRegion = "region"

// Connection says how many connections lead from a node to one endpoint.
type Connection struct {
	Store   string `json:"store"`
	Region  string `json:"region"`
	Address string `json:"address"`
	Open    int64  `json:"open"`
	InForce bool   `json:"in_force"` // false: of an earlier configuration, about to be closed
}

// Endpoint is one address a node uses.
type Endpoint struct {
	Region  string `json:"region"`
	Address string `json:"address"`
}

// Endpoints lists every endpoint of the document by key, for those who look for a dead region in it.
func (c Config) Endpoints() map[string]Endpoint {
	m := map[string]Endpoint{}
	for _, t := range endpoints {
		m[string(t.service)] = *t.of(&c)
	}
	if c.MirrorS3 != nil {
		m["mirror_s3"] = *c.MirrorS3
	}
	if c.MirrorDynamoDB != nil {
		m["mirror_dynamodb"] = *c.MirrorDynamoDB
	}
	if c.LocalPostgres != nil {
		m[localPostgres] = *c.LocalPostgres
	}
	return m
}

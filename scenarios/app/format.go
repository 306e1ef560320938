// Package app reads an app as data: how its nodes run, what a write and a read of it look like, when a write counts as
// acknowledged, and where it must be found afterwards.
package app

import (
	"github.com/regionfall/regionfall/scenarios/file"
)

// Format is an app file: its keys, as the file has them. Package file says what the tags mean.
type Format struct {
	Name       string              `yaml:"name" example:"shop" about:"What the app is called."`
	Image      Image               `yaml:"image" example:"shop:1.4" about:"The image that its nodes run. The engine has it already."`
	Build      *Build              `yaml:"build" min:"1" max:"1" example:"{go: ./cmd/shop}" about:"What its image is built from, in place of image."`
	Port       int                 `yaml:"port,required" min:"1" max:"65535" example:"8080" about:"The port that it listens on."`
	Health     Path                `yaml:"health,required" example:"/healthz" about:"A path that answers GET with 2xx while the process lives."`
	Ready      Ready               `yaml:"ready" otherwise:"as health" about:"A path that answers GET with 2xx when the app can do its work."`
	Env        map[string]Template `yaml:"env" example:"{DATABASE_URL: \"postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}\"}" about:"Its environment. The lab fills in, for each node: {{.Postgres}}, {{.Redis}}, {{.S3}} and {{.DynamoDB}}, which are host:port ({{.PostgresHost}} and {{.PostgresPort}} are the two apart, and so on); {{.PostgresHosts}}, which are host:port,host:port of the PostgreSQL of every region, its own first, for a driver that finds the primary by itself; {{.User}}, {{.Secret}} and {{.Database}} of PostgreSQL; {{.AccessKey}} and {{.Secret}} of S3 and DynamoDB; {{.Region}}, {{.Node}} and {{.ConfigFile}}."`
	Files      map[string]Content  `yaml:"files" example:"{/tmp/db.json: '{\"driver\": \"postgres\", \"address\": \"{{.Postgres}}\"}'}" about:"Texts by the names of files in /tmp, which each node finds there whenever the app starts: configuration that an image does not hold. The lab fills in the same placeholders as in env. With repoint: restart, a node whose files change is started again. They are readable by the app alone, and hold 32 KiB together at most."`
	Command    []string            `yaml:"command" each:"4000" example:"[serve, --verbose]" about:"What its nodes run instead of the image's command."`
	Processes  map[string]Process  `yaml:"processes" example:"{web: {command: [web], port: 8080}, worker: {command: [work], ready: none}}" about:"Kinds of nodes, where the app has more than one, by names of your own."`
	Prepared   *Prepared           `yaml:"prepared" min:"1" example:"{sql: [schema.sql], command: [migrate]}" about:"What is done once, in the home region, before any node of the app starts."`
	Repoint    Repoint             `yaml:"repoint" takes:"way to repoint" default:"file" example:"none" about:"How its nodes are led to other stores after a failover: by their CONFIG_FILE, which they watch (file); by a start with the new environment and files (restart); by addresses that stay, and lead elsewhere (endpoint); or not at all (none)."`
	Random     []Random            `yaml:"random" example:"[{name: Customer, number: {from: 0, to: 499, digits: 3}}]" about:"Random values for writes, and for reads where clients choose the ids: those of the write that is read. They are drawn in this order, and depend on the seed of the drill and the number of the write only."`
	Operations Operations          `yaml:"operations,required" example:"{write: {post: /orders, json: {id: \"{{.ID}}\"}}}" about:"What clients send."`
	Extras     Extras              `yaml:"extras" about:"Headers in which answers say more. What is not said is not measured."`
	Jobs       map[string]Job      `yaml:"jobs" example:"{nightly: {post: /jobs/nightly}}" about:"Requests by which its jobs are ordered, by names of your own: steps of a scenario name them. A node of the region in charge is sent them, past all faults."`
	Pipeline   *Pipeline           `yaml:"pipeline" example:"{stages: [clean, score], key: id, input: \"input/{{.Partition}}.jsonl\", output: \"stages/{{.Stage}}/{{.Partition}}.jsonl\", done: jobs/done}" about:"What its job makes of its input, stage by stage, in the object store. Without it nobody can tell what becomes of records."`
	Stores     Stores              `yaml:"stores,required" example:"{postgres: select id from orders}" about:"Where an acknowledged write must be found."`
}

var appFile = file.Kind{Name: "app", Least: "port, health, operations, stores"}

// Build is what an image is built from.
type Build struct {
	Go         GoProgram `yaml:"go" example:"./cmd/shop" about:"A Go program: its main package, by its path from the folder of the file (a dot is that itself), by its import path in the module around that, or by its import path and version."`
	Dockerfile Folder    `yaml:"dockerfile" example:"." about:"A folder with a Dockerfile, by its path from the folder of the file. It is built anew when what is in it changes, but for what .dockerignore names. Of what it declares with ARG, BASE is a bare Debian trixie, from where the lab's images are from; PIP_INDEX_URL and PIP_TRUSTED_HOST are those of the environment; and AUTHORITIES names a file of certificate authorities, those that this machine trusts."`
}

// Ready is how it is found out that the app can do its work.
type Ready struct {
	Path  Path   `yaml:"path,alone" example:"/readyz" about:"The path."`
	Holds string `yaml:"holds" max:"200" example:"'\"db\":true'" about:"A text that the answer must hold."`
}

// Repoint is how nodes are led to other stores.
type Repoint string

// The ways of repointing.
const (
	RepointFile     Repoint = "file"     // it watches its configuration
	RepointRestart  Repoint = "restart"  // its nodes start again, with the new environment
	RepointEndpoint Repoint = "endpoint" // addresses stay, and lead elsewhere
	RepointNone     Repoint = "none"
)

// Values are the ways of repointing.
func (Repoint) Values() []string {
	return []string{string(RepointFile), string(RepointRestart), string(RepointEndpoint), string(RepointNone)}
}

// Operations are what clients send.
type Operations struct {
	Setup []Setup `yaml:"setup,one" min:"1" max:"20" example:"{post: /login, session: {json: token}}" about:"What each client sends before its first operation: one request, or several in their order. It is sent again, all of it, where one of them was not acknowledged, and after an answer that says that it has expired."`
	Write []Write `yaml:"write,required,one" min:"1" max:"20" example:"{post: /orders, json: {id: \"{{.ID}}\"}}" about:"What a write is: one request, or several in their order, each sent once the one before is acknowledged. The write is acknowledged with the last of them. One that stops half way is unknown: a part of it is there. All of them have the time of one operation."`
	Read  *Read   `yaml:"read" example:"{get: \"/orders/{{.ID}}\"}" about:"What a read is. Without it nothing can be read."`
}

// Request is what is sent to the app. Exactly one method has a path, unless the operation goes past the app.
type Request struct {
	Get    Template `yaml:"get" example:"/orders/{{.ID}}" about:"The path, for GET."`
	Post   Template `yaml:"post" example:"/orders" about:"The path, for POST."`
	Put    Template `yaml:"put" example:"/orders/{{.ID}}" about:"The path, for PUT."`
	Patch  Template `yaml:"patch" example:"/orders/{{.ID}}" about:"The path, for PATCH."`
	Delete Template `yaml:"delete" example:"/orders/{{.ID}}" about:"The path, for DELETE."`

	Headers      map[string]Template `yaml:"headers" example:"{Idempotency-Key: \"{{.ID}}\"}" about:"Its headers."`
	BasicAuth    Template            `yaml:"basic_auth" example:"admin:secret" about:"User and password."`
	JSON         *file.Tree          `yaml:"json" example:"{id: \"{{.ID}}\"}" about:"Its body, which is sent as JSON."`
	Body         Template            `yaml:"body" example:"id={{.ID}}" about:"Its body, in place of json. Values in it are escaped where the header Content-Type says application/x-www-form-urlencoded, and stand as they are elsewhere."`
	Acknowledged []Status            `yaml:"acknowledged,unique" default:"200, 201, 204" min:"1" max:"20" example:"[201]" about:"The statuses that say that it is done."`
}

// PastApp is what clients send to a store themselves, in place of a request.
type PastApp struct {
	SQL   Template   `yaml:"sql" example:"insert into orders (id) values ('{{.ID}}')" about:"A statement that clients send to PostgreSQL themselves, in place of a method. What is filled in belongs between single quotes. A write is done when it ends without an error; a read finds what it lists."`
	Redis []Template `yaml:"redis" min:"1" max:"100" example:"[RPUSH, orders, \"{{.ID}}\"]" about:"A command that clients send to Redis themselves, in place of a method. A write is done when it is answered by anything but nil; a read finds nothing where the answer is nil, a count of 0, or a list of nothing else."`
}

// Setup is a request by which a client comes by what it needs: it signs in, or makes a place for its writes.
type Setup struct {
	Request `yaml:",inline" example.get:"/session" example.post:"/login" example.put:"/session" example.patch:"/session" example.delete:"/session" example.headers:"{X-Client: \"{{.Number}}\"}" example.json:"{user: \"client-{{.Number}}\"}" example.body:"user=client-{{.Number}}"`
	Keep    map[string]Given `yaml:"keep" example:"{Store: {json: id}}" about:"What is kept of the answer, by names of your own: where the answer has it. In what is sent to the app later, {{.Store}} stands for what is kept as Store."`
	Session *Given           `yaml:"session" min:"1" max:"1" example:"{json: token}" about:"Where the answer has what {{.Session}} stands for: short for keep: {Session: …}."`
}

// Write is a request of an operation that is acknowledged, or not.
type Write struct {
	Request   `yaml:",inline"`
	PastApp   `yaml:",inline"`
	Keep      map[string]Given `yaml:"keep" example:"{Upload: {json: upload.id}}" about:"What is kept of the answer, by names of your own: where the answer has it. In later requests of the write, {{.Upload}} stands for what is kept as Upload."`
	Code      file.Switch      `yaml:"code" example:"on" about:"That a write is Go code, of whoever runs the drill from Go (see package drill), in place of a method."`
	Refused   []Status         `yaml:"refused,unique" max:"20" example:"[409]" about:"The statuses that say that nothing was, or ever will be, written."`
	Expired   []Status         `yaml:"expired,unique" default:"401" max:"20" example:"[401, 404]" about:"The statuses that say that what setup gave holds no more: it is done again before the client's next operation."`
	RefusedBy *FieldIs         `yaml:"refused_by" example:"{json: applied, is: \"no\"}" about:"A field of the JSON answer that says so, of a status from 400 on."`
	ID        *Given           `yaml:"id" min:"1" max:"1" example:"{json: id}" about:"Where the answer has the id, if the app chooses it: it is what {{.ID}} stands for in later requests of the write and in reads, and what the stores are searched for."`
	Says      Says             `yaml:"says" about:"What answers say more."`
}

// Read is an operation that finds what was written, or not.
type Read struct {
	Request `yaml:",inline"`
	PastApp `yaml:",inline" example.sql:"select id from orders where id = '{{.ID}}'" example.redis:"[GET, \"order:{{.ID}}\"]"`
	Absent  []Status `yaml:"absent,unique" default:"404" max:"20" example:"[404]" about:"The statuses that say that there is no such thing."`
	Expired []Status `yaml:"expired,unique" default:"401" max:"20" example:"[401, 404]" about:"The statuses that say that what setup gave holds no more: it is done again before the client's next operation."`
	Says    Says     `yaml:"says" about:"What answers say more."`
	Decides *Decides `yaml:"decides" example:"{json: status, of: customer, by: application}" about:"What answers say was decided, and of whom."`
}

// Says are fields of JSON answers.
type Says struct {
	ID     Field `yaml:"id" example:"id" about:"The id that an answer is about. One that is about another acknowledges nothing."`
	Reason Field `yaml:"reason" example:"error" about:"Why the operation was not done."`
}

// FieldIs is a field of a JSON answer with a value.
type FieldIs struct {
	JSON Field  `yaml:"json,required" example:"applied" about:"The field."`
	Is   string `yaml:"is,required" example:"no" about:"Its value."`
}

// Given is where an answer has something: in one of these.
type Given struct {
	JSON     Field       `yaml:"json" example:"data.id" about:"A field of the JSON answer."`
	Header   string      `yaml:"header" example:"X-Id" about:"A header."`
	Cookie   string      `yaml:"cookie" example:"sid" about:"A cookie."`
	Location file.Switch `yaml:"location" example:"on" about:"The last part of the path in the header Location."`
}

// Extras are headers of answers.
type Extras struct {
	Region   string `yaml:"region" example:"X-Region" about:"The region that answers."`
	Node     string `yaml:"node" example:"X-Node" about:"The node that answers."`
	Revision string `yaml:"revision" example:"X-Config-Revision" about:"The revision of the configuration in force."`
	Timeline string `yaml:"timeline" example:"X-Postgres-Timeline" about:"The timeline of the database."`
	Position string `yaml:"position" example:"X-Postgres-Position" about:"How far the database had come: a position in the log of PostgreSQL, such as 0/16B3748. Sessions send it with their reads."`
	Path     string `yaml:"path" example:"X-Read-Path" about:"Where a read was answered from."`
	Lag      string `yaml:"lag" example:"X-Replication-Lag" about:"How far behind that was, in milliseconds."`
	// Answers are questions of which the sample app's contract has the answers (see plan.App).
	Answers []Question `yaml:"answers,unique" takes:"question" example:"[config]" about:"Questions of the lab that it answers as the sample app does: GET /config, what it is configured to; GET /capacity, how much it is set to do; GET /metrics, how quick it is; GET /drops, which records it is told to drop."`
}

// Question is one that a lab asks an app.
type Question string

// The questions.
const (
	AskConfig   Question = "config"   // GET /config
	AskCapacity Question = "capacity" // GET /capacity
	AskMetrics  Question = "metrics"  // GET /metrics, with the histogram topology.RequestMetric
	AskDrops    Question = "drops"    // GET /drops, which records its stages are to drop
)

// Values are the questions.
func (Question) Values() []string {
	return []string{string(AskConfig), string(AskCapacity), string(AskMetrics), string(AskDrops)}
}

// Stores are where writes must be found.
type Stores struct {
	Postgres *Template   `yaml:"postgres" example:"select id from orders where id like '{{.Prefix}}%'" about:"A query that lists ids."`
	S3       *Objects    `yaml:"s3" example:"{bucket: documents, key: \"orders/{{.ID}}\"}" about:"Objects."`
	DynamoDB *Items      `yaml:"dynamodb" example:"{table: decisions, key: id}" about:"Items."`
	Redis    *Template   `yaml:"redis" example:"order:{{.ID}}" about:"How keys are made of ids."`
	Code     file.Switch `yaml:"code" example:"on" about:"Whatever the Go code reads of whoever runs the drill from Go: see package drill."`
}

// Objects are objects of a bucket.
type Objects struct {
	Bucket    string     `yaml:"bucket,required" example:"documents" about:"The lab's bucket, documents, which is there when the app starts: nothing copies another one."`
	Key       Template   `yaml:"key,required" example:"orders/{{.ID}}" about:"How keys are made of ids."`
	Manifests *Manifests `yaml:"manifests" example:"{prefix: manifests/, list: objects, key: key, sha256: sha256}" about:"Objects that name others. Each that is left in the surviving region is held against what it names."`
}

// Manifests are JSON documents, each with a list of objects that are in the bucket.
type Manifests struct {
	Prefix string `yaml:"prefix,required" max:"64" example:"manifests/" about:"The prefix of their keys."`
	List   Field  `yaml:"list,required" example:"objects" about:"The field that is the list."`
	Key    Field  `yaml:"key,required" example:"key" about:"The field of each item that is the object's key."`
	SHA256 Field  `yaml:"sha256" example:"sha256" about:"The field of each item that is the SHA-256 of the object, in hex."`
}

// Items are items of a table.
type Items struct {
	Table string `yaml:"table,required" max:"255" example:"decisions" about:"The lab's table, decisions: nothing copies another one."`
	Key   string `yaml:"key,required" max:"255" example:"id" about:"The attribute that is the id."`
}

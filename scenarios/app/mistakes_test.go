package app

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/file"
)

// mistakes are those that an app file can make: what is replaced in the shop's, and what is said, and where.
var mistakes = map[string]struct{ old, new, want string }{
	"a port of the supervisor": {"port: 9000", "port: 28500", "app.yaml:3:7: port: 28500 is taken in each node"},
	"a port of an endpoint":    {"port: 9000", "port: 28504", "app.yaml:3:7: port: 28504 is taken in each node"},
	"status that says nothing": {
		"409, 42x", "409, 42x",
		`20:20: operations.write.refused[1]: "42x" is no status: write one such as 201`,
	},
	"status that says both": {
		"409, 42x", "409, 2xx",
		"20:20: operations.write.refused[1]: 2xx is among acknowledged too: it can't say both",
	},
	"decision that says both": {
		"?by={{.Session}}\"", "\", decides: {json: status, denied: [rejected, approved]}",
		`operations.read.decides.denied[1]: "approved" is among approved too: it can't say both`,
	},
	"decision without a field": {
		"?by={{.Session}}\"", "\", decides: {of: customer}", "operations.read.decides: missing json",
	},
	"absent and acknowledged": {
		"?by={{.Session}}\"", "\", absent: [204]",
		"22:43: operations.read.absent[0]: 204 is among acknowledged too",
	},
	"unknown placeholder": {
		`id: "{{.ID}}", note`, `id: "{{.Id}}", note`,
		`18:16: operations.write.json.id: unknown placeholder {{.Id}}: did you mean "ID"?`,
	},
	"unknown placeholder in a path": {
		"/orders/{{.ID}}\n", "/orders/{{.Oder}}\n",
		"15:10: operations.write.put: unknown placeholder {{.Oder}}: known are",
	},
	"placeholder of a write": {
		"by={{.Session}}", "by={{.Number}}",
		"22:15: operations.read.get: unknown placeholder {{.Number}}",
	},
	"unknown placeholder of the lab": {
		"{{.Postgres}}", "{{.Postgress}}",
		`6:21: env.DATABASE_URL: unknown placeholder {{.Postgress}}: did you mean "Postgres"?`,
	},
	"program in a placeholder": {
		`"{{.Amount}}", 2`, `"{{if .Amount}}", 2`,
		`18:65: operations.write.json.amount.n[0]: invalid placeholder "{{if .Amount}}"`,
	},
	"open placeholder": {
		"Bearer {{.Session}}", "Bearer {{.Session",
		`16:30: operations.write.headers.Authorization: invalid placeholder "{{.Session": it has no closing }}`,
	},
	"session without a setup": {"  setup: {post: /login, json: {user: \"client-{{.Number}}\"}, session: " +
		"{json: data.token}}\n", "", "{{.Session}}"},
	"no session kept": {
		", session: {json: data.token}", "",
		"16:30: operations.write.headers.Authorization: unknown placeholder {{.Session}}",
	},
	"kept twice": {
		"session: {json: data.token}", "session: {json: a}, keep: {Session: {json: b}}",
		"13:61: operations.setup.session: there is a {{.Session}} already",
	},
	"kept as what is ours": {
		"session: {json: data.token}", "session: {json: a}, keep: {Prefix: {json: b}}",
		"13:88: operations.setup.keep.Prefix: there is a {{.Prefix}} already",
	},
	"kept as a random value": {
		"session: {json: data.token}", "session: {json: a}, keep: {Note: {json: b}}",
		"13:88: operations.setup.keep.Note: there is a {{.Note}} already",
	},
	"kept by no name": {
		"session: {json: data.token}", "session: {json: a}, keep: {store: {json: b}}",
		`13:88: operations.setup.keep.store: "store" is no name: use letters and digits, beginning with a capital`,
	},
	"kept from two places": {
		"session: {json: data.token}", "session: {json: a}, keep: {Store: {json: b, cookie: c}}",
		"13:88: operations.setup.keep.Store: say one place where the answer has it, such as {json: id} (got 2)",
	},
	"kept from no header": {
		"session: {json: data.token}", "session: {json: a}, keep: {Store: {header: A B}}",
		`13:104: operations.setup.keep.Store.header: "A B" is no name of a header`,
	},
	"used before it is kept": {
		"setup: {post: /login, json: {user: \"client-{{.Number}}\"}, session: {json: data.token}}",
		"setup: [{post: \"/stores/{{.Store}}\"}, {post: /stores, keep: {Store: {json: id}}, session: {json: token}}]",
		"13:18: operations.setup[0].post: unknown placeholder {{.Store}}: known are Number, Prefix",
	},
	"kept by two requests": {
		"setup: {post: /login, json: {user: \"client-{{.Number}}\"}, session: {json: data.token}}",
		"setup: [{post: /in, session: {json: t}}, {post: /in, session: {json: t}}]",
		"13:56: operations.setup[1].session: there is a {{.Session}} already",
	},
	"no setup": {
		"setup: {post: /login, json: {user: \"client-{{.Number}}\"}, session: {json: data.token}}", "setup: []",
		"operations.setup takes 1 to 20 items",
	},
	"expired and acknowledged": {
		"?by={{.Session}}\"", "\", expired: [204]",
		"22:44: operations.read.expired[0]: 204 is among acknowledged too",
	},
	"session in two places": {
		"{json: data.token}", "{json: a, header: b}",
		"operations.setup.session takes 1 of its keys",
	},
	"two methods": {
		"put: /orders/{{.ID}}\n", "put: /orders/{{.ID}}\n    post: /orders\n",
		"14:3: operations.write: give one method with its path, such as post: /orders, or sql, or redis (got 2)",
	},
	"no method": {"    put: /orders/{{.ID}}\n", "", "14:3: operations.write: give one method"},
	"misspelt method": {
		"put: /orders/{{.ID}}\n", "putt: /orders/{{.ID}}\n",
		`15:5: unknown key "putt" in operations.write: did you mean "put"?`,
	},
	"path of another host": {"put: /orders", "put: http://elsewhere", "15:10: operations.write.put: "},
	"no name of a header":  {"Idempotency-Key:", "Idempotency Key:", "no name of a header"},
	"password alone": {
		"admin:secret", "admin",
		"17:17: operations.write.basic_auth: write user and password",
	},
	"two bodies": {
		"basic_auth: admin:secret", "body: \"{{.ID}}\"",
		"operations.write.json: there is a body already",
	},
	"no id": {
		"put: /orders/{{.ID}}\n    headers: {Authorization: \"Bearer {{.Session}}\", " +
			"Idempotency-Key: \"{{.ID}}\"}\n    basic_auth: admin:secret\n    json: {id: \"{{.ID}}\", ",
		"post: /orders\n    json: {", "operations.write: no {{.ID}} is in it",
	},
	"id from nowhere": {
		"says: {id: id, ", "id: {location: off}\n    says: {",
		"operations.write.id.location: off says nothing",
	},
	"id given and checked": {
		"says: {id: id", "id: {json: id}\n    says: {id: id",
		"operations.write.says.id: the answer gives the id",
	},
	"random value twice": {
		"name: Note", "name: Amount",
		"11:12: random[1].name: there is a {{.Amount}} already",
	},
	"random value that is one of ours": {
		"name: Note", "name: ID",
		"11:12: random[1].name: there is a {{.ID}} already",
	},
	"random value without a name": {"name: Note", "name: note", "11:12: random[1].name: \"note\" is no name"},
	"random nothing": {
		"from: 1, to: 3", "from: 4, to: 3",
		"10:20: random[0].number: from 4 to 3 is nothing",
	},
	"text of odd length": {
		"from: 4, to: 8", "from: 4, to: 9",
		"random[1].text: from 4 to 9: both must be multiples of 4",
	},
	"two random values at once": {
		"text: {from: 4, to: 8}", "text: {to: 8}, number: {to: 3}",
		"random[1]: give one of number and text",
	},
	"job without a method": {"stores:", "jobs: {nightly: {}}\nstores:", "jobs.nightly: give one method"},
	"job about a write": {
		"stores:", "jobs: {nightly: {post: \"/jobs/{{.ID}}\"}}\nstores:",
		"jobs.nightly.post: unknown placeholder {{.ID}}",
	},
	"pipeline whose objects are alike": {
		"stores:", `pipeline: {stages: [a, b], key: id, input: "{{.Partition}}", output: "x/{{.Stage}}/{{.Partition}}", ` +
			`rejected: "x/{{.Stage}}/{{.Partition}}", done: done}` + "\nstores:",
		`pipeline.rejected: "x/a/0" could be of output too: have them called otherwise`,
	},
	"pipeline whose stages are alike": {
		"stores:", `pipeline: {stages: [a, b], key: id, input: "i/{{.Partition}}", output: "o/{{.Partition}}", done: d}` +
			"\nstores:", `pipeline.output: "o/{{.Partition}}" does not have {{.Stage}} once`,
	},
	"pipeline with stages of its input": {
		"stores:", `pipeline: {stages: [a], key: id, input: "{{.Stage}}/{{.Partition}}", ` +
			`output: "{{.Stage}}/{{.Partition}}", done: d}` + "\nstores:",
		"pipeline.input: unknown placeholder {{.Stage}}: known are Partition",
	},
	"stage without a name": {
		"stores:", `pipeline: {stages: ["a b"], key: id, input: "i/{{.Partition}}", ` +
			`output: "o/{{.Stage}}/{{.Partition}}", done: d}` + "\nstores:", `pipeline.stages[0]: "a b" is no name`,
	},
	"image and build": {"port:", "build: {go: ./cmd}\nport:", "3:1: build: there is an image already"},
	"a Dockerfile elsewhere": {
		"image: shop:1.4", "build: {dockerfile: ../shop}", `2:21: build.dockerfile: "../shop" is no folder below`,
	},
	"a path of another folder": {"image: shop:1.4", "build: {go: ../shop}", `"../shop" is no package of Go`},
	"a command for an image":   {"shop:1.4", "shop -v", `"shop -v" is no name of an image`},
	"no header of an extra":    {"stores:", "extras: {node: X Node}\nstores:", `"X Node" is no name of a header`},
	"nothing to run":           {"image: shop:1.4\n", "", "1:1: missing: image, or build"},
	"a restart for nothing": {
		`env: {DATABASE_URL: "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"}
command: [serve]
repoint: none`, `env: {USER: "{{.User}}"}
repoint: restart`,
		"7:10: repoint: restart changes nothing, since neither env nor files has an address that a failover changes",
	},
	"endpoints for all hosts": {
		`{{.Postgres}}/{{.Database}}"}
command: [serve]
repoint: none`, `{{.PostgresHosts}}/{{.Database}}"}
repoint: endpoint`,
		"7:10: repoint: endpoint changes nothing, since neither env nor files has an address that a failover changes",
	},
	"unknown way to repoint": {
		"repoint: none", "repoint: fil",
		`8:10: repoint: unknown way to repoint "fil": did you mean "file"?`,
	},
	"no path":     {"health: /up", "health: up", `4:9: health: "up" is no path`},
	"port":        {"port: 9000", "port: 90000", "3:7: port: 90000 must be 1 to 65535"},
	"no variable": {"DATABASE_URL", "DATABASE URL", "no name of a variable"},
	"variable of the lab's": {
		"DATABASE_URL", "CONFIG_FILE", "6:20: env.CONFIG_FILE: the lab sets that itself",
	},
	"length of the body": {
		"Idempotency-Key:", "content-length:",
		"16:69: operations.write.headers.content-length: clients set that themselves",
	},
	"path that is none once it is filled in": {
		"/orders/{{.ID}}\n", "/orders/{{.ID}}%zz\n", `15:10: operations.write.put: "/orders/{{.ID}}%zz" is no path`,
	},
	"placeholder in a key": {
		`note: 'say`, `"{{.Nte}}": 'say`,
		`18:39: operations.write.json.{{.Nte}}: unknown placeholder {{.Nte}}: did you mean "Note"?`,
	},
	"open placeholder in a key": {
		`note: 'say`, `"{{.Note": 'say`, `18:38: operations.write.json.{{.Note: invalid placeholder "{{.Note"`,
	},
	"number that JSON does not have": {
		`"{{.Amount}}", 2,`, `"{{.Amount}}", 007,`,
		`18:80: operations.write.json.amount.n[1]: 007 is no number of JSON: write it as JSON has it, or in quotes`,
	},
	"another bucket": {
		"bucket: documents", "bucket: papers",
		`25:16: stores.s3.bucket: nothing copies "papers" to other regions: use the lab's own, documents`,
	},
	"no bucket": {
		"bucket: documents", `bucket: ""`, `stores.s3.bucket: nothing copies "" to other regions`,
	},
	"another table": {
		"  redis:", "  dynamodb: {table: orders, key: id}\n  redis:",
		`26:21: stores.dynamodb.table: nothing copies "orders" to other regions: use the lab's own, decisions`,
	},
	"no attribute": {
		"  redis:", "  dynamodb: {table: decisions, key: \"\"}\n  redis:",
		`stores.dynamodb.key: name the attribute that is the id`,
	},
	"query that counts": {
		"select id from", "select count(*) from",
		"24:13: stores.postgres: \"select count(*) from orders",
	},
	"query that changes": {"select id from", "delete from", "lists no ids"},
	"key of no id": {
		"order:{{.ID}}", "order:{{.Prefix}}",
		"stores.redis: unknown placeholder {{.Prefix}}",
	},
	"key of every id": {
		"orders/{{.ID}}.pdf", "orders/all.pdf",
		`25:32: stores.s3.key: "orders/all.pdf" lists no ids`,
	},
	"key of two ids": {
		"orders/{{.ID}}.pdf", "orders/{{.ID}}/{{.ID}}.pdf",
		"lists no ids: write {{.ID}} once",
	},
	"no stores": {
		shopStores, "stores: {}\n",
		"stores: say where a write must be found",
	},
	"stores left out": {shopStores, "", "1:1: missing: stores"},
	"no field":        {"json: data.token", "json: data..token", `"data..token" is no field`},
}

func TestMistakesAreComplainedAboutAtTheirPlace(t *testing.T) {
	for name, c := range mistakes {
		src := shop
		if !strings.Contains(c.old, "42x") {
			src = whole()
		}
		if !strings.Contains(src, c.old) {
			t.Errorf("%s: the shop has no %q", name, c.old)
			continue
		}
		_, err := Parse("app.yaml", []byte(strings.Replace(src, c.old, c.new, 1)), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
		if err != nil && len(file.Problems(err)) == 0 {
			t.Errorf("%s: without a place: %v", name, err)
		}
	}
}

package app

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// shop has one of nearly everything.
const shop = `name: shop
image: shop:1.4
port: 9000
health: /up
ready: /open
env: {DATABASE_URL: "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"}
command: [serve]
repoint: none
random:
  - {name: Amount, number: {from: 1, to: 3, digits: 2}}
  - {name: Note, text: {from: 4, to: 8}}
operations:
  setup: {post: /login, json: {user: "client-{{.Number}}"}, session: {json: data.token}}
  write:
    put: /orders/{{.ID}}
    headers: {Authorization: "Bearer {{.Session}}", Idempotency-Key: "{{.ID}}"}
    basic_auth: admin:secret
    json: {id: "{{.ID}}", note: 'say "{{.Note}}"', amount: {n: ["{{.Amount}}", 2, true, null]}}
    acknowledged: [201, 204]
    refused: [409, 42x]
    says: {id: id, reason: error}
  read: {get: "/orders/{{.ID}}?by={{.Session}}"}
` + shopStores

const shopStores = `stores:
  postgres: select id from orders where id like '{{.Prefix}}%'
  s3: {bucket: documents, key: "orders/{{.ID}}.pdf"}
  redis: order:{{.ID}}
`

// sample is the file of the sample app. Its package is large, and of no use here.
func sample(t testing.TB) []byte {
	t.Helper()
	src, err := os.ReadFile("../../fixtures/kyc/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func parse(t *testing.T, src string) *App {
	t.Helper()
	a, err := Parse("app.yaml", []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// whole is the shop without what it says wrong.
func whole() string { return strings.Replace(shop, ", 42x", "", 1) }

func TestTheAppsThatComeWithTheProgramAreRead(t *testing.T) {
	for _, name := range []string{Default, "ledger"} {
		a, err := Named(name)
		if err != nil || a.Name() != name || a.BuiltIn() != name || a.Source() != nil || a.Folder() != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Named("nothing"); err == nil {
		t.Error("there is an app called nothing")
	}
}

func TestAnOperationIsFilledIn(t *testing.T) {
	a := parse(t, whole())
	got := a.Write().Fill(Values{
		ID: "v/1", Prefix: "v", Number: 7, Session: "s", Drawn: []Drawn{{"Amount", "02"}, {"Note", "\"\\\n{{.ID}}"}},
	})
	want := Filled{
		Path: "/orders/v%2F1",
		Headers: []Header{
			{"Content-Type", "application/json"},
			{"Authorization", "Basic YWRtaW46c2VjcmV0"},
			{"Authorization", "Bearer s"},
			{"Idempotency-Key", "v/1"},
		},
		Body: []byte(`{"id":"v/1","note":"say \"\"\\\n{{.ID}}\"","amount":{"n":["02",2,true,null]}}`),
	}
	if diff := cmp.Diff(want, got); diff != "" || a.Write().Method != "PUT" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := a.Setup().Fill(Values{Number: 3}); string(s.Body) != `{"user":"client-3"}` || a.Setup().NeedsSession() ||
		!a.Write().NeedsSession() || !a.Read().NeedsSession() {
		t.Errorf("setup: %s", s.Body)
	}
}

// What is filled in arrives as it is, whatever is in it and wherever it stands.
func TestValuesAreEscapedWhereTheyStand(t *testing.T) {
	const id = "a b+c&d=e/f?g%"
	form := strings.Replace(whole(), "json: {id: \"{{.ID}}\", note: 'say \"{{.Note}}\"', "+
		"amount: {n: [\"{{.Amount}}\", 2, true, null]}}", "body: \"x={{.ID}}&y\"", 1)
	form = strings.Replace(form, "Idempotency-Key: \"{{.ID}}\"",
		"content-type: application/x-www-form-urlencoded; charset=utf-8", 1)
	for name, body := range map[string]string{
		form: "x=a+b%2Bc%26d%3De%2Ff%3Fg%25&y",
		strings.Replace(form, "x-www-form-urlencoded", "xml", 1): "x=" + id + "&y",
	} {
		if got := string(parse(t, name).Write().Fill(Values{ID: id}).Body); got != body {
			t.Errorf("body %s, want %s", got, body)
		}
	}
	a := parse(t, strings.Replace(whole(), "put: /orders/{{.ID}}", "put: /{{.ID}}/all?x={{.ID}}&y=?{{.ID}}", 1))
	got, err := url.ParseRequestURI(a.Write().Fill(Values{ID: id}).Path)
	if err != nil {
		t.Fatal(err)
	}
	if q := got.Query(); got.Path != "/"+id+"/all" || q.Get("x") != id || q.Get("y") != "?"+id {
		t.Errorf("%s: it is %q of %q", got, got.Path, q)
	}
}

// Each placeholder stands for something.
func TestAPathMayBeginWithAPlaceholder(t *testing.T) {
	parse(t, strings.Replace(whole(), "put: /orders/{{.ID}}", "put: /{{.ID}}/orders", 1))
}

func TestRandomValuesAreInTheirBounds(t *testing.T) {
	a := parse(t, whole())
	numbers, sizes := map[string]bool{}, map[int]bool{}
	for n := int64(1); n <= 300; n++ {
		d := a.Draw(7, n)
		if diff := cmp.Diff(d, a.Draw(7, n)); diff != "" {
			t.Fatalf("write %d is drawn in two ways: %s", n, diff)
		}
		numbers[d[0].Text], sizes[len(d[1].Text)] = true, true
	}
	if diff := cmp.Diff(map[string]bool{"01": true, "02": true, "03": true}, numbers); diff != "" {
		t.Errorf("numbers: %s", diff)
	}
	if diff := cmp.Diff(map[int]bool{4: true, 8: true}, sizes); diff != "" {
		t.Errorf("sizes of texts: %s", diff)
	}
}

func TestWhatStatusesSay(t *testing.T) {
	w := parse(t, whole()).Write()
	for status, want := range map[int][2]bool{200: {}, 201: {true}, 204: {true}, 409: {false, true}, 500: {}} {
		if got := [2]bool{w.Acknowledges(status), w.Refuses(status)}; got != want {
			t.Errorf("%d acknowledges and refuses: %v, want %v", status, got, want)
		}
	}
	k := parse(t, string(sample(t)))
	if r := k.Read(); !r.Acknowledges(299) || r.Acknowledges(300) || r.Acknowledges(199) || !r.FindsNothing(404) {
		t.Error("what statuses of the sample app say")
	}
}

func TestWhereKeysHaveTheirID(t *testing.T) {
	s := parse(t, whole()).Stores()
	if before, after := s.S3.Key.Around(); before != "orders/" || after != ".pdf" {
		t.Errorf("between %q and %q", before, after)
	}
	if q := s.Postgres.WithPrefix("v-1-"); q != "select id from orders where id like 'v-1-%'" {
		t.Error(q)
	}
}

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
	"no session kept": {", session: {json: data.token}", "", "13:3: operations.setup: missing session"},
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
		"7:10: repoint: restart changes nothing, since no address is in env",
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

func TestTheFirstPortAfterTheEndpointsIsFree(t *testing.T) {
	parse(t, strings.Replace(whole(), "port: 9000", "port: 28505", 1))
}

// The file that was wished for (issue 15), but for what can't be done yet.
func TestTheFileThatWasWishedForIsRead(t *testing.T) {
	a := parse(t, `build: {go: miniflux.app/v2@v2.3.5}
port: 8080
health: /healthz
ready: /readyz
repoint: none
env:
  DATABASE_URL: "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}?sslmode=disable"
  LISTEN_ADDR: 0.0.0.0:8080
  RUN_MIGRATIONS: "1"
operations:
  write: {post: /v1/categories, basic_auth: "admin:regionfall-admin", json: {title: "{{.ID}}"}, acknowledged: [201]}
stores:
  postgres: "select title from categories where title like '{{.Prefix}}%'"
`)
	if f := a.File(); f.Build.Go != "miniflux.app/v2@v2.3.5" || f.Env["LISTEN_ADDR"].String() != "0.0.0.0:8080" {
		t.Errorf("it runs %+v", f)
	}
	if a.Read() != nil || a.Setup() != nil || !a.Write().Acknowledges(201) || a.Write().Acknowledges(202) {
		t.Errorf("%+v", a.Write())
	}
}

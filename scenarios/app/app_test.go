package app

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	got := a.Write()[0].Fill(Values{
		ID: "v/1", Prefix: "v", Number: 7, Kept: []Kept{{"Session", "s"}},
		Drawn: []Drawn{{"Amount", "02"}, {"Note", "\"\\\n{{.ID}}"}},
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
	if diff := cmp.Diff(want, got); diff != "" || a.Write()[0].Method != "PUT" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := a.Setup()[0].Fill(Values{Number: 3}); string(s.Body) != `{"user":"client-3"}` || a.Setup()[0].NeedsKept() ||
		!a.Write()[0].NeedsKept() || !a.Read().NeedsKept() {
		t.Errorf("setup: %s", s.Body)
	}
}

func TestASetupMayTakeSeveralRequests(t *testing.T) {
	a := parse(t, strings.NewReplacer(
		"setup: {post: /login, json: {user: \"client-{{.Number}}\"}, session: {json: data.token}}",
		`setup:
    - {post: /login, json: {user: "client-{{.Number}}"}, session: {json: data.token}}
    - post: /stores
      headers: {Authorization: "Bearer {{.Session}}"}
      keep: {Store: {json: id}, Home: {location: on}}
    - {put: "/stores/{{.Store}}/model"}`,
		"/orders/{{.ID}}\n", "/{{.Home}}/{{.ID}}\n").Replace(whole()))
	var kept [][]Capture
	var needs []bool
	for _, o := range a.Setup() {
		kept, needs = append(kept, o.Keep), append(needs, o.NeedsKept())
	}
	want := [][]Capture{
		{{"Session", &Given{JSON: "data.token"}}},
		{{"Home", &Given{Location: true}}, {"Store", &Given{JSON: "id"}}},
		nil,
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, true, true}, needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	v := Values{ID: "v", Kept: []Kept{{"Session", "s"}, {"Home", "h/1"}, {"Store", "t"}}}
	if got := a.Setup()[2].Fill(v).Path + a.Write()[0].Fill(v).Path; got != "/stores/t/model/h%2F1/v" {
		t.Errorf("paths: %s", got)
	}
	if w, r := a.Write()[0], a.Read(); !w.Expires(401) || w.Expires(404) || !r.Expires(401) {
		t.Error("401 alone says that a setup has expired")
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
		if got := string(parse(t, name).Write()[0].Fill(Values{ID: id}).Body); got != body {
			t.Errorf("body %s, want %s", got, body)
		}
	}
	a := parse(t, strings.Replace(whole(), "put: /orders/{{.ID}}", "put: /{{.ID}}/all?x={{.ID}}&y=?{{.ID}}", 1))
	got, err := url.ParseRequestURI(a.Write()[0].Fill(Values{ID: id}).Path)
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
	w := parse(t, whole()).Write()[0]
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
	if a.Read() != nil || a.Setup() != nil || !a.Write()[0].Acknowledges(201) || a.Write()[0].Acknowledges(202) {
		t.Errorf("%+v", a.Write()[0])
	}
}

func TestAProgramMayBeInTheRootOfItsModule(t *testing.T) {
	for program, good := range map[string]bool{
		".": true, "./": true, "./cmd/shop": true, "shop.example/cmd/shop@v1.4.0": true,
		"..": false, "./..": false, ".@v1.4.0": false, "/": false, "...": false, "./...": false,
	} {
		src := strings.Replace(whole(), "image: shop:1.4", "build: {go: "+program+"}", 1)
		_, err := Parse("app.yaml", []byte(src), nil)
		if (err == nil) != good {
			t.Errorf("%s: %v", program, err)
		}
	}
}

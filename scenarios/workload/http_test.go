package workload

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// shopApp is an app with these operations.
func shopApp(t testing.TB, operations string) *app.App {
	t.Helper()
	return appOf(t, "image: shop\nport: 80\nhealth: /up\nstores: {postgres: select id from orders}\noperations:\n"+
		operations)
}

// clientOf is a client of an app at a real server.
func clientOf(t testing.TB, a *app.App, handle http.HandlerFunc) *client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return &client{
		names: &resolver{
			cached:  target{region: "east", address: server.Listener.Addr().String()},
			now:     func() time.Duration { return 0 },
			expires: time.Hour,
		},
		dial:  (&net.Dialer{}).DialContext,
		setup: newSetup(Of(a, Login{}).Setup("v-t-", 1)),
	}
}

// perform makes one operation of the kind.
func (c *client) perform(t testing.TB, a *app.App, kind history.Kind, id string) history.Op {
	op := history.Op{Kind: kind, ID: id}
	c.do(t.Context(), &op, Of(a, Login{}).Make(Operation{Kind: kind, ID: id, Prefix: "v-t-", Number: 1, Seed: 1}))
	return op
}

func TestAClientChoosesTheID(t *testing.T) {
	a := shopApp(t, `  write:
    put: /orders/{{.ID}}?n={{.Number}}
    headers: {Idempotency-Key: "{{.ID}}"}
    basic_auth: admin:secret
    body: order {{.ID}}
`)
	var path, key, body string
	c := clientOf(t, a, func(_ http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		path, key, body = r.Method+" "+r.RequestURI, r.Header.Get("Idempotency-Key")+user+password, string(sent)
		if r.Header.Get("Content-Type") != "" {
			t.Error("what is no JSON is called so")
		}
	})
	op := c.perform(t, a, history.Write, "v-t-000001")
	if op.Outcome != history.OK || op.ID != "v-t-000001" || op.Attempts != 1 || op.Region != "east" {
		t.Errorf("%+v", op)
	}
	if path != "PUT /orders/v-t-000001?n=1" || key != "v-t-000001adminsecret" || body != "order v-t-000001" {
		t.Errorf("sent: %s, %s, %s", path, key, body)
	}
}

func TestAClientAsksForTheHostThatTheFileNames(t *testing.T) {
	a := shopApp(t, "  write: {put: \"/{{.ID}}\", headers: {host: \"{{.Prefix}}shop.example\"}}\n")
	var host string
	c := clientOf(t, a, func(_ http.ResponseWriter, r *http.Request) { host = r.Host })
	if op := c.perform(t, a, history.Write, "v-t-000001"); op.Outcome != history.OK || host != "v-t-shop.example" {
		t.Errorf("asked for %q: %+v", host, op)
	}
}

// Sessions would be checked without the positions that they rest on, and nobody would know.
func TestAPositionThatIsNoneIsNoAnswerToASession(t *testing.T) {
	a := shopApp(t, "  write: {put: \"/{{.ID}}\"}\n  read: {get: \"/{{.ID}}\"}\nextras: {position: X-Position}\n")
	for position, want := range map[string]string{
		"": "", "0/16B3748": "", "17": "position in the answer is none of PostgreSQL's, such as 0/16B3748",
	} {
		c := clientOf(t, a, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Position", position) })
		if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.OK {
			t.Errorf("%q: without a session it is no matter: %+v", position, op)
		}
		c.session = newSession(1, 1)
		for kind, doubt := range map[history.Kind]history.Outcome{
			history.Write: history.Unknown, history.Read: history.Failed,
		} {
			if want == "" {
				doubt = history.OK
			}
			if op := c.perform(t, a, kind, "v"); op.Error != want || op.Outcome != doubt {
				t.Errorf("%s, %q: %+v", kind, position, op)
			}
		}
	}
}

func TestTheServiceGivesTheID(t *testing.T) {
	for name, c := range map[string]struct {
		id     string
		answer func(w http.ResponseWriter)
		want   string
		why    string
	}{
		"number in JSON":     {"{json: data.0.id}", says(201, `{"data":[{"id":42}]}`), "42", ""},
		"text in JSON":       {"{json: id}", says(201, `{"id":"a-1"}`), "a-1", ""},
		"list":               {"{json: 1.id}", says(201, ` [{"id":1},{"id":2}]`), "2", ""},
		"item of a list":     {"{json: 0}", says(201, `["a-1"]`), "a-1", ""},
		"header":             {"{header: x-order}", says(201, "", "X-Order", "h-1"), "h-1", ""},
		"cookie":             {"{cookie: order}", says(201, "", "Set-Cookie", "order=c-1; Path=/"), "c-1", ""},
		"location":           {"{location: on}", says(201, "", "Location", "/orders/l-1?x=y"), "l-1", ""},
		"location elsewhere": {"{location: on}", says(201, "", "Location", "http://other/orders/l-2/"), "l-2", ""},
		"no location":        {"{location: on}", says(201, ""), "", "status 201, and no id in the answer"},
		"location of all": {
			"{location: on}", says(201, "", "Location", "/"), "",
			"status 201, and no id in the answer",
		},
		"empty list":      {"{json: 0.id}", says(201, "[]"), "", "status 201, and no id in the answer"},
		"nothing":         {"{json: id}", says(201, " "), "", "status 201, and no id in the answer"},
		"no field":        {"{json: id}", says(201, `{"order":1}`), "", "status 201, and no id in the answer"},
		"null":            {"{json: id}", says(201, `{"id":null}`), "", "status 201, and no id in the answer"},
		"a mapping":       {"{json: id}", says(201, `{"id":{"n":1}}`), "", "status 201, and no id in the answer"},
		"half a document": {"{json: id}", says(201, `{"id":"a"`), "", "status 201, and no id in the answer"},
		"no field there":  {"{json: id.n}", says(201, `{"id":"a"}`), "", "status 201, and no id in the answer"},
		"another status":  {"{json: id}", says(202, `{"id":"a"}`), "", "status 202"},
	} {
		a := shopApp(t, "  write: {post: /orders, acknowledged: [201], id: "+c.id+"}\n")
		op := clientOf(t, a, func(w http.ResponseWriter, _ *http.Request) { c.answer(w) }).
			perform(t, a, history.Write, "v-t-000001")
		if c.want != "" && (op.Outcome != history.OK || op.ID != c.want) {
			t.Errorf("%s: want it acknowledged as %s: %+v", name, c.want, op)
		}
		// Without its id nobody finds it again: it is as if there had been no answer.
		if c.want == "" && (op.Outcome != history.Unknown || op.ID != "v-t-000001" || op.Error != c.why) {
			t.Errorf("%s: want it unknown, %q: %+v", name, c.why, op)
		}
	}
}

// says gives an answer of a status, a body and headers.
func says(status int, body string, headers ...string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// What is said of acknowledging is the app's file's, word for word: a status that is not in it acknowledges nothing.
func TestWhatAnswersMean(t *testing.T) {
	const w, r = history.Write, history.Read
	for name, c := range map[string]struct {
		kind    history.Kind
		keys    string // of the operation
		answer  func(w http.ResponseWriter)
		outcome history.Outcome
		why     string
	}{
		"created":                 {w, "acknowledged: [201]", says(201, "whatever"), history.OK, ""},
		"queued":                  {w, "acknowledged: [201]", says(202, "QUEUED"), history.Unknown, "status 202"},
		"queued, by default":      {w, "", says(202, "QUEUED"), history.Unknown, "status 202"},
		"queued, and that counts": {w, "acknowledged: [202]", says(202, "QUEUED"), history.OK, ""},
		"another id": {
			w, "says: {id: id}", says(200, `{"id":"x"}`), history.Unknown,
			`answer is about "x"`,
		},
		"another number": {w, "says: {id: id}", says(200, `{"id":7}`), history.Unknown, `answer is about "7"`},
		"no id":          {w, "says: {id: id}", says(200, `{}`), history.OK, ""},
		"read of another": {
			r, "says: {id: id}", says(200, `{"id":"x"}`), history.Failed,
			`answer is about "x"`,
		},
		"refused by its status": {w, "refused: [409]", says(409, ""), history.Failed, "status 409"},
		"refused with a reason": {
			w, "refused: [4xx], says: {reason: e.m}", says(422, `{"e":{"m":"full"}}`),
			history.Failed, "status 422: full",
		},
		"not refused": {w, "refused: [409]", says(503, ""), history.Unknown, "status 503"},
		"refused by a field": {
			w, "refused_by: {json: ok, is: \"false\"}", says(500, `{"ok":false}`), history.Failed,
			"status 500",
		},
		"a field of what is done": {
			w, "refused_by: {json: ok, is: \"false\"}", says(200, `{"ok":false}`), history.OK,
			"",
		},
		"a field below 400": {
			w, "refused_by: {json: ok, is: \"false\"}", says(302, `{"ok":false}`), history.Unknown,
			"status 302",
		},
		"absent":       {r, "", says(404, ""), history.Failed, absent},
		"gone":         {r, "absent: [410]", says(410, ""), history.Failed, absent},
		"not absent":   {r, "absent: [410]", says(404, ""), history.Failed, "status 404"},
		"read refused": {r, "", says(401, ""), history.Failed, "status 401"},
	} {
		write, read := "post: /orders, body: \"{{.ID}}\"", "get: \"/orders/{{.ID}}\""
		switch {
		case c.keys == "":
		case c.kind == w:
			write += ", " + c.keys
		default:
			read += ", " + c.keys
		}
		a := shopApp(t, "  write: {"+write+"}\n  read: {"+read+"}\n")
		op := clientOf(t, a, func(w http.ResponseWriter, _ *http.Request) { c.answer(w) }).perform(t, a, c.kind, "v")
		if op.Outcome != c.outcome || op.Error != c.why || op.Attempts != 1 {
			t.Errorf("%s: want outcome %d, %q: %+v", name, c.outcome, c.why, op)
		}
	}
}

func TestACutConnectionIsNoAnswer(t *testing.T) {
	a := shopApp(t, "  write: {post: /orders, body: \"{{.ID}}\"}\n  read: {get: \"/orders/{{.ID}}\"}\n")
	for name, answer := range map[string]string{
		"at once":         "",
		"in the status":   "HTTP/1.1 20",
		"in the headers":  "HTTP/1.1 200 OK\r\nContent-Len",
		"in the body":     "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
		"by another word": "+OK\r\n",
	} {
		hits := 0
		c := clientOf(t, a, func(w http.ResponseWriter, r *http.Request) {
			hits++
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		})
		for kind, outcome := range map[history.Kind]history.Outcome{
			history.Write: history.Unknown, history.Read: history.Failed,
		} {
			op := c.perform(t, a, kind, "v")
			if op.Outcome != outcome || op.Attempts != 1 || !strings.HasPrefix(op.Error, "no answer: ") {
				t.Errorf("%s of %s: %+v", name, kind, op)
			}
		}
		if hits != 2 {
			t.Errorf("%s: the service saw %d requests for 2 operations", name, hits)
		}
	}
}

func TestClientsSignInOnceAndAgainWhenTheirSessionHasEnded(t *testing.T) {
	a := shopApp(t, `  setup: {post: /login, json: {user: "{{.Prefix}}{{.Number}}"}, session: {json: token}}
  write: {post: /orders, headers: {Authorization: "Bearer {{.Session}}"}, json: {id: "{{.ID}}", by: "{{.Session}}"}}
`)
	var mu sync.Mutex
	logins, valid, broken := 0, "", false
	c := clientOf(t, a, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/login" && broken:
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/login":
			var who struct{ User string }
			if err := json.NewDecoder(r.Body).Decode(&who); err != nil || who.User != "v-t-2" {
				t.Errorf("%q signs in: %v", who.User, err)
			}
			logins++
			valid = fmt.Sprintf(`"%d`, logins)
			fmt.Fprintf(w, `{"token":%q}`, valid)
		case r.Header.Get("Authorization") != "Bearer "+valid:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			var order struct{ By string }
			if err := json.NewDecoder(r.Body).Decode(&order); err != nil || order.By != valid {
				t.Errorf("%q ordered: %v", order.By, err)
			}
		}
	})
	ops := make([]history.Op, 10)
	var all sync.WaitGroup
	for i := range ops {
		all.Go(func() { ops[i] = c.perform(t, a, history.Write, "v") })
	}
	all.Wait()
	if slices.ContainsFunc(ops, func(op history.Op) bool { return op.Outcome != history.OK || op.Attempts != 1 }) ||
		logins != 1 {
		t.Errorf("signed in %d times: %+v", logins, ops)
	}
	valid = "lost with its store"
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.Unknown || op.Error != "status 401" {
		t.Errorf("by a session that is none: %+v", op)
	}
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.OK || logins != 2 {
		t.Errorf("signed in %d times: %+v", logins, op)
	}
	valid, broken = "lost again", true
	c.perform(t, a, history.Write, "v")
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.Failed || op.Attempts != 0 ||
		op.Error != "not sent: setup: status 403" {
		t.Errorf("who is not let in: %+v", op)
	}
}

func TestASignInWithoutASessionIsNone(t *testing.T) {
	a := shopApp(t, `  setup: {post: /login, session: {cookie: sid}}
  write: {post: /orders, headers: {Cookie: "sid={{.Session}}"}, body: "{{.ID}}"}
`)
	orders, cookie := 0, ""
	c := clientOf(t, a, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/orders":
			orders++
			if got, err := r.Cookie("sid"); err != nil || got.Value != cookie {
				t.Errorf("cookie: %v, %v", got, err)
			}
		case cookie != "":
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: cookie})
		}
	})
	op := c.perform(t, a, history.Write, "v")
	if op.Outcome != history.Failed || op.Error != "not sent: setup: status 200, and no Session in the answer" {
		t.Errorf("%+v", op)
	}
	cookie = "s-1"
	if op := c.perform(t, a, history.Write, "v"); op.Outcome != history.OK || orders != 1 {
		t.Errorf("%d orders: %+v", orders, op)
	}
}

// A whole load of an app that chooses ids: what is read, and what is told to be acknowledged, is by the app's.
func TestALoadGoesByTheIDsThatItIsGiven(t *testing.T) {
	a := shopApp(t, "  write: {post: /orders, id: {json: id}}\n  read: {get: \"/orders/{{.ID}}\"}\n")
	var mu sync.Mutex
	given := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodGet {
			if !given[strings.TrimPrefix(r.URL.Path, "/orders/")] {
				http.NotFound(w, r)
			}
			return
		}
		id := fmt.Sprint(1000 + len(given))
		given[id] = true
		fmt.Fprintf(w, `{"id":%s}`, id)
	}))
	t.Cleanup(server.Close)
	names := startNameservice(t, lead(t, "east", server.Listener.Addr().String(), "60000"))
	rec := newRecorder()
	l, err := Start(t.Context(), Options{
		Spec:     Spec{Writes: 50, Reads: 50, Clients: 2, Timeout: testTimeout, Sessions: true},
		Resolver: names.address, Record: testRecord, Recorder: rec, Protocol: Of(a, Login{}), Prefix: "t", Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "ten reads", func() bool { return len(rec.ops(history.Read)) >= 10 })
	finish(t, l)
	mu.Lock()
	defer mu.Unlock()
	for _, op := range rec.ops() {
		if op.Outcome != history.OK || !given[op.ID] || op.Given != (op.Kind == history.Write) {
			t.Errorf("not by an id of the service: %+v", op)
		}
	}
	if got := l.Acked(); len(got) != len(given) || !given[got[0]] {
		t.Errorf("acknowledged are %v", got)
	}
}

func TestNothingIsReadOfAnAppThatHasNoReads(t *testing.T) {
	a := shopApp(t, "  write: {post: /orders, body: \"{{.ID}}\"}\n")
	_, err := Start(t.Context(), Options{
		Spec:     Spec{Writes: 1, Reads: 1, Clients: 1, Timeout: testTimeout},
		Resolver: "127.0.0.1:53", Record: testRecord, Recorder: newRecorder(), Protocol: Of(a, Login{}), Prefix: "t",
	})
	if err == nil || !strings.Contains(err.Error(), "reads per second must be 0: the app has nothing to read") {
		t.Errorf("%v", err)
	}
}

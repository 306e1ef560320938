package workload

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/scenarios/history"
)

// callerOf is a caller of a service, by its name service.
func callerOf(t *testing.T, s *service) *Caller {
	t.Helper()
	names := startNameservice(t, serve(t, s, "900"))
	c, err := NewCaller(Options{
		Spec: Spec{Writes: 1, Reads: 1, Clients: 1, Timeout: testTimeout}, Resolver: names.address,
		Record: testRecord, Recorder: newRecorder(), Protocol: Of(kycApp(t), Login{}), Prefix: "t", Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACallerKeepsWhatWentOverTheWire(t *testing.T) {
	c := callerOf(t, &service{region: "east"})
	w := c.Write(t.Context())
	if w.Outcome != history.OK || w.ID != "v-t-000001" || w.Region != "east" || !w.SetUp || len(w.Wire) != 1 {
		t.Fatalf("%+v", w)
	}
	for text, wire := range map[string][]byte{
		"POST /verifications HTTP/1.1\r\n": w.Wire[0].Sent, `"id":"v-t-000001"`: w.Wire[0].Sent,
		"HTTP/1.1 201 Created\r\n": w.Wire[0].Received, `{"id":"v-t-000001"}`: w.Wire[0].Received,
	} {
		if !strings.Contains(string(wire), text) {
			t.Errorf("the wire has no %q:\n%s", text, wire)
		}
	}
	if again := c.Write(t.Context()); again.ID != "v-t-000002" {
		t.Errorf("the second write has the id %s", again.ID)
	}
	r := c.Read(t.Context(), w.ID)
	if r.Outcome != history.OK || !strings.HasPrefix(string(r.Wire[0].Sent), "GET /verifications/v-t-000001 ") {
		t.Errorf("%+v", r)
	}
	if none := c.Read(t.Context(), "v-t-000009"); none.Outcome != history.Failed || none.Error != absent ||
		!strings.Contains(string(none.Wire[0].Received), "404") {
		t.Errorf("%+v", none)
	}
}

func TestACallerSaysWhetherItsSetupIsDone(t *testing.T) {
	const operations = `  setup: {post: /login, session: {json: token}}
  write: {post: /orders, headers: {Authorization: "Bearer {{.Session}}"}, json: {id: "{{.ID}}"}}
`
	for name, c := range map[string]struct {
		login    string
		signedIn bool
		wire     int
	}{
		"it could": {`{"token":"t1"}`, true, 2}, "it could not": {`{}`, false, 1},
	} {
		a := shopApp(t, operations)
		client := clientOf(t, a, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				_, _ = w.Write([]byte(c.login))
			}
		})
		caller := newCaller(Options{
			Spec: Spec{Timeout: testTimeout}, Recorder: newRecorder(), Protocol: Of(a, Login{}), Prefix: "t",
		}, transport{dial: client.dial})
		caller.client.names = client.names
		w := caller.Write(t.Context())
		if w.SetUp != c.signedIn || len(w.Wire) != c.wire || (w.Outcome == history.OK) != c.signedIn {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

func TestACallerNeedsWhatALoadNeeds(t *testing.T) {
	if _, err := NewCaller(Options{}); err == nil || !strings.Contains(err.Error(), "protocol is missing") {
		t.Error(err)
	}
}

func TestACallerAsksTheNameServiceAsTheFirstClientOfALoadDoes(t *testing.T) {
	at := serve(t, &service{region: "east"}, "900")
	var asked []*dns.Msg
	spec := Spec{
		Writes: 1, Clients: 4, Timeout: testTimeout, Sessions: true, Stale: Stale{Share: 0.5, For: time.Hour},
		In: []string{"west", "east"},
	}
	c := newCaller(Options{
		Spec: spec, Record: testRecord, Recorder: newRecorder(), Protocol: Of(kycApp(t), Login{}), Prefix: "t",
		Subnets: map[string]netip.Prefix{
			"west": netip.MustParsePrefix("10.2.0.0/16"), "east": netip.MustParsePrefix("10.1.0.0/16"),
		},
	}, transport{
		dial: (&net.Dialer{}).DialContext,
		exchange: func(_ context.Context, query *dns.Msg) (*dns.Msg, error) {
			asked = append(asked, query)
			return at.reply(query), nil
		},
	})
	if w := c.Write(t.Context()); w.Outcome != history.OK {
		t.Fatalf("%+v", w)
	}
	if len(asked) != 1 || !strings.Contains(asked[0].IsEdns0().String(), "SUBNET: 10.2.0.0/16/0") {
		t.Errorf("it asked %v", asked)
	}
	if c.client.names.keeps != spec.Stale.For || c.client.session == nil {
		t.Errorf("it keeps an answer for %s; its session is %v", c.client.names.keeps, c.client.session)
	}
}

package nameservice

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// answers counts which region is answered, of so many questions.
func (r *running) answers(t *testing.T, questions int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range questions {
		srv := r.query(t, "_http._tcp."+testRecord, dns.TypeSRV).Answer
		if len(srv) != 1 {
			t.Fatalf("answered %v, want one region", srv)
		}
		got[strings.TrimSuffix(srv[0].(*dns.SRV).Target, "."+testRecord)]++
	}
	return got
}

func (r *running) weigh(t *testing.T, body string) (status int, said string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.http.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/weights",
		strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func weighted(c *api.NameserviceConfig) {
	c.Policy = topology.Weighted
	c.Targets[0].Weight, c.Targets[1].Weight = 90, 10
}

func TestWeightedAnswersByWeight(t *testing.T) {
	r := startNameservice(t, weighted)
	// Of 1000 draws at 10 %, 100 ± 9.5: six standard deviations are missed once in 500 million runs.
	if got := r.answers(t, 1000); got[west] < 43 || got[west] > 157 || got[east]+got[west] != 1000 {
		t.Errorf("at 90 to 10: %v", got)
	}
	if status, said := r.weigh(t, `{"us-west-2": 0}`); status != http.StatusOK ||
		!strings.Contains(said, `"us-west-2":0`) {
		t.Errorf("%d %s", status, said)
	}
	if got := r.answers(t, 50); got[east] != 50 {
		t.Errorf("at 90 to 0: %v", got)
	}
	r.east.down.Store(true) // nobody else has a weight, and an answer is needed
	r.awaitAnswer(t, west)
}

func TestByWeightAloneHealthDoesNotMoveClients(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) {
		weighted(c)
		c.ByWeight = true
	})
	r.east.down.Store(true)
	r.await(t, east+" unhealthy", func(h api.Routing) bool { return !h.Targets[0].Healthy })
	if got := r.answers(t, 100); got[east] < 60 { // 90 ± 3
		t.Errorf("at 90 to 10, with %s unhealthy: %v", east, got)
	}
	for _, all := range []string{west, east} { // whoever has been made the primary stays it
		if !r.Redirect(all) {
			t.Fatalf("no target %s", all)
		}
		if got := r.answers(t, 50); got[all] != 50 {
			t.Errorf("after the redirect to %s: %v", all, got)
		}
	}
}

func TestByWeightTheOthersAreNotAnsweredWhileTheyAreUnhealthy(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) {
		weighted(c)
		c.ByWeight = true
	})
	r.west.down.Store(true)
	r.await(t, west+" unhealthy", func(h api.Routing) bool { return !h.Targets[1].Healthy })
	if got := r.answers(t, 50); got[east] != 50 {
		t.Errorf("the standby is unhealthy: %v", got)
	}
}

func TestAWeightedRecordFailsOver(t *testing.T) {
	r := startNameservice(t, weighted)
	r.east.down.Store(true)
	r.await(t, "east gone", func(h api.Routing) bool { return len(h.Answers) == 1 })
	if got := r.answers(t, 50); got[west] != 50 {
		t.Errorf("without east: %v", got)
	}
	if status := r.redirectTo(t, `{"region":"us-west-2"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	r.east.down.Store(false)
	r.await(t, "east back", func(h api.Routing) bool { return h.Targets[0].Healthy })
	if got := r.answers(t, 50); got[west] != 50 {
		t.Errorf("a region that was failed over gets traffic by being healthy again: %v", got)
	}
	if status, said := r.weigh(t, `{"us-east-1": 50, "us-west-2": 50}`); status != http.StatusOK {
		t.Fatal(status, said)
	}
	if got := r.answers(t, 100); got[east] == 0 || got[west] == 0 { // by chance in one run of 2^99
		t.Errorf("weights were given again: %v", got)
	}
	// else the automation would think that its redirect was forgotten, and repeat it
	if h := r.RecordHealth(); !h.Ordered || h.Whole {
		t.Errorf("after weights were given: %+v", h)
	}
	if status := r.redirectTo(t, `{"region":"us-west-2"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	if got := r.answers(t, 50); got[west] != 50 {
		t.Errorf("redirected, and answered by weight: %v", got)
	}
}

func TestWeightsThatMakeNoSense(t *testing.T) {
	r := startNameservice(t, weighted)
	for body, want := range map[string]int{
		`{"us-east-1": -1}`: http.StatusConflict, `{"mars": 1}`: http.StatusConflict,
		`{"us-east-1": 0, "us-west-2": 0}`: http.StatusConflict,
		`{}`:                               http.StatusConflict, `null`: http.StatusConflict,
		`{"us-east-1": "a"}`: http.StatusBadRequest, `weights`: http.StatusBadRequest,
	} {
		if status, said := r.weigh(t, body); status != want {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	if got := r.answers(t, 100); got[east] < 60 {
		t.Errorf("what was refused counts: %v", got)
	}
}

func TestWeightsOfARecordThatHasNone(t *testing.T) {
	r := startNameservice(t, nil)
	if status, said := r.weigh(t, `{"us-east-1": 1}`); status != http.StatusConflict ||
		!strings.Contains(said, "not weighted") {
		t.Errorf("%d %s", status, said)
	}
}

func TestGeolocationAnswersTheClientsRegion(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) {
		c.Policy = topology.Geolocation
		c.Targets[0].Clients, c.Targets[1].Clients = netip.MustParsePrefix("10.1.0.0/16"),
			netip.MustParsePrefix("10.2.0.0/16")
	})
	from := func(address string) string {
		t.Helper()
		query := new(dns.Msg).SetQuestion("_http._tcp."+testRecord, dns.TypeSRV).SetEdns0(dns.DefaultMsgSize, false)
		if address != "" {
			opt := query.IsEdns0()
			opt.Option = append(opt.Option, &dns.EDNS0_SUBNET{
				Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: netip.MustParseAddr(address).AsSlice(),
			})
		}
		client := &dns.Client{Net: "udp", Timeout: 5 * time.Second}
		reply, _, err := client.ExchangeContext(t.Context(), query, r.udp)
		if err != nil {
			t.Fatal(err)
		}
		if _, back := asker(reply); (back != nil) != (address != "") || back != nil &&
			(back.SourceScope != 16 || back.SourceNetmask != 24) {
			t.Errorf("asked from %q, the answer says it is for %v", address, back)
		}
		if len(reply.Answer) != 1 {
			t.Fatalf("answered %v", reply.Answer)
		}
		return strings.TrimSuffix(reply.Answer[0].(*dns.SRV).Target, "."+testRecord)
	}
	for address, want := range map[string]string{"10.1.7.0": east, "10.2.7.0": west, "10.9.0.0": east, "": east} {
		if got := from(address); got != want {
			t.Errorf("clients in %q are sent to %s, want %s", address, got, want)
		}
	}
	r.west.down.Store(true)
	r.await(t, "west gone", func(h api.Routing) bool { return len(h.Answers) == 1 })
	if got := from("10.2.7.0"); got != east {
		t.Errorf("clients of a region that is gone are sent to %s", got)
	}
	if status := r.redirectTo(t, `{"region":"us-west-2"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	r.west.down.Store(false)
	r.await(t, "west back", func(h api.Routing) bool { return h.Targets[1].Healthy })
	for address, want := range map[string]string{"10.1.7.0": east, "10.2.7.0": west, "10.9.0.0": west} {
		if got := from(address); got != want {
			t.Errorf("after a planned redirect clients in %q are sent to %s, want %s", address, got, want)
		}
	}

	// West is lost, and looks well again later: its data is behind.
	r.west.down.Store(true)
	r.await(t, "west gone", func(h api.Routing) bool { return !h.Targets[1].Healthy })
	if status := r.redirectTo(t, `{"region":"us-east-1"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	r.west.down.Store(false)
	r.await(t, "west back", func(h api.Routing) bool { return h.Targets[1].Healthy })
	if got := from("10.2.7.0"); got != east {
		t.Errorf("clients of a region that was failed over are sent to %s again", got)
	}
	if status := r.redirectTo(t, `{"region":"us-west-2"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	if got := from("10.2.7.0"); got != west {
		t.Errorf("it is the primary again, and its clients are sent to %s", got)
	}
}

func TestASubnetThatIsWithheldCountsForNothing(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) {
		c.Policy = topology.Geolocation
		c.Targets[0].Clients, c.Targets[1].Clients = netip.MustParsePrefix("10.1.0.0/16"),
			netip.MustParsePrefix("10.2.0.0/16")
	})
	for name, subnet := range map[string]*dns.EDNS0_SUBNET{
		"withheld":   {Family: 1, SourceNetmask: 0, Address: netip.MustParseAddr("0.0.0.0").AsSlice()},
		"too coarse": {Family: 1, SourceNetmask: 8, Address: netip.MustParseAddr("10.2.7.0").AsSlice()},
		"IPv6":       {Family: 2, SourceNetmask: 56, Address: netip.MustParseAddr("2001:db8::").AsSlice()},
	} {
		subnet.Code = dns.EDNS0SUBNET
		query := new(dns.Msg).SetQuestion("_http._tcp."+testRecord, dns.TypeSRV).SetEdns0(dns.DefaultMsgSize, false)
		opt := query.IsEdns0()
		opt.Option = append(opt.Option, subnet)
		reply := r.reply(query)
		_, back := asker(reply)
		if got := reply.Answer[0].(*dns.SRV).Target; got != east+"."+testRecord || back == nil ||
			back.SourceScope != 0 && name != "too coarse" {
			t.Errorf("%s: answered %s, for %v", name, got, back)
		}
	}
}

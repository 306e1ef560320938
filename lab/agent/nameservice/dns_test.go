package nameservice

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func lines(records []dns.RR) []string {
	var text []string
	for _, r := range records {
		if r.Header().Rrtype != dns.TypeOPT {
			text = append(text, r.String())
		}
	}
	return text
}

func rr(t *testing.T, text ...string) []string {
	t.Helper()
	var records []dns.RR
	for _, s := range text {
		record, err := dns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return lines(records)
}

const textNow = `kyc.regionfall.test. 0 IN TXT "region=us-east-1" "host=127.0.0.1" "port=20001" "ttl_ms=250" "generation=1"`

func TestDNSAnswers(t *testing.T) {
	r := startNameservice(t, nil)
	soa := "kyc.regionfall.test. 1 IN SOA ns.kyc.regionfall.test. hostmaster.kyc.regionfall.test. 1 60 10 600 1"
	for _, c := range []struct {
		name                 string
		qtype                uint16
		rcode                int
		answer, ns, addition []string
	}{
		{
			name: "_http._tcp.kyc.regionfall.test.", qtype: dns.TypeSRV,
			answer:   rr(t, "_http._tcp.kyc.regionfall.test. 0 IN SRV 0 0 20001 us-east-1.kyc.regionfall.test."),
			addition: rr(t, "us-east-1.kyc.regionfall.test. 0 IN A 127.0.0.1", textNow),
		},
		{
			name: "kyc.regionfall.test.", qtype: dns.TypeSRV,
			answer:   rr(t, "kyc.regionfall.test. 0 IN SRV 0 0 20001 us-east-1.kyc.regionfall.test."),
			addition: rr(t, "us-east-1.kyc.regionfall.test. 0 IN A 127.0.0.1", textNow),
		},
		{
			name: "KYC.regionfall.test.", qtype: dns.TypeA,
			answer: rr(t, "KYC.regionfall.test. 0 IN CNAME us-east-1.kyc.regionfall.test.",
				"us-east-1.kyc.regionfall.test. 0 IN A 127.0.0.1"),
			addition: rr(t, textNow),
		},
		{
			name: "us-west-2.kyc.regionfall.test.", qtype: dns.TypeA,
			answer: rr(t, "us-west-2.kyc.regionfall.test. 0 IN A 127.0.0.2"), addition: rr(t, textNow),
		},
		{name: "kyc.regionfall.test.", qtype: dns.TypeTXT, answer: rr(t, textNow)},
		{name: "kyc.regionfall.test.", qtype: dns.TypeSOA, answer: rr(t, soa), addition: rr(t, textNow)},
		{name: "kyc.regionfall.test.", qtype: dns.TypeMX, ns: rr(t, soa)},
		{name: "_tcp.kyc.regionfall.test.", qtype: dns.TypeSRV, ns: rr(t, soa)},
		{name: "us-west-2.kyc.regionfall.test.", qtype: dns.TypeAAAA, ns: rr(t, soa)},
		{name: "eu-west-1.kyc.regionfall.test.", qtype: dns.TypeA, rcode: dns.RcodeNameError, ns: rr(t, soa)},
		{name: "xkyc.regionfall.test.", qtype: dns.TypeA, rcode: dns.RcodeRefused},
	} {
		for network, server := range map[string]string{"udp": r.udp, "tcp": r.tcp} {
			client := &dns.Client{Net: network, Timeout: 5 * time.Second}
			query := new(dns.Msg).SetQuestion(c.name, c.qtype).SetEdns0(dns.DefaultMsgSize, false)
			reply, _, err := client.ExchangeContext(t.Context(), query, server)
			if err != nil {
				t.Fatal(err)
			}
			what := network + " " + dns.TypeToString[c.qtype] + " " + c.name
			if reply.Rcode != c.rcode || reply.Authoritative != (c.rcode != dns.RcodeRefused) ||
				reply.IsEdns0() == nil {
				t.Errorf("%s: %s, authoritative %v", what, dns.RcodeToString[reply.Rcode], reply.Authoritative)
			}
			got := [][]string{lines(reply.Answer), lines(reply.Ns), lines(reply.Extra)}
			if diff := cmp.Diff([][]string{c.answer, c.ns, c.addition}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
	}
}

// All that is said in one answer is of the same targets in the same order, and every target comes first now and then.
func TestDNSAnswersOfSeveralAgree(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) { c.Policy = topology.Multivalue })
	first := map[string]int{}
	for range 60 {
		reply := r.query(t, "_http._tcp."+testRecord, dns.TypeSRV)
		var srv, txt []string
		for _, rr := range reply.Answer {
			srv = append(srv, strings.TrimSuffix(rr.(*dns.SRV).Target, "."+testRecord))
		}
		for _, rr := range reply.Extra {
			if text, ok := rr.(*dns.TXT); ok {
				txt = append(txt, strings.TrimPrefix(text.Txt[0], "region="))
			}
		}
		if diff := cmp.Diff(srv, txt); diff != "" || len(srv) != 2 {
			t.Fatalf("SRV and TXT (-srv +txt):\n%s", diff)
		}
		first[srv[0]]++
	}
	if first[east] == 0 || first[west] == 0 { // by chance in one run of 2^59
		t.Errorf("the first answer is %v", first)
	}
	got := lines(r.query(t, testRecord, dns.TypeA).Answer)
	slices.Sort(got)
	if diff := cmp.Diff(rr(t, testRecord+" 0 IN A 127.0.0.1", testRecord+" 0 IN A 127.0.0.2"), got); diff != "" {
		t.Errorf("A (-want +got):\n%s", diff)
	}
	if got := r.query(t, testRecord, dns.TypeTXT).Answer; len(got) != 2 {
		t.Errorf("TXT has %v", got)
	}
	r.west.down.Store(true)
	r.await(t, "west gone", func(h api.Routing) bool { return len(h.Answers) == 1 })
	if got := lines(r.query(t, testRecord, dns.TypeA).Answer); !cmp.Equal(got, rr(t, testRecord+" 0 IN A 127.0.0.1")) {
		t.Errorf("A without west is %v", got)
	}
}

func TestDNSAnswersAnAddressOnce(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) {
		// as in a lab, where regions differ by their ports
		c.Policy, c.Targets[1].Host = topology.Multivalue, c.Targets[0].Host
	})
	if got := lines(r.query(t, testRecord, dns.TypeA).Answer); !cmp.Equal(got, rr(t, testRecord+" 0 IN A 127.0.0.1")) {
		t.Errorf("A is %v", got)
	}
	if got := r.query(t, testRecord, dns.TypeSRV).Answer; len(got) != 2 {
		t.Errorf("SRV is %v", got)
	}
}

func TestDNSPointsToHostNames(t *testing.T) {
	r := startNameservice(t, func(c *api.NameserviceConfig) {
		c.TTL = 1900 * time.Millisecond
		c.Targets[0].Host, c.Targets[1].Host = "engine.example.org", "localhost"
	})
	srv := r.query(t, testRecord, dns.TypeSRV)
	// A name, and not an alias for one, as RFC 2782 asks.
	if diff := cmp.Diff(rr(t, "kyc.regionfall.test. 1 IN SRV 0 0 20001 engine.example.org."),
		lines(srv.Answer)); diff != "" {
		t.Errorf("SRV (-want +got):\n%s", diff)
	}
	if text := srv.Extra[len(srv.Extra)-1].(*dns.TXT).Txt; !slices.Contains(text, "ttl_ms=1900") {
		t.Errorf("TXT says %v", text)
	}
	want := rr(t, "kyc.regionfall.test. 1 IN CNAME us-east-1.kyc.regionfall.test.",
		"us-east-1.kyc.regionfall.test. 1 IN CNAME engine.example.org.")
	if diff := cmp.Diff(want, lines(r.query(t, testRecord, dns.TypeA).Answer)); diff != "" {
		t.Errorf("A (-want +got):\n%s", diff)
	}
	want = rr(t, "us-west-2.kyc.regionfall.test. 1 IN A 127.0.0.1")
	if diff := cmp.Diff(want, lines(r.query(t, "us-west-2."+testRecord, dns.TypeA).Answer)); diff != "" {
		t.Errorf("A of localhost (-want +got):\n%s", diff)
	}
}

package nameservice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Names below the record, and how long resolvers may keep that something does not exist.
const (
	srvPrefix   = "_http._tcp."
	emptyPrefix = "_tcp." // holds nothing itself but is above a name that does
	negativeTTL = 1
)

// runDNS serves until ctx ends, then waits for the answers it has begun.
func runDNS(ctx context.Context, server *dns.Server) error {
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve DNS: %w", err)
	case <-started: // ending it before would fail
	}
	select {
	case err := <-ended:
		if err == nil {
			err = errors.New("ended by itself")
		}
		return fmt.Errorf("serve DNS: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), runtime.ShutdownLimit)
	defer cancel()
	if err := server.ShutdownContext(ending); err != nil {
		return fmt.Errorf("end DNS: %w", err)
	}
	return <-ended
}

// serveDNS answers one request.
func (n *Server) serveDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply := n.reply(request)
	if w.LocalAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if opt := request.IsEdns0(); opt != nil {
			size = max(size, int(opt.UDPSize()))
		}
		reply.Truncate(size)
	}
	if err := w.WriteMsg(reply); err != nil {
		slog.Debug("answer not delivered", "error", err)
	}
}

// reply is the answer to a request, as an authority for the record and the names below it.
func (n *Server) reply(request *dns.Msg) *dns.Msg {
	reply := new(dns.Msg)
	reply.SetReply(request)
	if opt := request.IsEdns0(); opt != nil {
		reply.SetEdns0(opt.UDPSize(), false)
	}
	from, subnet := asker(request)
	if subnet != nil {
		opt := reply.IsEdns0()
		opt.Option = append(opt.Option, n.scoped(subnet, from))
	}
	switch {
	case request.Opcode != dns.OpcodeQuery:
		reply.Rcode = dns.RcodeNotImplemented
		return reply
	case len(request.Question) != 1:
		reply.Rcode = dns.RcodeFormatError
		return reply
	}
	question := request.Question[0]
	name := dns.CanonicalName(question.Name)
	if !dns.IsSubDomain(n.cfg.Record, name) || question.Qclass != dns.ClassINET {
		reply.Rcode = dns.RcodeRefused // somebody else's
		return reply
	}
	reply.Authoritative = true
	answers, exists := n.answers(question, strings.TrimSuffix(name, n.cfg.Record), from)
	if !exists {
		reply.Rcode = dns.RcodeNameError
	}
	if len(answers.answer) == 0 {
		reply.Ns = append(reply.Ns, n.soa(n.cfg.Record))
		return reply
	}
	reply.Answer = answers.answer
	reply.Extra = append(answers.additional, reply.Extra...)
	return reply
}

// records are what is said to one question.
type records struct{ answer, additional []dns.RR }

// answers finds what there is for a question, by the part of its name that precedes the record; exists is whether
// there is such a name at all. Names are given back as they were asked, because resolvers vary the case of letters and
// compare.
func (n *Server) answers(question dns.Question, below string, from netip.Addr) (found records, exists bool) {
	targets, generation := n.current(from)
	switch below {
	case "":
		switch question.Qtype {
		case dns.TypeSRV:
			found = n.srv(question.Name, targets)
		case dns.TypeA, dns.TypeAAAA, dns.TypeCNAME:
			found.answer = n.record(question, targets)
		case dns.TypeTXT:
			return records{answer: n.txt(question.Name, targets, generation)}, true
		case dns.TypeSOA:
			found.answer = []dns.RR{n.soa(question.Name)}
		}
	case srvPrefix:
		if question.Qtype == dns.TypeSRV {
			found = n.srv(question.Name, targets)
		}
	case emptyPrefix:
	default:
		region, ok := n.regionBelow(below)
		if !ok {
			return records{}, false
		}
		found.answer = n.addresses(question.Name, question.Qtype, region)
	}
	found.additional = append(found.additional, n.txt(n.cfg.Record, targets, generation)...)
	return found, true
}

// record is what the record itself holds for A, AAAA or CNAME questions: of a failover record an alias for the region's
// own name, of a multivalue record the address of each region. A name has one alias at most: where regions are known by
// host names, a multivalue record is an alias for the first, which is another one each time.
func (n *Server) record(question dns.Question, targets []api.Target) []dns.RR {
	named := slices.ContainsFunc(targets, func(t api.Target) bool { _, known := targetAddress(t); return !known })
	if n.cfg.Policy == topology.Multivalue && !named {
		var answer []dns.RR
		for _, t := range targets {
			answer = append(answer, n.addresses(question.Name, question.Qtype, t)...)
		}
		return dns.Dedup(answer, nil) // regions of one lab differ by their ports only
	}
	alias := &dns.CNAME{Hdr: n.header(question.Name, dns.TypeCNAME), Target: n.regionName(targets[0])}
	if question.Qtype == dns.TypeCNAME {
		return []dns.RR{alias}
	}
	return append([]dns.RR{alias}, n.addresses(alias.Target, question.Qtype, targets[0])...)
}

// srv points to each target's own name, with its address beside it. A target that is known by a host name is pointed to
// by that name directly, because the target of an SRV record must not be an alias (RFC 2782).
func (n *Server) srv(name string, targets []api.Target) (found records) {
	for _, t := range targets {
		record := &dns.SRV{Hdr: n.header(name, dns.TypeSRV), Port: uint16(t.Port), Target: n.regionName(t)} //nolint:gosec // checked by validate
		if address, ok := targetAddress(t); ok {
			found.additional = append(found.additional, n.address(record.Target, address))
		} else {
			record.Target = dns.Fqdn(t.Host)
		}
		found.answer = append(found.answer, record)
	}
	return found
}

// addresses are the records of a region's own name for A, AAAA or CNAME questions.
func (n *Server) addresses(name string, qtype uint16, target api.Target) []dns.RR {
	address, ok := targetAddress(target)
	if !ok {
		if qtype == dns.TypeA || qtype == dns.TypeAAAA || qtype == dns.TypeCNAME {
			return []dns.RR{&dns.CNAME{Hdr: n.header(name, dns.TypeCNAME), Target: dns.Fqdn(target.Host)}}
		}
		return nil
	}
	if record := n.address(name, address); record.Header().Rrtype == qtype {
		return []dns.RR{record}
	}
	return nil
}

// targetAddress is where a target is when no other name service is needed to tell. What this process would find for
// "localhost" is itself, while clients mean their own machine: so it is answered as every resolver must (RFC 6761).
func targetAddress(target api.Target) (netip.Addr, bool) {
	if strings.EqualFold(target.Host, "localhost") {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	address, err := netip.ParseAddr(target.Host)
	return address.Unmap(), err == nil
}

func (n *Server) address(name string, address netip.Addr) dns.RR {
	if address.Is4() {
		return &dns.A{Hdr: n.header(name, dns.TypeA), A: net.IP(address.AsSlice())}
	}
	return &dns.AAAA{Hdr: n.header(name, dns.TypeAAAA), AAAA: net.IP(address.AsSlice())}
}

// txt says in words, in the order of the targets, what the other records cannot: the lab's times are shorter than the
// whole seconds of a TTL.
func (n *Server) txt(name string, targets []api.Target, generation int) []dns.RR {
	texts := make([]dns.RR, len(targets))
	for i, t := range targets {
		texts[i] = &dns.TXT{Hdr: n.header(name, dns.TypeTXT), Txt: []string{
			"region=" + t.Region,
			"host=" + t.Host,
			fmt.Sprintf("port=%d", t.Port),
			fmt.Sprintf("ttl_ms=%d", n.cfg.TTL.Milliseconds()),
			fmt.Sprintf("generation=%d", generation),
		}}
	}
	return texts
}

func (n *Server) soa(name string) dns.RR {
	n.mu.Lock()
	generation := n.generation
	n.mu.Unlock()
	hdr := n.header(name, dns.TypeSOA)
	hdr.Ttl = negativeTTL
	return &dns.SOA{
		Hdr: hdr, Ns: "ns." + n.cfg.Record, Mbox: "hostmaster." + n.cfg.Record, Serial: uint32(generation), //nolint:gosec // counts failovers
		Refresh: 60, Retry: 10, Expire: 600, Minttl: negativeTTL,
	}
}

// header dates a record with the TTL in whole seconds, rounded down: nobody may keep an answer for longer than the
// settings say.
func (n *Server) header(name string, rrtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: uint32(n.cfg.TTL / time.Second)} //nolint:gosec // not negative
}

func (n *Server) regionName(target api.Target) string { return target.Region + "." + n.cfg.Record }

// regionBelow finds the target whose own name that is.
func (n *Server) regionBelow(below string) (api.Target, bool) {
	for _, target := range n.cfg.Targets {
		if below == dns.CanonicalName(target.Region) {
			return target, true
		}
	}
	return api.Target{}, false
}

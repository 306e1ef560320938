package workload

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	// lookupTimeout bounds one lookup. When it passes, the operations that still wait fail, and the next one asks anew.
	// It is long for a loopback: a machine that is short of time must not look like a region that is lost.
	lookupTimeout = time.Second

	// resendAfter is how long a lookup waits before it sends its query again, as resolvers do: one lost datagram is no
	// outage. It is no second attempt of the operation, of which nothing has been sent yet.
	resendAfter = 200 * time.Millisecond
)

type exchangeFunc func(ctx context.Context, query *dns.Msg) (*dns.Msg, error)

func overUDP(server string) exchangeFunc {
	c := &dns.Client{Net: "udp"}
	return func(ctx context.Context, query *dns.Msg) (*dns.Msg, error) {
		conn, err := c.DialContext(ctx, server)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		for {
			// The same question by the same id on the same socket: a late answer to an earlier query is taken as well.
			wait, cancel := context.WithTimeout(ctx, resendAfter)
			reply, _, err := c.ExchangeWithConnContext(wait, query, conn)
			cancel()
			if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
				return reply, err
			}
			if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
				return nil, context.DeadlineExceeded
			}
		}
	}
}

// target is an answer of the name service: where to send, for how long.
type target struct {
	region  string
	address string        // host:port
	ttl     time.Duration // from when the answer came
}

// resolver is the name cache of one client, as simple as those of most runtimes: an answer is used until its TTL has
// passed and not a moment longer (no "serve stale", RFC 8767), a failure is not remembered, and those who ask during a
// lookup share it.
type resolver struct {
	question string
	exchange exchangeFunc
	now      func() time.Duration
	lookups  *sync.WaitGroup
	keeps    time.Duration // an answer at least, whatever its TTL
	subnet   netip.Prefix  // of who asks; not valid: not said

	mu      sync.Mutex
	cached  target
	expires time.Duration
	asking  *lookup // nil when none is under way
}

type lookup struct {
	done   chan struct{}
	answer target
	err    error
}

func newResolver(record string, exchange exchangeFunc, now func() time.Duration, lookups *sync.WaitGroup) *resolver {
	return &resolver{question: dns.Fqdn("_http._tcp." + record), exchange: exchange, now: now, lookups: lookups}
}

// resolve says where the client sends now.
func (r *resolver) resolve(ctx context.Context) (target, error) {
	r.mu.Lock()
	if r.now() < r.expires {
		defer r.mu.Unlock()
		return r.cached, nil
	}
	asking := r.asking
	if asking == nil {
		asking = &lookup{done: make(chan struct{})}
		r.asking = asking
		// Shared, so it outlives the operation that happened to come first.
		r.lookups.Go(func() { r.ask(context.WithoutCancel(ctx), asking) })
	}
	r.mu.Unlock()
	select {
	case <-asking.done:
		return asking.answer, asking.err
	case <-ctx.Done():
		return target{}, context.Cause(ctx)
	}
}

func (r *resolver) ask(ctx context.Context, l *lookup) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	query := new(dns.Msg).SetQuestion(r.question, dns.TypeSRV).SetEdns0(dns.DefaultMsgSize, false)
	if r.subnet.IsValid() {
		opt := query.IsEdns0()
		opt.Option = append(opt.Option, &dns.EDNS0_SUBNET{
			Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(r.subnet.Bits()), Address: r.subnet.Addr().AsSlice(), //nolint:gosec // at most 32
		})
	}
	reply, err := r.exchange(ctx, query)
	switch {
	case err == nil:
		l.answer, err = parse(reply)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("name service did not answer within %v", lookupTimeout)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.err = err; err == nil {
		r.cached, r.expires = l.answer, r.now()+max(l.answer.ttl, r.keeps)
	}
	r.asking = nil
	close(l.done)
}

// parse reads the SRV answer (of several, the first with the lowest priority) and the TXT record beside it that is of
// the same port. That says what DNS can't: the region, a host that is an IP address, and a TTL below one second.
func parse(reply *dns.Msg) (target, error) {
	if reply.Rcode != dns.RcodeSuccess {
		return target{}, fmt.Errorf("name service answered %s", dns.RcodeToString[reply.Rcode])
	}
	if reply.Truncated {
		return target{}, errors.New("name service's answer is truncated")
	}
	var srv *dns.SRV
	for _, rr := range reply.Answer {
		if s, ok := rr.(*dns.SRV); ok && (srv == nil || s.Priority < srv.Priority) {
			srv = s
		}
	}
	if srv == nil {
		return target{}, errors.New("name service's answer has no SRV record")
	}
	port := strconv.Itoa(int(srv.Port))
	host, ttl, region := strings.TrimSuffix(srv.Target, "."), time.Duration(srv.Hdr.Ttl)*time.Second, ""
	for _, rr := range reply.Extra {
		txt, ok := rr.(*dns.TXT)
		if !ok || !slices.Contains(txt.Txt, "port="+port) {
			continue
		}
		for _, pair := range txt.Txt {
			key, value, _ := strings.Cut(pair, "=")
			switch key {
			case "host":
				host = value
			case "region":
				region = value
			case "ttl_ms":
				ms, err := strconv.ParseFloat(value, 64)
				if err != nil || ms < 0 {
					return target{}, fmt.Errorf("name service's ttl_ms %q is not a number of milliseconds", value)
				}
				ttl = time.Duration(ms * float64(time.Millisecond))
			}
		}
	}
	return target{region: region, address: net.JoinHostPort(host, port), ttl: ttl}, nil
}

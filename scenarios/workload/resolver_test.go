package workload

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestClientsMoveWhenTheTTLHasPassedAndNotBefore(t *testing.T) {
	const switched = 1200 * time.Millisecond
	for name, c := range map[string]struct {
		ttlMS string
		want  time.Duration
	}{
		"exact":          {"400", 400 * time.Millisecond},
		"whole seconds":  {"", time.Second},
		"not to be kept": {"0", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := func(now time.Duration) string {
					if now < switched {
						return "east"
					}
					return "west"
				}
				m := &memory{answers: func(now time.Duration) (answer, error) {
					return answer{region: at(now), host: at(now), port: 80, ttl: time.Second, ttlMS: c.ttlMS}, nil
				}}
				l, rec := m.begin(t, Spec{Writes: 64, Clients: 3, Timeout: time.Second}, &service{region: "east"},
					&service{region: "west"})
				time.Sleep(4 * time.Second)
				finish(t, l)
				var late int
				region, expires := map[int]string{}, map[int]time.Duration{}
				for _, op := range rec.ops() {
					if op.Sent >= expires[op.Client] {
						region[op.Client], expires[op.Client] = at(op.Sent), op.Sent+c.want
					}
					if op.Region != region[op.Client] || op.Outcome != history.OK {
						t.Fatalf("want an answer from %s: %+v", region[op.Client], op)
					}
					if op.Sent >= switched && op.Region == "east" {
						late++
					}
				}
				if (late > 0) != (c.want > 0) {
					t.Errorf("%d operations still went to the old region after the switch, TTL %v", late, c.want)
				}
			})
		})
	}
}

func TestAnAnswerIsNotUsedPastItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{answers: func(now time.Duration) (answer, error) {
			if now >= time.Second {
				return answer{}, errors.New("name service is gone")
			}
			return answer{region: "east", host: "east", port: 80, ttlMS: "1500"}, nil
		}}
		s := &service{region: "east"}
		l, rec := m.begin(t, Spec{Writes: 64, Clients: 1, Timeout: time.Second}, s)
		time.Sleep(3 * time.Second)
		finish(t, l)
		for _, op := range rec.ops() {
			if op.Sent < 1500*time.Millisecond && op.Outcome == history.OK {
				continue
			}
			if op.Outcome != history.Failed || op.Attempts != 0 || op.Region != "" ||
				op.Error != "not sent: resolve: name service is gone" {
				t.Fatalf("at %v: %+v", op.Sent, op)
			}
		}
		if got := s.seen(http.MethodPost); got != 96 {
			t.Errorf("the service saw %d requests, want the 96 of the first 1.5 seconds", got)
		}
	})
}

func TestAShareOfTheClientsKeepsAnswersForLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{answers: func(now time.Duration) (answer, error) {
			if now >= time.Second {
				return answer{region: "west", host: "west", port: 80, ttlMS: "500"}, nil
			}
			return answer{region: "east", host: "east", port: 80, ttlMS: "500"}, nil
		}}
		l, rec := m.begin(t, Spec{
			Writes: 64, Clients: 8, Timeout: time.Second,
			Stale: Stale{Share: 0.25, For: 3 * time.Second},
		},
			&service{region: "east"}, &service{region: "west"})
		time.Sleep(4 * time.Second)
		finish(t, l)
		last := map[int]time.Duration{}
		for _, op := range rec.ops() {
			if op.Region == "east" {
				last[op.Client] = op.Sent
			}
		}
		for client, at := range last {
			stale := client < 2
			if stale && (at < 2800*time.Millisecond || at >= 3200*time.Millisecond) || !stale &&
				at >= 1600*time.Millisecond {
				t.Errorf("client %d was sent to where the service was before until %s", client, at)
			}
		}
	})
}

func TestConcurrentOperationsOfAClientShareALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{
			answers: east,
			asked:   func(context.Context) error { time.Sleep(100 * time.Millisecond); return nil },
		}
		l, rec := m.begin(t, Spec{Writes: 64, Clients: 1, Timeout: time.Second}, &service{region: "east"})
		time.Sleep(time.Second)
		finish(t, l)
		if got := m.queries.Load(); got != 1 {
			t.Errorf("%d queries, want one", got)
		}
		for _, op := range rec.ops() {
			if want := max(op.Sent, 100*time.Millisecond); op.Done != want || op.Outcome != history.OK {
				t.Errorf("want ok at %v: %+v", want, op)
			}
		}
	})
}

func TestASilentNameServiceIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, after time.Duration
		why            string
	}{
		"by its own limit": {
			3 * time.Second, lookupTimeout,
			"not sent: resolve: name service did not answer within 1s",
		},
		"by the operation's": {
			200 * time.Millisecond, 200 * time.Millisecond,
			"not sent: resolve: timed out after 200ms",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memory{answers: east, asked: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
				l, rec := m.begin(t, Spec{Writes: 2, Clients: 1, Timeout: c.timeout}, &service{region: "east"})
				time.Sleep(400 * time.Millisecond) // one operation, at once
				synctest.Wait()
				finish(t, l)
				ops := rec.ops()
				if len(ops) != 1 {
					t.Fatalf("%d operations, want one", len(ops))
				}
				for _, op := range ops {
					if op.Done-op.Sent != c.after || op.Outcome != history.Failed || op.Error != c.why ||
						op.Attempts != 0 {
						t.Errorf("want %q after %v: %+v", c.why, c.after, op)
					}
				}
			})
		})
	}
}

func TestParse(t *testing.T) {
	query := new(dns.Msg).SetQuestion("_http._tcp."+testRecord, dns.TypeSRV)
	good := answer{region: "east", host: "192.0.2.1", port: 8080, ttl: 2 * time.Second, ttlMS: "250"}
	change := func(f func(*dns.Msg)) *dns.Msg {
		m := good.reply(query)
		f(m)
		return m
	}
	wrongTTL := good
	wrongTTL.ttlMS = "soon"
	for name, c := range map[string]struct {
		reply *dns.Msg
		want  target
		err   string
	}{
		"with TXT": {reply: good.reply(query), want: target{"east", "192.0.2.1:8080", 250 * time.Millisecond}},
		"without TXT": {
			reply: change(func(m *dns.Msg) { m.Extra = nil }),
			want:  target{"", "east.regionfall.test:8080", 2 * time.Second},
		},
		"lowest priority": {
			reply: change(func(m *dns.Msg) {
				other := *m.Answer[0].(*dns.SRV)
				other.Port, other.Priority = 1, 10
				m.Answer = append([]dns.RR{&other}, m.Answer...)
			}),
			want: target{"east", "192.0.2.1:8080", 250 * time.Millisecond},
		},
		"first of several": {
			reply: change(func(m *dns.Msg) {
				other := answer{
					region: "west", host: "192.0.2.2", port: 8081, ttl: time.Second,
					ttlMS: "7",
				}.reply(query)
				m.Answer = append(m.Answer, other.Answer...)
				m.Extra = slices.Concat(other.Extra, m.Extra, other.Extra) // whatever their order
			}),
			want: target{"east", "192.0.2.1:8080", 250 * time.Millisecond},
		},
		"no such name": {
			reply: change(func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }),
			err:   "name service answered NXDOMAIN",
		},
		"no answer": {
			reply: change(func(m *dns.Msg) { m.Answer = nil }),
			err:   "name service's answer has no SRV record",
		},
		"truncated": {
			reply: change(func(m *dns.Msg) { m.Truncated = true }),
			err:   "name service's answer is truncated",
		},
		"wrong TTL": {
			reply: wrongTTL.reply(query),
			err:   `name service's ttl_ms "soon" is not a number of milliseconds`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(c.reply)
			if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || got != c.want {
				t.Errorf("got %+v, %v; want %+v, %q", got, err, c.want, c.err)
			}
		})
	}
}

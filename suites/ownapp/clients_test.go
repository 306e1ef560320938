package ownapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	payEvery   = 25 * time.Millisecond // a payment is due this often, whatever became of those before
	payWithin  = time.Second
	steadyFor  = 2 * time.Second
	enough     = int(steadyFor/payEvery) * 9 / 10
	repeatEach = 5 // of so many payments one is sent again once it was acknowledged, as by a client who did not hear it
)

// taken is a payment that somebody was told is taken.
type taken struct {
	key    string
	region string // that says so
	at     time.Duration
	again  bool // a repetition
}

// clients pay open-loop, and remember what they were told. They know the ledger's protocol and the lab's name service,
// and nothing else.
type clients struct {
	http  *http.Client
	start time.Time

	mu      sync.Mutex
	taken   []taken
	unheard []string // keys whose payment nobody knows the fate of
}

// dial looks the service's name up for each connection, as who does not want to be sent to where the service was
// before.
func dial(resolver string) func(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	names := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "udp", resolver)
	}}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		_, found, err := names.LookupSRV(ctx, "http", "tcp", topology.RecordName)
		if err != nil {
			return nil, err
		}
		ips, err := names.LookupHost(ctx, found[0].Target)
		if err != nil {
			return nil, err
		}
		return d.DialContext(ctx, network, net.JoinHostPort(ips[0], strconv.Itoa(int(found[0].Port))))
	}
}

func newClients(resolver string) *clients {
	return &clients{
		start: time.Now(),
		// A connection per payment: over a kept one, net/http sends what has an Idempotency-Key a second time without a
		// word.
		http: &http.Client{Timeout: payWithin, Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       dial(resolver),
		}},
	}
}

func (c *clients) now() time.Duration { return time.Since(c.start) }

// pay makes payments until ctx ends and what is under way has ended too.
func (c *clients) pay(ctx context.Context) {
	var underway sync.WaitGroup
	defer underway.Wait()
	tick := time.NewTicker(payEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		underway.Go(func() {
			key := fmt.Sprintf("payment-%d", n)
			if c.once(context.WithoutCancel(ctx), key, false) == nil && n%repeatEach == 0 {
				_ = c.once(context.WithoutCancel(ctx), key, true) // it is known to be taken, whatever this one hears
			}
		})
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// once makes one attempt at one payment.
func (c *clients) once(ctx context.Context, key string, again bool) error {
	body, err := json.Marshal(map[string]any{"account": "acme", "amount": 100})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://ledger/payments", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", key)
	var answer struct{ Region string }
	resp, err := c.http.Do(req)
	if err == nil {
		err = json.NewDecoder(resp.Body).Decode(&answer)
		_ = resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			err = fmt.Errorf("pay: %s", resp.Status)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.taken = append(c.taken, taken{key: key, region: answer.Region, at: c.now(), again: again})
	case !again:
		c.unheard = append(c.unheard, key)
	}
	return err
}

// by is what a region has acknowledged since, repetitions left out, in the order of the answers.
func (c *clients) by(region string, since time.Duration) []taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	var by []taken
	for _, t := range c.taken {
		if t.region == region && !t.again && t.at >= since {
			by = append(by, t)
		}
	}
	return by
}

// steady says whether a region has taken the payments of the last while. A busy machine may leave a few out.
func (c *clients) steady(region string) bool {
	since := c.now() - steadyFor
	return since >= 0 && len(c.by(region, since)) >= enough
}

// audit compares what was acknowledged with the rows that there are of each key, and says what is wrong.
func audit(acknowledged []taken, rows map[string]int) (wrong []string) {
	for _, t := range acknowledged {
		if rows[t.key] == 0 {
			wrong = append(wrong, t.key+" was acknowledged and is not there")
		}
	}
	for key, n := range rows {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("%s is there %d times", key, n))
		}
	}
	return wrong
}

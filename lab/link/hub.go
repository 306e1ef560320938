package link

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

// Hub is the Toxiproxy process that carries all paths of a lab.
type Hub struct {
	client *toxiproxy.Client
}

// Connect waits until the hub's control API at host:port answers. The error names the address and what was seen last.
func Connect(ctx context.Context, api string) (*Hub, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	h := &Hub{client: toxiproxy.NewClient(api)}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		last := call(ctx, func() error { _, err := h.client.Version(); return err })
		if last == nil {
			return h, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the hub's control API at %s: %w", api, last)
		case <-tick.C:
		}
	}
}

// Open creates the paths. listen gives the address of the hub in the network where a path starts: a path can be used from there and
// from nowhere else. delay is added each way to every path between two regions, as the baseline of its links.
func (h *Hub) Open(ctx context.Context, specs []Spec, listen func(from string) string, delay func(Spec) time.Duration) error {
	proxies := make([]toxiproxy.Proxy, 0, len(specs))
	for _, s := range specs {
		proxies = append(proxies, toxiproxy.Proxy{
			Name: s.Name, Listen: net.JoinHostPort(listen(s.From), strconv.Itoa(s.Port)), Upstream: s.Upstream, Enabled: true,
		})
	}
	if err := call(ctx, func() error { _, err := h.client.Populate(proxies); return err }); err != nil {
		return fmt.Errorf("open %d links on the hub: %w", len(specs), err)
	}
	for _, s := range specs {
		if d := delay(s); d > 0 {
			if err := h.Link(s, nil).delay(ctx, "baseline", d, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// Link is the handle of one path. trip makes a round trip from where the path starts; a nil trip makes Trip an error.
func (h *Hub) Link(s Spec, trip func(context.Context) error) *Link {
	return &Link{Spec: s, hub: h, trip: trip}
}

// call gives a call of the Toxiproxy client, which knows no context, the context's end.
func call(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("ask the hub: %w", context.Cause(ctx))
	}
}

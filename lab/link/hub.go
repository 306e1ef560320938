package link

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// Hub is the Toxiproxy process that carries all paths of a lab.
type Hub struct {
	client   *toxiproxy.Client
	api      string        // its control port, as host:port
	patience time.Duration // with one answer of it
}

// answerWithin is how long the hub's control port may take for one answer. The hub itself is done in a few seconds at
// most; every heal goes through this port, so a drill must not wait for one that hangs.
const answerWithin = 10 * time.Second

// baseline is the holder of what a link has of the topology.
const baseline = "baseline"

// Connect waits until the hub's control API at host:port answers. The error names the address and what was seen last.
func Connect(ctx context.Context, api string) (*Hub, error) {
	h := &Hub{client: toxiproxy.NewClient(api), api: api, patience: answerWithin}
	err := wait.Until(ctx, 10*time.Second, "the hub's control API at "+api, func(ctx context.Context) error {
		return h.call(ctx, "being asked for its version", func(doing) error {
			_,
				err := h.client.Version()
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Open creates the paths. listen gives the address of the hub in the network where a path starts: a path can be used
// from there and from nowhere else. delay is added each way to every path between two regions, as the baseline of its
// links.
func (h *Hub) Open(
	ctx context.Context, paths []topology.Path, listen func(from string) string,
	delay func(topology.Path) time.Duration,
) error {
	proxies := make([]toxiproxy.Proxy, 0, len(paths))
	for _, p := range paths {
		proxies = append(proxies, toxiproxy.Proxy{
			Name: p.Name, Listen: net.JoinHostPort(listen(p.From), strconv.Itoa(p.Port)), Upstream: p.Upstream,
			Enabled: true,
		})
	}
	err := h.call(ctx, "opening links", func(doing) error { _, err := h.client.Populate(proxies); return err })
	if err != nil {
		return fmt.Errorf("open %d links on the hub: %w", len(paths), err)
	}
	for _, p := range paths {
		if d := delay(p); d > 0 {
			if err := h.Link(p, nil).Set(ctx, baseline, toxic.Latency(probe.Both, d, 0)); err != nil {
				return err
			}
		}
	}
	return nil
}

// States asks for all paths at once: what the hub says of each, by name.
func (h *Hub) States(ctx context.Context) (map[string]State, error) {
	states := map[string]State{}
	err := h.call(ctx, "being asked about its links", func(doing) error {
		proxies, err := h.client.Proxies()
		for name, p := range proxies {
			states[name] = stateOf(p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask the hub about its links: %w", err)
	}
	return states, nil
}

// deaf asks what Toxiproxy's client knows nothing of, see package hub.
func (h *Hub) deaf(ctx context.Context, method, name string) error {
	address := "http://" + h.api + "/proxies/" + url.PathEscape(name) + "/deaf"
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return err
}

// Link is the handle of one path. ask asks from where the path starts; with nil, Ask is an error.
func (h *Hub) Link(p topology.Path, ask Ask) *Link { return &Link{Path: p, hub: h, ask: ask} }

// doing says what the hub is asked for next.
type doing func(what string)

// call calls the hub, some times one after another, for as long as each is answered in time and until ctx ends: the
// Toxiproxy client knows no context. What calls is left behind then, and ends by itself.
func (h *Hub) call(ctx context.Context, what string, calls func(next doing) error) error {
	left, done, nexts := make(chan struct{}), make(chan error, 1), make(chan string)
	defer close(left)
	go func() {
		done <- calls(func(next string) {
			select {
			case nexts <- next:
			case <-left:
			}
		})
	}()
	limit := time.NewTimer(h.patience)
	defer limit.Stop()
	for {
		select {
		case err := <-done:
			return err
		case what = <-nexts:
			limit.Reset(h.patience)
		case <-limit.C:
			return fmt.Errorf("the hub's control port did not answer within %s while %s", h.patience, what)
		case <-ctx.Done():
			return fmt.Errorf("the hub's control port did not answer while %s: %w", what, context.Cause(ctx))
		}
	}
}

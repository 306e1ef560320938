package link

import (
	"context"
	"encoding/json"
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
	taps     taps
}

// answerWithin is how long the hub's control port may take for one answer. The hub itself is done in a few seconds at
// most; every heal goes through this port, so a drill must not wait for one that hangs.
const answerWithin = 10 * time.Second

// baseline is the holder of what a link has of the topology.
const baseline = "baseline"

// Baseline is what a path has of the topology, each way.
type Baseline struct {
	Delay time.Duration
	Rate  int64 // bytes a second, of all connections together; 0: no limit
}

func (b Baseline) toxics() (all []toxic.Toxic) {
	if b.Delay > 0 {
		all = toxic.Latency(probe.Both, b.Delay, 0)
	}
	if b.Rate > 0 {
		all = append(all, toxic.Line(probe.Both, b.Rate)...)
	}
	return all
}

// Connect waits until the hub's control API at host:port answers. The error names the address and what was seen last.
func Connect(ctx context.Context, api string) (*Hub, error) {
	h := &Hub{client: toxiproxy.NewClient(api), api: api, patience: answerWithin, taps: taps{hub: api}}
	err := wait.Until(ctx, 10*time.Second, "the hub's control API at "+api, func(ctx context.Context) error {
		return h.call(ctx, "being asked for its version", func() error {
			_, err := h.client.Version()
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Open creates the paths. listen gives the address of the hub in the network where a path starts: a path can be used
// from there and from nowhere else.
func (h *Hub) Open(
	ctx context.Context, paths []topology.Path, listen func(from string) string,
	baselines func(topology.Path) Baseline,
) error {
	proxies := make([]toxiproxy.Proxy, 0, len(paths))
	for _, p := range paths {
		proxies = append(proxies, toxiproxy.Proxy{
			Name: p.Name, Listen: net.JoinHostPort(listen(p.From), strconv.Itoa(p.Port)), Upstream: p.Upstream,
			Enabled: true,
		})
	}
	err := h.call(ctx, "opening links", func() error { _, err := h.client.Populate(proxies); return err })
	if err != nil {
		return fmt.Errorf("open %d links on the hub: %w", len(paths), err)
	}
	for _, p := range paths {
		if all := baselines(p).toxics(); len(all) > 0 {
			if err := h.Link(p, nil).Set(ctx, baseline, all); err != nil {
				return err
			}
		}
	}
	return nil
}

// States asks for all paths at once: what the hub says of each, by name.
func (h *Hub) States(ctx context.Context) (map[string]State, error) {
	states := map[string]State{}
	err := h.call(ctx, "being asked about its links", func() error {
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

// deaf asks what Toxiproxy's client knows nothing of, see package hub, and reads the answer into out; nil reads none.
// Like that client it does not end with ctx.
func (h *Hub) deaf(ctx context.Context, method, name string, out any) error {
	address := "http://" + h.api + "/proxies/" + url.PathEscape(name) + "/deaf"
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, address, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	switch {
	case err != nil:
		return err
	case out != nil && resp.StatusCode == http.StatusMethodNotAllowed:
		return nil // a hub of an earlier version, which can't be asked, of a lab that was kept up
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	case out == nil:
		return nil
	}
	return json.Unmarshal(body, out)
}

// Link is the handle of one path. ask asks from where the path starts; with nil, Ask is an error.
func (h *Hub) Link(p topology.Path, ask Ask) *Link { return &Link{Path: p, hub: h, ask: ask} }

// call calls the hub for as long as it answers in time and until ctx ends. The Toxiproxy client knows no context: what
// calls is left behind then, and ends by itself.
func (h *Hub) call(ctx context.Context, what string, calls func() error) error {
	return h.converse(ctx, what, func(c conversation) { c.end(calls()) })
}

// converse is call for who calls the hub some times one after another, and wants to know whether anybody waits for it
// still. It has to end the conversation.
func (h *Hub) converse(ctx context.Context, what string, calls func(conversation)) error {
	c := conversation{left: make(chan struct{}), ended: make(chan error), nexts: make(chan string)}
	defer close(c.left)
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		calls(c)
	}()
	limit := time.NewTimer(h.patience)
	defer limit.Stop()
	for {
		select {
		case err := <-c.ended:
			return err
		case what = <-c.nexts:
			limit.Reset(h.patience)
		case <-limit.C:
			return &unsettled{
				fmt.Errorf("the hub's control port did not answer within %s while %s", h.patience, what),
				settled,
			}
		case <-ctx.Done():
			return &unsettled{fmt.Errorf("the hub's control port did not answer while %s: %w", what,
				context.Cause(ctx)), settled}
		}
	}
}

// unsettled is the error of who has left while the hub was being called.
type unsettled struct {
	error
	settled <-chan struct{}
}

func (u *unsettled) Unwrap() error { return u.error }

// Settled is closed when the hub has answered after all, and what was given up has been undone.
func (u *unsettled) Settled() <-chan struct{} { return u.settled }

// conversation is between who calls the hub and who waits for that. Nothing in it is buffered: what was said was heard.
type conversation struct {
	left  chan struct{} // closed when nobody waits any more
	nexts chan string
	ended chan error
}

// next says what the hub is asked for next, which begins the time anew that it may take. False is that nobody waits.
func (c conversation) next(what string) bool {
	select {
	case c.nexts <- what:
		return true
	case <-c.left:
		return false
	}
}

// end says what has come of it. False is that nobody waits.
func (c conversation) end(err error) bool {
	select {
	case c.ended <- err:
		return true
	case <-c.left:
		return false
	}
}

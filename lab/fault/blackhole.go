package fault

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Blackhole is a network that drops packets: no answer to anything, be it on open connections or to an attempt to
// connect.
type Blackhole struct {
	Links `yaml:",inline"`
}

// Kind is blackhole.
func (*Blackhole) Kind() string { return "blackhole" }

// Takes is the look in which it comes, and one more: both are silent.
func (*Blackhole) Takes(topology.Topology) Time { return Time{Seen: looks * silentFor} }

// Validate asks for links.
func (f *Blackhole) Validate(t topology.Topology) error { return f.validate(t) }

// For makes the fault ready.
func (f *Blackhole) For(l Lab) (Fault, error) {
	links, err := f.links(l)
	if err != nil {
		return nil, err
	}
	h := &hole{broken: broken{linkHold: linkHold{
		links: links,
		state: LinkState{Deaf: true, Toxics: toxic.Swallow(probe.Both)},
	}}, line: lineName()}
	h.check = h.silent
	return h, nil
}

// hole is a blackhole with an open connection over each link, which has to fall silent.
type hole struct {
	broken
	line string // names the open connections of this one fault
}

// lineName begins the names of the open connections of one fault: no two share one.
func lineName() string { return rand.Text()[:8] + " " }

// silentFor is how long no answer is taken for none: long enough for a slow service on a busy machine.
const silentFor = time.Second

// silent asks on the open connection and with a new one.
func (h *hole) silent(ctx context.Context, l Link) (bool, string, error) {
	var fresh, open probe.Answer
	var g errgroup.Group
	g.Go(func() (err error) {
		fresh, err = l.Ask(ctx, probe.Question{Way: probe.RoundTrip, Within: silentFor})
		return err
	})
	g.Go(func() (err error) {
		open, err = l.Ask(ctx, probe.Question{Way: probe.OnOpen, Line: h.line + l.Path().Name, Within: silentFor})
		return err
	})
	if err := g.Wait(); err != nil {
		return false, "", err
	}
	// Who connects through a port that the engine publishes is connected by what relays there.
	unanswered := fresh.Symptom == probe.NoConnection || fresh.Symptom == probe.Silence &&
		l.Path().From == topology.Clients
	switch {
	case fresh.Symptom == probe.Fine && open.Symptom == probe.Fine:
		return false, "", nil
	case unanswered && open.Symptom == probe.Silence:
		return true, "no answer on open connections, and none to connecting", nil
	default:
		return false, "", fmt.Errorf("%s: a new connection has %q, an open one %q", l.Path().Name, fresh.Symptom,
			open.Symptom)
	}
}

// Baseline opens the connections. One that has failed stays broken, so all are opened anew then.
func (h *hole) Baseline(ctx context.Context) (bool, string, error) {
	already, observed, err := h.broken.Baseline(ctx)
	if already || err != nil {
		return already, observed, err
	}
	_, working, _, err := askAll(ctx, h.alive, h.silent)
	if err == nil && len(working) != len(h.alive) {
		err = fmt.Errorf("only %d of %s can be kept open", len(working), describeLinks(h.alive))
	}
	if err != nil {
		h.line = lineName()
	}
	return false, observed, err
}

// Lapsed asks on new connections: one that has fallen silent stays broken, whatever the link is like by now.
func (h *hole) Lapsed(ctx context.Context) (bool, error) {
	return anyCarries(ctx, h.alive)
}

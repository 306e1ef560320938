// Package link holds the one-way paths of a running lab. The Toxiproxy client is used only here.
package link

import (
	"context"
	"errors"
	"fmt"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Ask asks a question over a path from where the path starts; the question comes without an address.
type Ask func(ctx context.Context, q probe.Question) (probe.Answer, error)

// Link is one path of a running lab.
type Link struct {
	topology.Path
	hub *Hub
	ask Ask

	// changing is held by a change until the hub has taken it or it has been undone, also when who asked has stopped
	// waiting: a late one must not undo the next.
	changing sync.Mutex
}

// State is what the hub says of a path: whether it is cut, and its toxics beyond the baseline.
type State struct {
	Cut    bool
	Toxics []toxic.Toxic
}

// State asks the hub.
func (l *Link) State(ctx context.Context) (State, error) {
	var s State
	err := l.hub.call(ctx, "being asked about the link", func() error {
		p, err := l.hub.client.Proxy(l.Name)
		if err != nil {
			return err
		}
		s = stateOf(p)
		return nil
	})
	if err != nil {
		return State{}, fmt.Errorf("ask the hub about link %s: %w", l.Name, err)
	}
	return s, nil
}

func stateOf(p *toxiproxy.Proxy) State {
	s := State{Cut: !p.Enabled}
	for _, t := range p.ActiveToxics {
		if !isOf(baseline, t) {
			s.Toxics = append(s.Toxics, toxicOf(t))
		}
	}
	return s
}

// Ask asks a question from where the path starts. It does not know what was done to the link.
func (l *Link) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	if l.ask == nil {
		return probe.Answer{}, errors.New("ask over " + l.Name + ": there is nothing to ask from")
	}
	q.Service = l.Service
	return l.ask(ctx, q)
}

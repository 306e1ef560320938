// Package link holds the one-way paths of a running lab. The Toxiproxy client is used only here.
package link

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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

	// changing is held by a change until the hub has taken it, also when who asked has stopped waiting: a late one must not undo
	// the next.
	changing sync.Mutex
}

// change makes one change after another, and none for who has stopped waiting before it began.
func (l *Link) change(ctx context.Context, verb string, f func() error) error {
	err := call(ctx, func() error {
		l.changing.Lock()
		defer l.changing.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		return f()
	})
	if err != nil {
		return fmt.Errorf("%s link %s: %w", verb, l.Name, err)
	}
	return nil
}

// Cut refuses new connections and drops the open ones. It is read back.
func (l *Link) Cut(ctx context.Context) error {
	return l.change(ctx, "cut", func() error { return l.enable(false) })
}

// Restore undoes Cut. It is read back.
func (l *Link) Restore(ctx context.Context) error {
	return l.change(ctx, "restore", func() error { return l.enable(true) })
}

func (l *Link) enable(on bool) error {
	p, err := l.hub.client.Proxy(l.Name)
	if err != nil {
		return err
	}
	if p.Enabled == on {
		return nil
	}
	p.Enabled = on
	if err := p.Save(); err != nil {
		return err
	}
	if p, err = l.hub.client.Proxy(l.Name); err != nil {
		return err
	}
	if p.Enabled != on {
		return fmt.Errorf("the hub still says enabled=%t", p.Enabled)
	}
	return nil
}

// Deafen lets attempts to connect go unanswered, until Hear or until the link is cut. Open connections go on.
func (l *Link) Deafen(ctx context.Context) error {
	return l.change(ctx, "deafen", func() error { return l.hub.deaf(ctx, http.MethodPut, l.Name) })
}

// Hear undoes Deafen.
func (l *Link) Hear(ctx context.Context) error {
	return l.change(ctx, "undeafen", func() error { return l.hub.deaf(ctx, http.MethodDelete, l.Name) })
}

// Set gives the link the toxics of a holder, in place of all that the holder gave it before; those of others stay. Each is read back.
func (l *Link) Set(ctx context.Context, holder string, toxics []toxic.Toxic) error {
	return l.change(ctx, "set toxics of", func() error {
		p, err := l.hub.client.Proxy(l.Name)
		if err != nil {
			return err
		}
		for _, t := range p.ActiveToxics {
			if strings.HasPrefix(t.Name, holder+"_") {
				if err := p.RemoveToxic(t.Name); err != nil {
					return fmt.Errorf("remove %s: %w", t.Name, err)
				}
			}
		}
		for _, t := range toxics {
			if err := add(p, holder, t); err != nil {
				return fmt.Errorf("add %s: %w", t, err)
			}
		}
		return nil
	})
}

func add(p *toxiproxy.Proxy, holder string, t toxic.Toxic) error {
	attributes := toxiproxy.Attributes{}
	for name, v := range t.Attributes {
		attributes[name] = v
	}
	got, err := p.AddToxic(strings.Join([]string{holder, t.Type, string(t.Stream)}, "_"), t.Type, string(t.Stream), 1, attributes)
	if err != nil {
		return err
	}
	for name, want := range t.Attributes {
		if n, ok := got.Attributes[name].(float64); !ok || int64(n) != want {
			return fmt.Errorf("the hub took %s %d as %v", name, want, got.Attributes[name])
		}
	}
	return nil
}

// State is what the hub says of a path: whether it is cut, and its toxics beyond the baseline.
type State struct {
	Cut    bool
	Toxics []toxic.Toxic
}

// State asks the hub.
func (l *Link) State(ctx context.Context) (State, error) {
	var s State
	err := call(ctx, func() error {
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
		if strings.HasPrefix(t.Name, baseline+"_") {
			continue
		}
		attributes := map[string]int64{}
		for name, v := range t.Attributes {
			if n, ok := v.(float64); ok {
				attributes[name] = int64(n)
			}
		}
		s.Toxics = append(s.Toxics, toxic.Toxic{Type: t.Type, Stream: probe.Stream(t.Stream), Attributes: attributes})
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

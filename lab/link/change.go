package link

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
)

// errLeft ends a change for which nobody waits any more.
var errLeft = errors.New("nobody waits for it any more")

// change makes one change after another, and each as a whole or not at all: who is told of an error finds the link as
// it was, or as it will be once the hub answers again. So what was given up before it began does not begin, and what
// had begun is undone. Nobody is there to be told of an error in that; the next change reads what the link is like.
func (l *Link) change(ctx context.Context, verb string, do func(next func(what string) error) (undo func() error,
	err error),
) error {
	err := l.hub.converse(ctx, "an earlier change of the link was under way", func(c conversation) {
		l.changing.Lock()
		defer l.changing.Unlock()
		next := func(what string) error {
			if !c.next(what) {
				return errLeft
			}
			return nil
		}
		if ctx.Err() != nil || next("being asked to "+verb+" it") != nil {
			return // whoever waited has been told why
		}
		undo, err := do(next)
		if err == nil && c.end(nil) {
			return
		}
		c.next("undoing what was done of it")
		c.end(errors.Join(err, undo()))
	})
	if err != nil {
		return fmt.Errorf("%s link %s: %w", verb, l.Name, err)
	}
	return nil
}

// Cut refuses new connections and drops the open ones. It is read back.
func (l *Link) Cut(ctx context.Context) error {
	return l.change(ctx, "cut", l.changeListening(ctx, func() error { return l.enable(false) }))
}

// Restore undoes Cut. It is read back.
func (l *Link) Restore(ctx context.Context) error {
	return l.change(ctx, "restore", l.changeListening(ctx, func() error { return l.enable(true) }))
}

// Deafen lets attempts to connect go unanswered, until Undeafen or until the link is cut. Open connections go on.
func (l *Link) Deafen(ctx context.Context) error {
	return l.change(ctx, "deafen", l.changeListening(ctx, func() error {
		return l.hub.deaf(ctx, http.MethodPut, l.Name, nil)
	}))
}

// Undeafen undoes Deafen.
func (l *Link) Undeafen(ctx context.Context) error {
	return l.change(ctx, "undeafen", l.changeListening(ctx, func() error {
		return l.hub.deaf(ctx, http.MethodDelete, l.Name, nil)
	}))
}

// changeListening is a change of how the link takes attempts to connect.
func (l *Link) changeListening(ctx context.Context, do func() error,
) func(func(string) error) (func() error, error) {
	return func(next func(string) error) (undo func() error, err error) {
		undo = func() error { return nil }
		p, err := l.hub.client.Proxy(l.Name)
		if err != nil {
			return undo, err
		}
		var was struct{ Deaf bool }
		if err := l.hub.deaf(ctx, http.MethodGet, l.Name, &was); err != nil {
			return undo, err
		}
		if err := next("changing how it takes connections"); err != nil {
			return undo, err
		}
		undo = func() error {
			if err := l.enable(p.Enabled); err != nil || !p.Enabled {
				return err
			}
			if was.Deaf {
				return l.hub.deaf(ctx, http.MethodPut, l.Name, nil)
			}
			return l.hub.deaf(ctx, http.MethodDelete, l.Name, nil)
		}
		return undo, do()
	}
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

// Set adds the toxics of a holder to the link, in place of all that the holder added before; those of others stay.
// Each is read back.
func (l *Link) Set(ctx context.Context, holder string, toxics []toxic.Toxic) error {
	return l.change(ctx, "set toxics of", func(next func(string) error) (undo func() error, err error) {
		undo = func() error { return nil }
		p, err := l.hub.client.Proxy(l.Name)
		if err != nil {
			return undo, err
		}
		var had []toxic.Toxic
		for _, t := range p.ActiveToxics {
			if isOf(holder, t) {
				had = append(had, toxicOf(t))
			}
		}
		undo = func() error {
			p, err := l.hub.client.Proxy(l.Name)
			if err != nil {
				return err
			}
			return replace(p, holder, had, func(string) error { return nil })
		}
		return undo, replace(p, holder, toxics, next)
	})
}

// replace takes the toxics of a holder away, and adds others.
func replace(p *toxiproxy.Proxy, holder string, toxics []toxic.Toxic, next func(what string) error) error {
	for _, t := range p.ActiveToxics {
		if !isOf(holder, t) {
			continue
		}
		if err := next("removing a toxic"); err != nil {
			return err
		}
		if err := p.RemoveToxic(t.Name); err != nil {
			return fmt.Errorf("remove %s: %w", t.Name, err)
		}
	}
	for _, t := range toxics {
		if err := next("adding a toxic"); err != nil {
			return err
		}
		if err := add(p, holder, t); err != nil {
			return fmt.Errorf("add %s: %w", t, err)
		}
	}
	return nil
}

func isOf(holder string, t toxiproxy.Toxic) bool { return strings.HasPrefix(t.Name, holder+"_") }

func add(p *toxiproxy.Proxy, holder string, t toxic.Toxic) error {
	attributes := toxiproxy.Attributes{}
	for name, v := range t.Attributes {
		attributes[name] = v
	}
	name := strings.Join([]string{holder, t.Type, string(t.Stream)}, "_")
	got, err := p.AddToxic(name, t.Type, string(t.Stream), 1, attributes)
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

func toxicOf(t toxiproxy.Toxic) toxic.Toxic {
	attributes := map[string]int64{}
	for name, v := range t.Attributes {
		if n, ok := v.(float64); ok {
			attributes[name] = int64(n)
		}
	}
	return toxic.Toxic{Type: t.Type, Stream: probe.Stream(t.Stream), Attributes: attributes}
}

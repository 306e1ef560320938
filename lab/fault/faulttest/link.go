package faulttest

import (
	"context"
	"net"
	"strconv"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// Link is a link of the lab. One fault at a time may hold it.
type Link struct {
	lab  *Lab
	link *link.Link
}

func newLink(l *Lab, h *link.Hub, s topology.Path) *Link {
	return &Link{lab: l, link: h.Link(s, func(ctx context.Context, q probe.Question) (probe.Answer, error) {
		q.Address = addressOf(s)
		return l.lines.Ask(ctx, q)
	})}
}

func addressOf(s topology.Path) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// Path is where the link leads.
func (k *Link) Path() fault.Path {
	s := k.link.Path
	return fault.Path{Name: s.Name, From: s.From, To: s.To, Service: s.Service, Control: s.Control}
}

// holder is who holds links in this lab.
const holder = "fault"

// Hold breaks the link.
func (k *Link) Hold(ctx context.Context, state fault.LinkState) error {
	if k.lab.defect == IgnoresInjection {
		return nil
	}
	if err := k.link.Set(ctx, holder, state.Toxics); err != nil {
		return err
	}
	switch {
	case state.Cut:
		return k.link.Cut(ctx)
	case state.Deaf:
		return k.link.Deafen(ctx)
	}
	return nil
}

// Release lets go of the link.
func (k *Link) Release(ctx context.Context) (bool, error) {
	if k.lab.defect == IgnoresHealing {
		return true, nil
	}
	if err := k.link.Set(ctx, holder, nil); err != nil {
		return false, err
	}
	if err := k.link.Restore(ctx); err != nil {
		return false, err
	}
	return true, k.link.Undeafen(ctx)
}

// Ask asks over the link.
func (k *Link) Ask(ctx context.Context, q probe.Question) (probe.Answer, error) {
	return k.link.Ask(ctx, q)
}

// Behind asks past it.
func (k *Link) Behind(ctx context.Context) error {
	a, err := k.lab.lines.Ask(ctx, probe.Question{
		Way: probe.RoundTrip, Service: k.link.Service,
		Address: k.link.Upstream,
	})
	if err != nil {
		return err
	}
	return a.Err()
}

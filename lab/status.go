package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/link"
)

// Status is a lab as it is now.
type Status struct {
	Lab     string       `json:"lab"`
	Kept    bool         `json:"kept"`
	Problem string       `json:"problem,omitempty"` // why nothing more is known
	DNS     string       `json:"dns,omitempty"`
	Routing *Routing     `json:"routing,omitempty"`
	Nodes   []NodeStatus `json:"nodes,omitempty"`
	Links   []LinkStatus `json:"links,omitempty"`
}

// NodeStatus is one node: running or down, by the engine's word, and where its tap is.
type NodeStatus struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Tap   string `json:"tap,omitempty"`
}

// LinkStatus is one link: open, cut, or open with latency added.
type LinkStatus struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// Status asks every node and every link.
func (l *Lab) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s := Status{Lab: l.Name, DNS: l.resolver, Nodes: make([]NodeStatus, len(l.nodes))}
	var g errgroup.Group
	var mu sync.Mutex
	g.Go(func() error {
		if r, err := l.Routing(ctx); err == nil {
			s.Routing = &r
		}
		return nil
	})
	for i, n := range l.nodes {
		g.Go(func() error {
			is, err := n.State(ctx)
			state := string(is)
			if err != nil {
				state = err.Error()
			}
			tap, _ := l.Tap(n.Name()) // the hub has none
			s.Nodes[i] = NodeStatus{Name: n.Name(), State: state, Tap: tap}
			return nil
		})
	}
	for _, k := range l.links {
		if k.From == link.Tap {
			continue
		}
		g.Go(func() error {
			state := "open"
			if is, err := k.State(ctx); err != nil {
				state = err.Error()
			} else if is.Cut {
				state = "cut"
			} else if len(is.Toxics) > 0 {
				state = fmt.Sprintf("open, %v", is.Toxics)
			}
			mu.Lock()
			defer mu.Unlock()
			s.Links = append(s.Links, LinkStatus{Name: k.Name, State: state})
			return nil
		})
	}
	_ = g.Wait()
	sortLinks(s.Links)
	return s
}

func sortLinks(links []LinkStatus) {
	slices.SortFunc(links, func(a, b LinkStatus) int { return strings.Compare(a.Name, b.Name) })
}

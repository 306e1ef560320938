package hub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// newToxic reads a toxic: first its type, by which its attributes are read.
func newToxic(raw []byte) (*toxics.ToxicWrapper, error) {
	t := &toxics.ToxicWrapper{Toxic: new(toxics.NoopToxic), Stream: "downstream", Toxicity: 1}
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, fmt.Errorf("read the toxic: %w", err)
	}
	var err error
	if t.Direction, err = stream.ParseDirection(t.Stream); err != nil {
		return nil, fmt.Errorf("stream %q is neither upstream nor downstream", t.Stream)
	}
	if toxics.New(t) == nil {
		return nil, fmt.Errorf("there is no toxic of type %q", t.Type)
	}
	attributes := struct {
		Toxic toxics.Toxic `json:"attributes"`
	}{t.Toxic}
	if err := json.Unmarshal(raw, &attributes); err != nil {
		return nil, fmt.Errorf("read the attributes of toxic %s: %w", t.Name, err)
	}
	return t, nil
}

// addToxic adds a toxic to all connections, those that are open as well.
func (p *proxy) addToxic(t *toxics.ToxicWrapper) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.toxics, func(has *toxics.ToxicWrapper) bool { return has.Name == t.Name }) {
		return failure{http.StatusConflict, "there is a toxic " + t.Name + " already"}
	}
	p.toxics = append(p.toxics, t)
	p.rewire(t.Direction, func(c *pipe) { c.rewire(p.chain(t.Direction)) })
	return nil
}

// removeToxic removes a toxic from all connections. One that has dropped bytes ends its connections.
func (p *proxy) removeToxic(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.toxics, func(has *toxics.ToxicWrapper) bool { return has.Name == name })
	if i < 0 {
		return failure{http.StatusNotFound, "there is no toxic " + name}
	}
	t := p.toxics[i]
	p.toxics = slices.Delete(p.toxics, i, i+1)
	change := func(c *pipe) { c.rewire(p.chain(t.Direction)) }
	if _, drops := t.Toxic.(toxics.CleanupToxic); drops {
		change = (*pipe).end
	}
	p.rewire(t.Direction, change)
	return nil
}

// chain are the toxics of a direction, in the order in which they were added.
func (p *proxy) chain(d stream.Direction) []*toxics.ToxicWrapper {
	return slices.DeleteFunc(slices.Clone(p.toxics), func(t *toxics.ToxicWrapper) bool { return t.Direction != d })
}

// rewire changes the pipes of a direction, all at once.
func (p *proxy) rewire(d stream.Direction, change func(*pipe)) {
	var all sync.WaitGroup
	for c := range p.connections {
		all.Go(func() { change(c.pipes[d]) })
	}
	all.Wait()
}

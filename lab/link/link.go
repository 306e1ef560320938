package link

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

// Link is one path of a running lab.
type Link struct {
	Spec
	hub  *Hub
	trip func(context.Context) error

	// changing is held by a change until the hub has taken it, also when who asked has stopped waiting: a late one must not undo
	// the next.
	changing sync.Mutex
}

// change makes one change after another, and none for who has stopped waiting before it began.
func (l *Link) change(ctx context.Context, f func() error) error {
	return call(ctx, func() error {
		l.changing.Lock()
		defer l.changing.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		return f()
	})
}

// Name of the path, such as "us-west-2_us-east-1_postgres".
func (l *Link) Name() string { return l.Spec.Name }

// Cut refuses new connections and drops the open ones. It is read back.
func (l *Link) Cut(ctx context.Context) error { return l.enable(ctx, false) }

// Restore undoes Cut. It is read back.
func (l *Link) Restore(ctx context.Context) error { return l.enable(ctx, true) }

func (l *Link) enable(ctx context.Context, on bool) error {
	verb := map[bool]string{true: "restore", false: "cut"}[on]
	err := l.change(ctx, func() error {
		p, err := l.hub.client.Proxy(l.Spec.Name)
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
		if p, err = l.hub.client.Proxy(l.Spec.Name); err != nil {
			return err
		}
		if p.Enabled != on {
			return fmt.Errorf("the hub still says enabled=%t", p.Enabled)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s link %s: %w", verb, l.Spec.Name, err)
	}
	return nil
}

// Delay adds latency each way, replacing what an earlier Delay added; zero removes it. The baseline of the link stays.
func (l *Link) Delay(ctx context.Context, latency, jitter time.Duration) error {
	return l.delay(ctx, "delay", latency, jitter)
}

func (l *Link) delay(ctx context.Context, name string, latency, jitter time.Duration) error {
	if latency%time.Millisecond != 0 || jitter%time.Millisecond != 0 {
		return fmt.Errorf("delay link %s by %s±%s: whole milliseconds only", l.Spec.Name, latency, jitter)
	}
	err := l.change(ctx, func() error {
		p, err := l.hub.client.Proxy(l.Spec.Name)
		if err != nil {
			return err
		}
		for _, stream := range []string{"upstream", "downstream"} {
			if err := setLatency(p, name+"_"+stream, stream, latency, jitter); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delay link %s by %s: %w", l.Spec.Name, latency, err)
	}
	return nil
}

// setLatency puts one typed toxic in place and reads it back: Toxiproxy takes a misspelt attribute for zero.
func setLatency(p *toxiproxy.Proxy, name, stream string, latency, jitter time.Duration) error {
	toxics, err := p.Toxics()
	if err != nil {
		return err
	}
	for _, t := range toxics {
		if t.Name == name {
			if err := p.RemoveToxic(name); err != nil {
				return err
			}
		}
	}
	if latency == 0 && jitter == 0 {
		return nil
	}
	attributes := toxiproxy.Attributes{"latency": latency.Milliseconds(), "jitter": jitter.Milliseconds()}
	got, err := p.AddToxic(name, "latency", stream, 1, attributes)
	if err != nil {
		return err
	}
	for key, want := range map[string]time.Duration{"latency": latency, "jitter": jitter} {
		if ms, ok := got.Attributes[key].(float64); !ok || int64(ms) != want.Milliseconds() {
			return fmt.Errorf("the hub took %s %s as %v", key, want, got.Attributes[key])
		}
	}
	return nil
}

// State is what the hub says of a path: whether it is cut, and what latency is added each way beyond the baseline.
type State struct {
	Cut   bool
	Delay time.Duration
}

// State asks the hub.
func (l *Link) State(ctx context.Context) (State, error) {
	var s State
	err := call(ctx, func() error {
		p, err := l.hub.client.Proxy(l.Spec.Name)
		if err != nil {
			return err
		}
		s.Cut = !p.Enabled
		for _, t := range p.ActiveToxics {
			if ms, ok := t.Attributes["latency"].(float64); ok && t.Name == "delay_downstream" {
				s.Delay = time.Duration(ms) * time.Millisecond
			}
		}
		return nil
	})
	if err != nil {
		return State{}, fmt.Errorf("ask the hub about link %s: %w", l.Spec.Name, err)
	}
	return s, nil
}

// Trip makes one round trip from where the path starts and says how long it took.
func (l *Link) Trip(ctx context.Context) (time.Duration, error) {
	if l.trip == nil {
		return 0, errors.New("make a round trip over " + l.Spec.Name + ": nothing to make it from")
	}
	start := time.Now()
	err := l.trip(ctx)
	return time.Since(start), err
}

package hub

import (
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

func init() { toxics.Register("line", new(line)) }

// line passes data at a limited rate, which all connections of a link share, as they do a line between two regions.
// Toxiproxy's bandwidth gives the rate to each of them.
type line struct {
	toxics.BandwidthToxic

	mu   sync.Mutex
	free time.Time // when all that was let in will have passed
}

// linePart is how much of one connection passes before another has its turn.
const linePart = 50 * time.Millisecond

// Pipe passes what comes when its turn is over. Whoever interrupts it waits for no more than one part.
func (t *line) Pipe(s *toxics.ToxicStub) {
	for {
		select {
		case <-s.Interrupt:
			return
		case c := <-s.Input:
			if c == nil {
				s.Close()
				return
			}
			if !t.pass(s, c) {
				return
			}
		}
	}
}

// pass is false where it was interrupted: what is left passes at once then, so that no byte is missing.
func (t *line) pass(s *toxics.ToxicStub, c *stream.StreamChunk) bool {
	part := max(1, int(t.Rate)*int(linePart.Milliseconds())) // kilobytes a second are bytes a millisecond
	for len(c.Data) > 0 {
		n := min(part, len(c.Data))
		select {
		case <-s.Interrupt:
			s.Output <- c
			return false
		case <-time.After(time.Until(t.turn(n))):
		}
		s.Output <- &stream.StreamChunk{Data: c.Data[:n], Timestamp: c.Timestamp}
		c.Data = c.Data[n:]
	}
	return true
}

// turn is when so many bytes will have passed that are let in now.
func (t *line) turn(n int) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.free.Before(now) {
		t.free = now
	}
	if t.Rate > 0 {
		t.free = t.free.Add(time.Duration(n) * time.Millisecond / time.Duration(t.Rate))
	}
	return t.free
}

package hub

import (
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// The toxics that end a stream by themselves. Toxiproxy's stop reading when they do, and the toxic before them then
// waits for ever to write: it can't be interrupted, and so the next change of the proxy never ends
// (Shopify/toxiproxy#412 and #558). These read on, and drop what they read, until the stream ends. All other toxics
// end only when the one before them has.
func init() {
	toxics.Register("limit_data", new(limit))
	toxics.Register("timeout", new(timeout))
	toxics.Register("reset_peer", new(reset))
}

type limit struct{ toxics.LimitDataToxic }

func (t *limit) Pipe(s *toxics.ToxicStub) {
	// Toxiproxy counts the toxics of a connection wrongly once one of them has ended, and may run this one where it
	// made no state for it.
	if _, ok := s.State.(*toxics.LimitDataToxicState); !ok {
		s.State = t.NewState()
	}
	t.LimitDataToxic.Pipe(s)
	drainEnded(s)
}

type timeout struct{ toxics.TimeoutToxic }

func (t *timeout) Pipe(s *toxics.ToxicStub) {
	t.TimeoutToxic.Pipe(s)
	drainEnded(s)
}

// Cleanup ends the connection: bytes of it are missing.
func (t *timeout) Cleanup(s *toxics.ToxicStub) {
	t.TimeoutToxic.Cleanup(s)
	go drain(s.Input)
}

type reset struct{ toxics.ResetToxic }

func (t *reset) Pipe(s *toxics.ToxicStub) {
	t.ResetToxic.Pipe(s)
	drainEnded(s)
}

// drainEnded drains the input of a toxic that has ended the stream, as opposed to one that was interrupted.
func drainEnded(s *toxics.ToxicStub) {
	if s.Closed() {
		drain(s.Input)
	}
}

func drain(c <-chan *stream.StreamChunk) {
	for more := true; more; {
		_, more = <-c
	}
}

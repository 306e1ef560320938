package hub

import (
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// stage is a toxic at work on one pipe.
type stage struct {
	toxic *toxics.ToxicWrapper
	stub  *toxics.ToxicStub
	input chan *stream.StreamChunk
}

// remains is what a toxic leaves that was stopped: what it had yet to read, the oldest first, and its state.
type remains struct {
	unread []*stream.StreamChunk
	state  any
}

// The ends of every chain.
var first, last = noop(), noop()

func noop() *toxics.ToxicWrapper {
	return &toxics.ToxicWrapper{Toxic: new(toxics.NoopToxic), Type: "noop", Toxicity: 1}
}

func newStage(t *toxics.ToxicWrapper, input, output chan *stream.StreamChunk, state any) *stage {
	s := &stage{toxic: t, input: input, stub: toxics.NewToxicStub(input, output)}
	if stateful, ok := t.Toxic.(toxics.StatefulToxic); ok && state == nil {
		state = stateful.NewState()
	}
	s.stub.State = state
	return s
}

// run runs the toxic until it is stopped, or until it ends the stream. Then what is still sent to it is taken, so that who sends it does not wait for ever.
func (s *stage) run() {
	s.stub.Run(s.toxic)
	if s.stub.Closed() {
		drain(s.input)
	}
}

// stop stops the toxic, and returns what it has written to its output that nobody has read. It is not stopped if it has ended the stream.
func (s *stage) stop(output <-chan *stream.StreamChunk) (stopped bool, wrote []*stream.StreamChunk) {
	done := make(chan bool, 1)
	go func() { done <- s.stub.InterruptToxic() }()
	for waiting := true; waiting; {
		select {
		case c, open := <-output:
			if !open {
				output = nil
				continue
			}
			wrote = append(wrote, c)
		case stopped = <-done:
			waiting = false
		}
	}
	for { // what is in the buffer
		select {
		case c, open := <-output:
			if !open {
				return stopped, wrote
			}
			wrote = append(wrote, c)
		default:
			return stopped, wrote
		}
	}
}

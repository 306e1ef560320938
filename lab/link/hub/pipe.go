package hub

import (
	"io"
	"net"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// pipe is one direction of a connection: a reader, a chain of toxics, each with a goroutine of its own, and a writer. The chain begins and ends with
// a toxic that does nothing: the reader waits at the first while the chain changes, and the last keeps what the rest had under way.
//
// No toxic can block for ever, and so no change of the chain can: whatever a toxic writes is read by the next one, by who changes the chain, or by
// who goes on reading after the next one or the writer has ended. Only a far end that takes no bytes is waited for, and it loses its connection when
// a change has waited for it for longer than stuckAfter.
type pipe struct {
	from, to *net.TCPConn
	in, out  chan *stream.StreamChunk
	stages   []*stage // nil once the stream is known to have ended
	ended    chan struct{}
}

// stuckAfter is how long a far end may take no bytes while the chain changes. It is less than the 5 s after which some toxics drop what they have to
// write.
const stuckAfter = 2 * time.Second

// newPipe starts a pipe.
func newPipe(from, to *net.TCPConn, chain []*toxics.ToxicWrapper) *pipe {
	p := &pipe{from: from, to: to, in: make(chan *stream.StreamChunk), out: make(chan *stream.StreamChunk), ended: make(chan struct{})}
	for _, t := range chain {
		if _, resets := t.Toxic.(*toxics.ResetToxic); resets { // closing resets then; it can't be set on a connection that has ended, which is as well
			_ = from.SetLinger(0)
			_ = to.SetLinger(0)
		}
	}
	p.wire(chain, nil)
	go p.read()
	go p.write()
	return p
}

func (p *pipe) read() {
	_, _ = io.Copy(stream.NewChanWriter(p.in), p.from) // an error is the end as well
	close(p.in)
}

func (p *pipe) write() {
	_, _ = io.Copy(p.to, stream.NewChanReader(p.out))
	_ = p.to.Close()
	drain(p.out)
	close(p.ended)
}

// drain takes what nobody wants any more.
func drain(c <-chan *stream.StreamChunk) {
	for more := true; more; {
		_, more = <-c
	}
}

// end closes both ends, and the chain runs out.
func (p *pipe) end() {
	_ = p.from.Close()
	_ = p.to.Close()
}

// wire starts a chain, with what toxics of the chain before have left.
func (p *pipe) wire(chain []*toxics.ToxicWrapper, left map[*toxics.ToxicWrapper]remains) {
	whole := append(append([]*toxics.ToxicWrapper{first}, chain...), last)
	p.stages = make([]*stage, len(whole))
	output := p.out
	for i := len(whole) - 1; i >= 0; i-- {
		input := p.in
		if i > 0 {
			unread := left[whole[i]].unread
			input = make(chan *stream.StreamChunk, whole[i].BufferSize+len(unread))
			for _, c := range unread {
				input <- c
			}
		}
		p.stages[i] = newStage(whole[i], input, output, left[whole[i]].state)
		output = input
	}
	for _, s := range p.stages {
		go s.run()
	}
}

// rewire has the pipe run through another chain. What is under way stays in its order, before the toxic that it was before; what was before one that is
// gone goes on to the next.
func (p *pipe) rewire(chain []*toxics.ToxicWrapper) {
	if p.stages == nil {
		return
	}
	stuck := time.AfterFunc(stuckAfter, func() { _ = p.to.Close() })
	defer stuck.Stop()
	unread, ended := p.stop()
	if ended < 0 {
		p.wire(chain, p.remains(chain, unread))
		return
	}
	if ended < len(p.stages)-1 { // what is under way goes out, and nothing comes after it
		go p.finish(unread)
	}
	p.stages = nil
}

// stop stops the toxics, from the last to the first, up to one that has ended the stream, whose index it returns; -1 if there is none. unread is
// what each toxic had yet to read.
func (p *pipe) stop() (unread [][]*stream.StreamChunk, ended int) {
	unread = make([][]*stream.StreamChunk, len(p.stages))
	for i := len(p.stages) - 1; i >= 0; i-- {
		var output <-chan *stream.StreamChunk // is read by nobody else any more
		if i < len(p.stages)-1 {
			output = p.stages[i+1].input
		}
		stopped, wrote := p.stages[i].stop(output)
		if output != nil {
			unread[i+1] = wrote
		}
		if !stopped {
			return unread, i
		}
	}
	return unread, -1
}

// remains is what the toxics that stay have left.
func (p *pipe) remains(chain []*toxics.ToxicWrapper, unread [][]*stream.StreamChunk) map[*toxics.ToxicWrapper]remains {
	left := map[*toxics.ToxicWrapper]remains{last: {}}
	for _, t := range chain {
		left[t] = remains{}
	}
	var on []*stream.StreamChunk // from toxics that are gone; what is nearer to the far end is older
	for i, s := range p.stages {
		on = append(unread[i], on...)
		if _, stays := left[s.toxic]; stays {
			left[s.toxic] = remains{unread: on, state: s.stub.State}
			on = nil
		}
	}
	return left
}

// finish writes what is under way, and ends the stream.
func (p *pipe) finish(unread [][]*stream.StreamChunk) {
	for i := len(unread) - 1; i >= 0; i-- {
		for _, c := range unread[i] {
			p.out <- c
		}
	}
	close(p.out)
}

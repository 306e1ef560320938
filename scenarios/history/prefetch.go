package history

import (
	"io"
	"sync"
)

// How much is read ahead: some blocks, so that neither side waits for the other at each.
const (
	blockSize = 1 << 16
	maxBlocks = 8
)

// prefetcher reads ahead in a goroutine of its own: a stream that is costly to read is read while the text before is
// worked on.
type prefetcher struct {
	full  chan block
	empty chan []byte
	stop  chan struct{}
	done  sync.WaitGroup
	now   block
	used  int // of now
}

// block is some text, and why there is no more after it.
type block struct {
	text []byte
	err  error
}

// prefetch starts reading; close ends it.
func prefetch(r io.Reader) *prefetcher {
	a := &prefetcher{full: make(chan block, maxBlocks), empty: make(chan []byte, maxBlocks), stop: make(chan struct{})}
	for range maxBlocks {
		a.empty <- make([]byte, blockSize)
	}
	a.done.Go(func() { a.fill(r) })
	return a
}

func (a *prefetcher) fill(r io.Reader) {
	for {
		var b block
		select {
		case b.text = <-a.empty:
		case <-a.stop:
			return
		}
		n := 0
		for n < len(b.text) && b.err == nil {
			var more int
			more, b.err = r.Read(b.text[n:])
			n += more
		}
		b.text = b.text[:n]
		a.full <- b // there is room: no more blocks are about
		if b.err != nil {
			return
		}
	}
}

// Read is that of the stream.
func (a *prefetcher) Read(p []byte) (int, error) {
	for a.used == len(a.now.text) {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.text != nil {
			a.empty <- a.now.text[:cap(a.now.text)]
		}
		a.now, a.used = <-a.full, 0
	}
	n := copy(p, a.now.text[a.used:])
	a.used += n
	return n, nil
}

// close stops reading ahead; the stream is not read any more when it returns.
func (a *prefetcher) close() {
	close(a.stop)
	a.done.Wait()
}

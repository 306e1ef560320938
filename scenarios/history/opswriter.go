package history

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// How much of a recording a killed harness may lose.
const (
	flushOps   = 64
	flushEvery = 250 * time.Millisecond
)

// opsWriter writes operations to a gzip file from a goroutine of its own, so that who records one does not wait for the
// disk.
type opsWriter struct {
	file     *os.File
	zip      *gzip.Writer
	opsSince func(n int) []Op // the operations recorded from the n-th on

	wake chan struct{} // there is a batch to write
	stop chan struct{} // closed by close
	done chan struct{} // closed when the last batch is written

	mu      sync.Mutex
	written int
	err     error // the first; nothing is written after it
}

func newOpsWriter(path string, from func(int) []Op) (*opsWriter, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &opsWriter{
		file: file, zip: gzip.NewWriter(file), opsSince: from,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	// the header: a harness killed at once leaves an empty recording, not a broken one
	if err := w.zip.Flush(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	go w.run()
	return w, nil
}

// notify tells the writer how many operations there are now.
func (w *opsWriter) notify(n int) {
	w.mu.Lock()
	due := n-w.written >= flushOps
	w.mu.Unlock()
	if !due {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (w *opsWriter) run() {
	defer close(w.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.wake:
		case <-tick.C:
		case <-w.stop:
			w.batch()
			return
		}
		w.batch()
	}
}

// batch writes and flushes what was recorded since the last one.
func (w *opsWriter) batch() {
	w.mu.Lock()
	n, failed := w.written, w.err != nil
	w.mu.Unlock()
	if failed {
		return
	}
	ops := w.opsSince(n)
	if len(ops) == 0 {
		return
	}
	err := w.write(ops)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written += len(ops)
	if err != nil {
		w.err = fmt.Errorf("record operations: %w", err)
	}
}

func (w *opsWriter) write(ops []Op) error {
	lines := json.NewEncoder(w.zip) // ends each value with a newline
	for _, op := range ops {
		if err := lines.Encode(op); err != nil {
			return err
		}
	}
	return w.zip.Flush()
}

func (w *opsWriter) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// close writes the rest and ends the file.
func (w *opsWriter) close() {
	close(w.stop)
	<-w.done
	ended := w.zip.Close()
	closed := w.file.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := errors.Join(ended, closed); err != nil && w.err == nil {
		w.err = fmt.Errorf("record operations: %w", err)
	}
}

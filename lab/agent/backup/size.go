package backup

import (
	"bytes"
	"fmt"
	"io"
)

// boundedBuffer refuses to grow beyond its bound.
type boundedBuffer struct {
	bytes.Buffer
	limit int
}

// Write keeps all of p or none of it.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, fmt.Errorf("the base backup is larger than %d MB, compressed", b.limit>>20)
	}
	return b.Buffer.Write(p)
}

// countingWriter counts what passes it.
type countingWriter struct {
	to    io.Writer
	bytes int64
}

// Write passes p on.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.bytes += int64(n)
	return n, err
}

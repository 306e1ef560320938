package supervisor

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/regionfall/regionfall/lab/topology"
)

const (
	linesKept   = 40  // of an app's log
	reasonLines = 3   // of those
	lineLength  = 200 // bytes of a line that are told
)

// tail keeps the last lines of what an app prints.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	line = strings.TrimSpace(strings.ToValidUTF8(line, ""))
	if line == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == linesKept {
		t.lines = slices.Delete(t.lines, 0, 1)
	}
	t.lines = append(t.lines, line)
}

// reason are the lines that say why the app ended: the last ones, or those that begin where a Go program said why,
// which it does before it says where.
func (t *tail) reason() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := max(0, len(t.lines)-reasonLines)
	if i := slices.IndexFunc(t.lines, func(line string) bool {
		return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
	}); i >= 0 {
		from = min(from, i)
	}
	lines := slices.Clone(t.lines[from:min(len(t.lines), from+reasonLines)])
	for i, line := range lines {
		line = strings.ReplaceAll(line, topology.Secret, "…")
		if len(line) > lineLength {
			line = strings.ToValidUTF8(line[:lineLength], "") + "…"
		}
		lines[i] = line
	}
	return lines
}

// stream is one of the two that an app prints to. What it gets it passes on, and its lines go to the tail.
type stream struct {
	to      io.Writer
	tail    *tail
	partial []byte // of a line that has not ended
}

// mostPartial is how much of a line is kept until it ends.
const mostPartial = 4 << 10

func (s *stream) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		s.partial = append(s.partial, line[:min(len(line), mostPartial-len(s.partial))]...)
		if whole {
			s.flush()
		}
		rest = after
	}
	_, _ = s.to.Write(p) // an app must not fail because nobody keeps its log
	return len(p), nil
}

// flush takes a line for whole.
func (s *stream) flush() {
	s.tail.add(string(s.partial))
	s.partial = s.partial[:0]
}

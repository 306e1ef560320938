package history

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strings"
	"testing"
)

// closed records a drill of 200 operations and gives its files.
func closed(t *testing.T) (ops, events []byte) {
	t.Helper()
	dir := t.TempDir()
	r, err := NewRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	record(r, 200)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return readFile(t, dir, OpsFile), readFile(t, dir, EventsFile)
}

// edited are the lines of a gzip file after something was done to them.
func edited(t *testing.T, zipped []byte, edit func(lines [][]byte) [][]byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for _, line := range edit(linesOf(text)) {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// linesOf are the lines, each with its end.
func linesOf(text []byte) [][]byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	return lines[:len(lines)-1]
}

func TestARecordingSaysHowMuchItIs(t *testing.T) {
	ops, events := closed(t)
	h, err := Load(write(t, OpsFile, ops, events))
	if err != nil {
		t.Fatal(err)
	}
	if lines := len(linesOf(events)); h.Truncated || h.Closing == nil ||
		*h.Closing != (Closing{Operations: 200, Events: lines - 1}) {
		t.Errorf("of 200 operations and %d lines it says %+v", lines, h.Closing)
	}
}

// Operations that are missing at a line's end, or in the middle, leave a file that is as good as any.
func TestOperationsThatAreMissingAreMissed(t *testing.T) {
	ops, events := closed(t)
	for name, edit := range map[string]func([][]byte) [][]byte{
		"the last":            func(l [][]byte) [][]byte { return l[:len(l)-1] },
		"one in the middle":   func(l [][]byte) [][]byte { return slices.Delete(l, 100, 101) },
		"the second half":     func(l [][]byte) [][]byte { return l[:100] },
		"all":                 func([][]byte) [][]byte { return nil },
		"all but a half line": func(l [][]byte) [][]byte { return [][]byte{l[0][:20]} },
	} {
		h, err := Load(write(t, OpsFile, edited(t, ops, edit), events))
		if err != nil || !h.Truncated || len(h.Ops) >= h.Closing.Operations {
			t.Errorf("%s: %d of %+v, truncated %v: %v", name, len(h.Ops), h.Closing, h.Truncated, err)
		}
	}
	more := edited(t, ops, func(l [][]byte) [][]byte { return append(l, []byte(goodOp+"\n")) })
	if _, err := Load(write(t, OpsFile, more, events)); err == nil ||
		!strings.Contains(err.Error(), "201 operations, of 200 that were recorded") {
		t.Errorf("one too many: %v", err)
	}
}

func TestEventsThatAreMissingOrMovedAreMissed(t *testing.T) {
	ops, events := closed(t)
	lines := linesOf(events)
	load := func(l [][]byte) (History, error) { return Load(write(t, OpsFile, ops, bytes.Join(l, nil))) }
	for i := range len(lines) - 1 {
		if _, err := load(slices.Delete(slices.Clone(lines), i, i+1)); err == nil ||
			!strings.Contains(err.Error(), "events were recorded, and") {
			t.Errorf("without line %d: %v", i+1, err)
		}
	}
	for n := range len(lines) {
		if h, err := load(lines[:n]); err != nil || h.Closing != nil {
			t.Errorf("cut off after line %d it reads as closed: %+v, %v", n, h.Closing, err)
		}
	}
	moved := slices.Clone(lines)
	moved[1], moved[4] = moved[4], moved[1]
	if _, err := load(moved); err == nil || !strings.Contains(err.Error(), "was recorded before the one above it") {
		t.Errorf("two lines are exchanged: %v", err)
	}
	if _, err := load(append(slices.Clone(lines), []byte(goodPhase+"\n"))); err == nil ||
		!strings.Contains(err.Error(), "was closed before") {
		t.Errorf("a line after the last: %v", err)
	}
}

// What could not be written is not vouched for.
func TestARecordingWithAHoleIsNotClosed(t *testing.T) {
	dir := t.TempDir()
	r, err := NewRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	record(r, 10)
	r.mu.Lock()
	r.keepError(io.ErrShortWrite)
	r.mu.Unlock()
	if err := r.Close(); err == nil {
		t.Error("the hole is not told")
	}
	if h, err := Load(dir); err != nil || h.Closing != nil {
		t.Errorf("it is closed with %+v: %v", h.Closing, err)
	}
}

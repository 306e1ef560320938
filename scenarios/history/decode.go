package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads the recording in dir. A cut-off end, as a killed harness leaves it, is accepted and said in Truncated, also where only Closing tells
// of it; anything else that can't be read is an error with file and line. Operations may also be in a plain ops.jsonl.
func Load(dir string) (History, error) {
	ops, err := loadOps(dir)
	if err != nil {
		return History{}, err
	}
	h, err := loadFile(filepath.Join(dir, EventsFile), DecodeEvents)
	if err != nil {
		return History{}, err
	}
	h.Ops, h.Truncated = ops.Ops, h.Truncated || ops.Truncated
	if c := h.Closing; c != nil {
		if len(h.Ops) > c.Operations {
			return History{}, fmt.Errorf("read history: %s: %d operations, of %d that were recorded", dir, len(h.Ops), c.Operations)
		}
		h.Truncated = h.Truncated || len(h.Ops) < c.Operations
	}
	return h, nil
}

func loadOps(dir string) (History, error) {
	h, err := loadFile(filepath.Join(dir, OpsFile), func(r io.Reader) (History, error) {
		zip, err := gzip.NewReader(r)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return History{Truncated: true}, nil // killed before the header was written
		}
		if err != nil {
			return History{}, err
		}
		return DecodeOps(zip)
	})
	if errors.Is(err, fs.ErrNotExist) {
		if plain, plainErr := loadFile(filepath.Join(dir, plainOpsFile), DecodeOps); !errors.Is(plainErr, fs.ErrNotExist) {
			return plain, plainErr
		}
	}
	return h, err
}

func loadFile(path string, decode func(io.Reader) (History, error)) (History, error) {
	f, err := os.Open(path)
	if err != nil {
		return History{}, fmt.Errorf("read history: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	h, err := decode(f)
	if err != nil {
		return History{}, fmt.Errorf("read history: %s: %w", path, err)
	}
	return h, nil
}

// DecodeOps reads operations, one a line; only Ops and Truncated of the result are set. Unknown keys, outcomes and kinds are errors
// with the line's number.
func DecodeOps(r io.Reader) (History, error) {
	var h History
	truncated, err := eachLine(r, func(line []byte) error {
		var op Op
		if err := strict(line, &op); err != nil {
			return fmt.Errorf("decode operation: %w", err)
		}
		if op.Kind != Write && op.Kind != Read {
			return fmt.Errorf("decode operation: kind %q is neither %s nor %s", op.Kind, Write, Read)
		}
		h.Ops = append(h.Ops, op)
		return nil
	})
	h.Truncated = truncated
	return h, err
}

// DecodeEvents reads the heading, marks, faults, final reads, phases and sights, one event a line; Ops of the result is not set. Unknown keys and types,
// and intervals that end before they begin, are errors with the line's number. So are lines that are missing, or in another order, before one that
// closes the recording.
func DecodeEvents(r io.Reader) (History, error) {
	var h History
	var order ordering
	truncated, err := eachLine(r, func(line []byte) error {
		var e event
		if err := strict(line, &e); err != nil {
			return fmt.Errorf("decode event: %w", err)
		}
		if h.Closing != nil {
			return fmt.Errorf("decode event %s: the recording was closed before it", e.Type)
		}
		if err := h.add(e); err != nil {
			return fmt.Errorf("decode event %s: %w", e.Type, err)
		}
		if c := h.Closing; c != nil {
			if err := order.complete(*c); err != nil {
				return fmt.Errorf("decode event %s: %w", e.Type, err)
			}
		}
		order.take(e)
		return nil
	})
	h.Truncated = truncated
	return h, err
}

// ordering is what the lines of events so far say of their number and order. A recorder writes them as they happen; a history that was put together by
// hand has no closing line, and may have them in any order.
type ordering struct {
	lines, astray int // astray is the first line that was recorded before the one above it
	last          int64
}

func (o *ordering) take(e event) {
	o.lines++
	if e.At < o.last && o.astray == 0 {
		o.astray = o.lines
	}
	o.last = e.At
}

func (o *ordering) complete(c Closing) error {
	switch {
	case o.lines != c.Events:
		return fmt.Errorf("%d events were recorded, and %d are here", c.Events, o.lines)
	case o.astray > 0:
		return fmt.Errorf("line %d was recorded before the one above it: the lines are in another order than they were", o.astray)
	}
	return nil
}

func (h *History) add(e event) error {
	switch e.Type {
	case eventMark:
		var m Mark
		if err := errors.Join(strict(e.Data, &m), ordered(&m.At)); err != nil {
			return err
		}
		h.Marks = append(h.Marks, m)
	case eventFault:
		var f Fault
		if err := strict(e.Data, &f); err != nil {
			return err
		}
		if err := errors.Join(ordered(f.Effective), ordered(f.Healed), ordered(f.Lapsed)); err != nil {
			return err
		}
		h.AddFault(f)
	case eventFinalRead:
		var read FinalRead
		if err := errors.Join(strict(e.Data, &read), ordered(&read.At)); err != nil {
			return err
		}
		if read.Read != BeforeReturn && read.Read != AfterReconciliation {
			return fmt.Errorf("read %q is neither %s nor %s", read.Read, BeforeReturn, AfterReconciliation)
		}
		h.Reads = append(h.Reads, read)
	case eventPhase:
		var p Phase
		if err := strict(e.Data, &p); err != nil {
			return err
		}
		h.Phases = append(h.Phases, p)
	case eventConfig:
		var c ConfigSight
		if err := errors.Join(strict(e.Data, &c), ordered(&c.At)); err != nil {
			return err
		}
		h.Configs = append(h.Configs, c)
	case eventLag:
		var l LagSight
		if err := errors.Join(strict(e.Data, &l), ordered(&l.At)); err != nil {
			return err
		}
		if l.Behind != nil && *l.Behind < 0 {
			return fmt.Errorf("%s of %s are %s behind", l.Store, l.To, *l.Behind)
		}
		h.Lags = append(h.Lags, l)
	case eventHeading:
		if h.Heading != (Heading{}) {
			return errors.New("there are two")
		}
		return strict(e.Data, &h.Heading)
	case eventStall:
		var at Interval
		if err := errors.Join(strict(e.Data, &at), ordered(&at)); err != nil {
			return err
		}
		h.Stalls = append(h.Stalls, at)
	case eventMachine:
		var m Machine
		if err := errors.Join(strict(e.Data, &m), ordered(&m.At)); err != nil {
			return err
		}
		h.Machines = append(h.Machines, m)
	case eventControl:
		var c Control
		if err := strict(e.Data, &c); err != nil {
			return err
		}
		h.Controls = append(h.Controls, c)
	case eventClosing:
		h.Closing = new(Closing)
		return strict(e.Data, h.Closing)
	default:
		return errors.New("no such type of event")
	}
	return nil
}

// ordered says whether an interval is one; a missing one is.
func ordered(i *Interval) error {
	if i == nil || i.Valid() {
		return nil
	}
	return fmt.Errorf("an interval ends at %d, before it begins at %d", i.Hi, i.Lo)
}

// strict decodes exactly one JSON object, without keys that into has no field for.
func strict(data []byte, into any) error {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r"), []byte("{")) {
		return errors.New("not a JSON object") // null would pass for one
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// eachLine hands the lines to one. Whoever writes a history ends each line with a newline, in one piece: a last line without one that
// can't be read, or a stream that ends too early, is the mark of a killed writer and makes truncated true. Any other trouble is
// an error with the line's number.
func eachLine(r io.Reader, one func([]byte) error) (truncated bool, err error) {
	lines := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, readErr := lines.ReadBytes('\n')
		whole := readErr == nil
		cut := errors.Is(readErr, io.ErrUnexpectedEOF)
		if !whole && !cut && !errors.Is(readErr, io.EOF) {
			return false, fmt.Errorf("line %d: %w", n, readErr)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := one(text); err != nil {
				if !whole {
					return true, nil
				}
				return false, fmt.Errorf("line %d: %w", n, err)
			}
		} else if whole {
			return false, fmt.Errorf("line %d: empty", n)
		}
		if !whole {
			return cut, nil
		}
	}
}

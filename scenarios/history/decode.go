package history

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Load reads the recording in dir. A cut-off end, as a killed harness leaves it, is accepted and said in Truncated,
// also where only Closing tells of it; anything else that can't be read is an error with file and line. Operations may
// also be in a plain ops.jsonl.
func Load(dir string) (History, error) {
	// The events come first: what decoding them leaves behind can be collected before the operations, most of the
	// memory, are there.
	h, eventsErr := loadFile(filepath.Join(dir, EventsFile),
		func(f *os.File) (History, error) { return DecodeEvents(f) })
	ops, err := loadOps(dir)
	if err := cmp.Or(err, eventsErr); err != nil {
		return History{}, err
	}
	h.Ops, h.Truncated = ops.Ops, h.Truncated || ops.Truncated
	if c := h.Closing; c != nil {
		if len(h.Ops) > c.Operations {
			return History{}, fmt.Errorf("read history: %s: %d operations, of %d that were recorded", dir, len(h.Ops),
				c.Operations)
		}
		h.Truncated = h.Truncated || len(h.Ops) < c.Operations
	}
	return h, nil
}

func loadOps(dir string) (History, error) {
	h, err := loadFile(filepath.Join(dir, OpsFile), decodeZipped)
	if errors.Is(err, fs.ErrNotExist) {
		if plain, plainErr := loadFile(filepath.Join(dir, plainOpsFile), decodePlain); !errors.Is(plainErr,
			fs.ErrNotExist) {
			return plain, plainErr
		}
	}
	return h, err
}

// decodeZipped unzips in one goroutine and decodes in another.
func decodeZipped(f *os.File) (History, error) {
	zip, err := gzip.NewReader(bufio.NewReaderSize(f, blockSize))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return History{Truncated: true}, nil // killed before the header was written
	}
	if err != nil {
		return History{}, err
	}
	text := prefetch(zip)
	defer text.close()
	return decodeOps(text, unzippedSize(f))
}

func decodePlain(f *os.File) (History, error) {
	info, err := f.Stat()
	if err != nil {
		return History{}, err
	}
	return decodeOps(f, info.Size())
}

// unzippedSize is how much text a gzip file holds, as its last four bytes have it; 0 when that can't be told. It is
// only a hint: of a file that was cut off they are something else.
func unzippedSize(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	var last [4]byte
	if _, err := f.ReadAt(last[:], info.Size()-int64(len(last))); err != nil {
		return 0
	}
	const densest = 24 // operations shrink to a twelfth or so
	return min(int64(binary.LittleEndian.Uint32(last[:])), densest*info.Size())
}

func loadFile(path string, decode func(*os.File) (History, error)) (History, error) {
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

// DecodeOps reads operations, one a line; only Ops and Truncated of the result are set. Unknown keys, outcomes and
// kinds are errors with the line's number.
func DecodeOps(r io.Reader) (History, error) { return decodeOps(r, 0) }

// decodeOps makes room for as many operations as text of that size holds, if the size is known.
func decodeOps(r io.Reader, size int64) (History, error) {
	var h History
	s := scanner{texts: newTexts()}
	seen := 0 // bytes of the operations so far
	truncated, err := eachLine(r, func(line []byte) error {
		var op Op
		if !s.op(line, &op) {
			var err error
			if op, err = decodeOp(line); err != nil {
				return err
			}
			s.texts.share(&op)
		}
		seen += len(line) + 1
		h.Ops = append(h.Ops, op)
		if len(h.Ops) == sampleSize && size > 0 {
			h.Ops = slices.Grow(h.Ops, int(size/int64(seen)+1)*sampleSize)
		}
		return nil
	})
	h.Truncated = truncated
	return h, err
}

// sampleSize is how many operations are read before the rest is estimated by the length of their lines. Those that
// follow are hardly shorter: times grow.
const sampleSize = 512

// decodeOp decodes any line, and says what is wrong with it.
func decodeOp(line []byte) (Op, error) {
	var op Op
	if err := decodeStrict(line, &op); err != nil {
		return op, fmt.Errorf("decode operation: %w", err)
	}
	if op.Kind != Write && op.Kind != Read {
		return op, fmt.Errorf("decode operation: kind %q is neither %s nor %s", op.Kind, Write, Read)
	}
	if d := op.Decided; d != nil && !d.known() {
		return op, fmt.Errorf("decode operation: decision %q is none of %s, %s and %s", d.Decision, Approved, Denied,
			Pending)
	}
	return op, nil
}

// DecodeEvents reads the heading, marks, faults, final reads, phases and sights, one event a line; Ops of the result is
// not set. Unknown keys and types, and intervals that end before they begin, are errors with the line's number. So are
// lines that are missing, or in another order, before one that closes the recording.
func DecodeEvents(r io.Reader) (History, error) {
	var h History
	var order ordering
	texts := newTexts()
	truncated, err := eachLine(r, func(line []byte) error {
		if h.addReading(line, texts, &order) {
			return nil
		}
		return h.addLine(line, &order)
	})
	h.Truncated = truncated
	return h, err
}

func (h *History) addLine(line []byte, order *ordering) error {
	var e event
	if err := decodeStrict(line, &e); err != nil {
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
	order.add(e)
	return nil
}

func (h *History) add(e event) error {
	switch e.Type {
	case eventMark:
		var m Mark
		if err := errors.Join(decodeStrict(e.Data, &m), checkInterval(&m.At)); err != nil {
			return err
		}
		h.Marks = append(h.Marks, m)
	case eventFault:
		var f Fault
		if err := decodeStrict(e.Data, &f); err != nil {
			return err
		}
		if err := errors.Join(checkInterval(f.Effective), checkInterval(f.Healed),
			checkInterval(f.Lapsed)); err != nil {
			return err
		}
		h.AddFault(f)
	case eventFinalRead:
		var read FinalRead
		if err := errors.Join(decodeStrict(e.Data, &read), checkInterval(&read.At)); err != nil {
			return err
		}
		if read.Read != BeforeReturn && read.Read != AfterReconciliation {
			return fmt.Errorf("read %q is neither %s nor %s", read.Read, BeforeReturn, AfterReconciliation)
		}
		h.Reads = append(h.Reads, read)
	case eventPhase:
		var p Phase
		if err := decodeStrict(e.Data, &p); err != nil {
			return err
		}
		h.Phases = append(h.Phases, p)
	case eventLag:
		var l LagSight
		if err := errors.Join(decodeStrict(e.Data, &l), checkInterval(&l.At)); err != nil {
			return err
		}
		if l.Behind != nil && *l.Behind < 0 {
			return fmt.Errorf("%s of %s are %s behind", l.Store, l.To, *l.Behind)
		}
		h.Lags = append(h.Lags, l)
	case eventStep, eventConfig, eventManifest, eventBacklog, eventSight, eventPortion:
		return h.addSeen(e)
	case eventHeading:
		if h.Heading != (Heading{}) {
			return errors.New("there are two")
		}
		return decodeStrict(e.Data, &h.Heading)
	case eventStall:
		var at Interval
		if err := errors.Join(decodeStrict(e.Data, &at), checkInterval(&at)); err != nil {
			return err
		}
		h.Stalls = append(h.Stalls, at)
	case eventMachine:
		var m Machine
		if err := errors.Join(decodeStrict(e.Data, &m), checkInterval(&m.At)); err != nil {
			return err
		}
		h.Machines = append(h.Machines, m)
	case eventControl:
		var c Control
		if err := decodeStrict(e.Data, &c); err != nil {
			return err
		}
		h.Controls = append(h.Controls, c)
	case eventClosing:
		h.Closing = new(Closing)
		return decodeStrict(e.Data, h.Closing)
	default:
		return errors.New("no such type of event")
	}
	return nil
}

// addSeen adds what has nothing to be checked but when it was seen.
func (h *History) addSeen(e event) (err error) {
	switch e.Type {
	case eventStep:
		h.Steps, err = appendSeen(h.Steps, e, func(*Step) *Interval { return nil })
	case eventConfig:
		h.Configs, err = appendSeen(h.Configs, e, func(c *ConfigSight) *Interval { return &c.At })
	case eventManifest:
		h.Manifests, err = appendSeen(h.Manifests, e, func(m *ManifestRead) *Interval { return &m.At })
	case eventBacklog:
		h.Backlogs, err = appendSeen(h.Backlogs, e, func(b *Backlog) *Interval { return &b.At })
	case eventPortion:
		h.Portions, err = appendSeen(h.Portions, e, func(p *Portion) *Interval { return &p.At })
	default:
		h.Sights, err = appendSeen(h.Sights, e, func(s *PipelineSight) *Interval { return &s.At })
	}
	return err
}

// appendSeen appends what an event holds, at is when it was seen.
func appendSeen[T any](all []T, e event, at func(*T) *Interval) ([]T, error) {
	var seen T
	if err := errors.Join(decodeStrict(e.Data, &seen), checkInterval(at(&seen))); err != nil {
		return all, err
	}
	return append(all, seen), nil
}

// checkInterval is an error for an interval that ends before it begins. A missing interval is valid.
func checkInterval(i *Interval) error {
	if i == nil || i.Valid() {
		return nil
	}
	return fmt.Errorf("an interval ends at %d, before it begins at %d", i.Hi, i.Lo)
}

// decodeStrict decodes exactly one JSON object, without keys that into has no field for.
func decodeStrict(data []byte, into any) error {
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

// eachLine hands the lines to one, which may not keep them. Whoever writes a history ends each line with a newline, in
// one piece: a last line without one that can't be read, or a stream that ends too early, is the mark of a killed
// writer and makes truncated true. Any other trouble is an error with the line's number.
func eachLine(r io.Reader, one func([]byte) error) (truncated bool, err error) {
	lines := bufio.NewReaderSize(r, blockSize)
	var long []byte
	for n := 1; ; n++ {
		line, readErr := lines.ReadSlice('\n')
		if errors.Is(readErr, bufio.ErrBufferFull) {
			for long = long[:0]; errors.Is(readErr, bufio.ErrBufferFull); line, readErr = lines.ReadSlice('\n') {
				long = append(long, line...)
			}
			long = append(long, line...)
			line = long
		}
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

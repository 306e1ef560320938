package history

import (
	"bytes"
	"slices"
)

// What surrounds the ids of a final read, as the recorder writes it.
var (
	readingBegin = []byte(`{"type":"` + eventFinalRead + `",`)
	readingIDs   = []byte(`,"ids":[`)
	readingEnd   = []byte(`]}}`)
)

// addReading adds a final read that looks as the recorder writes it, and says whether it did. Such a line is nothing
// but ids, a hundred thousand of them: those are taken out first, and only what is left is decoded.
func (h *History) addReading(line []byte, t *texts, order *ordering) bool {
	at := bytes.Index(line, readingIDs) + len(readingIDs)
	if at < len(readingIDs) || !bytes.HasPrefix(line, readingBegin) || !bytes.HasSuffix(line, readingEnd) ||
		at > len(line)-len(readingEnd) {
		return false
	}
	var known []string // stores are read more than once, and hold the same, mostly in the same order
	if n := len(h.Reads); n > 0 {
		known = h.Reads[n-1].IDs
	}
	ids, ok := scanIDs(line[at:len(line)-len(readingEnd)], known, t)
	if !ok || h.addLine(bytes.Join([][]byte{line[:at], readingEnd}, nil), order) != nil {
		return false
	}
	h.Reads[len(h.Reads)-1].IDs = ids
	return true
}

// scanIDs reads texts without escapes between commas.
func scanIDs(list []byte, known []string, t *texts) (ids []string, ok bool) {
	s := scanner{rest: list, ok: true}
	n := bytes.Count(list, []byte(`","`)) + 1
	same := 0 // how many are those of the last reading, from its first on
	if n < shareFrom {
		ids = make([]string, 0, n)
	}
	rest := known
	for {
		raw, escaped := s.text()
		if !s.ok || escaped {
			return nil, false
		}
		if ids == nil && (same == len(known) || known[same] != string(raw)) {
			ids = append(make([]string, 0, n), known[:same]...)
			rest = known[same:]
		}
		if ids == nil {
			same++
		} else {
			var id string
			if id, rest = findNear(rest, raw); id == "" {
				id = t.keep(raw)
			}
			ids = append(ids, id)
		}
		switch {
		case len(s.rest) > 0:
			s.expect(`,`)
		case ids == nil:
			return slices.Clip(known[:same]), true
		default:
			return ids, true
		}
	}
}

// shareFrom is the number of ids from which two equal readings share one list.
const shareFrom = 10_000

// findNear looks for an id among the next few, and returns what follows it.
func findNear(known []string, raw []byte) (id string, rest []string) {
	const near = 8
	for i, id := range known[:min(near, len(known))] {
		if id == string(raw) {
			return id, known[i+1:]
		}
	}
	return "", known
}

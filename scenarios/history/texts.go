package history

import (
	"encoding/json"
	"hash/maphash"
	"strings"
)

// The bounds of what texts remembers, and how big the pieces of memory are that ids share.
const (
	maxWords  = 4096
	recentIDs = 4096 // a power of two; reads are of what was written lately
	pieceSize = 1 << 16
)

// texts keeps each text of a recording once: a million operations are of a handful of regions, nodes and errors.
type texts struct {
	words  map[string]string // by how they are written, escapes and all
	recent []string          // ids, by their hash
	seed   maphash.Seed
	piece  strings.Builder // what ids are parts of; a full one is left to them
}

func newTexts() *texts {
	return &texts{words: map[string]string{}, recent: make([]string, recentIDs), seed: maphash.MakeSeed()}
}

// word is false when it is no text of JSON.
func (t *texts) word(raw []byte, escaped bool) (string, bool) {
	if known, is := t.words[string(raw)]; is {
		return known, true
	}
	word := string(raw)
	if escaped {
		var ok bool
		if word, ok = unescape(raw); !ok {
			return "", false
		}
	}
	if len(t.words) < maxWords {
		t.words[string(raw)] = word
	}
	return word, true
}

// unescape is false when it is no text of JSON.
func unescape(raw []byte) (string, bool) {
	quoted := append(append(make([]byte, 0, len(raw)+2), '"'), raw...)
	var text string
	err := json.Unmarshal(append(quoted, '"'), &text)
	return text, err == nil
}

func (t *texts) id(raw []byte) string {
	known := &t.recent[maphash.Bytes(t.seed, raw)%recentIDs]
	if *known != string(raw) {
		*known = t.keep(raw)
	}
	return *known
}

// keep copies a text into a piece of memory that it shares with others: a million small ones would cost more.
func (t *texts) keep(raw []byte) string {
	if t.piece.Cap()-t.piece.Len() < len(raw) {
		t.piece = strings.Builder{}
		t.piece.Grow(max(pieceSize, len(raw)))
	}
	from := t.piece.Len()
	t.piece.Write(raw)
	return t.piece.String()[from:]
}

// share has an operation that was decoded by encoding/json share its texts too.
func (t *texts) share(op *Op) {
	if op.Kind == Write {
		op.Kind = Write // the constant's memory
	} else {
		op.Kind = Read
	}
	for _, word := range []*string{&op.Region, &op.Node, &op.Path, &op.Error} {
		if known, is := t.words[*word]; is {
			*word = known
		} else if len(t.words) < maxWords && !strings.ContainsRune(*word, '\\') {
			t.words[*word] = *word
		}
	}
}

package history

import (
	"time"
	"unicode/utf8"
)

// scanner reads operations as the recorder writes them: these keys in this order, and nothing between them. It takes a
// twentieth of the time that encoding/json does, and knows nothing else: a line that it does not recognize is decoded
// by that, which also says what is wrong.
type scanner struct {
	texts *texts
	rest  []byte
	ok    bool
}

// op says whether it recognized the line; only then is the operation complete.
func (s *scanner) op(line []byte, op *Op) bool {
	s.rest, s.ok = line, true
	s.expect(`{"seq":`)
	op.Seq = s.number()
	switch {
	case s.has(`,"kind":"write"`):
		op.Kind = Write
	case s.has(`,"kind":"read"`):
		op.Kind = Read
	default:
		return false
	}
	s.expect(`,"id":`)
	op.ID = s.id()
	s.expect(`,"client":`)
	op.Client = s.small()
	s.expect(`,"due_ns":`)
	op.Due = s.time()
	s.expect(`,"sent_ns":`)
	op.Sent = s.time()
	s.expect(`,"done_ns":`)
	op.Done = s.time()
	switch {
	case s.has(`,"outcome":"ok"`):
		op.Outcome = OK
	case s.has(`,"outcome":"failed"`):
		op.Outcome = Failed
	case s.has(`,"outcome":"unknown"`):
		op.Outcome = Unknown
	default:
		return false
	}
	if s.has(`,"status":`) {
		op.Status = s.small()
	}
	if s.has(`,"region":`) {
		op.Region = s.word()
	}
	if s.has(`,"node":`) {
		op.Node = s.word()
	}
	if s.has(`,"revision":`) {
		op.Revision = s.small()
	}
	if s.has(`,"timeline":`) {
		op.Timeline = s.small()
	}
	if s.has(`,"path":`) {
		op.Path = s.word()
	}
	if s.has(`,"lag_ns":`) {
		op.Lag = s.time()
	}
	if s.has(`,"retry":`) {
		op.Retry = s.small()
	}
	s.expect(`,"attempts":`)
	op.Attempts = s.small()
	op.Given = s.has(`,"given":true`)
	if s.has(`,"error":`) {
		op.Error = s.word()
	}
	op.Decided = s.decided()
	s.expect(`}`)
	return s.ok && len(s.rest) == 0
}

// decided is nil where nothing was.
func (s *scanner) decided() *Decided {
	if !s.has(`,"decided":{"decision":`) {
		return nil
	}
	d := &Decided{Decision: s.word()}
	s.expect(`,"of":`)
	d.Of = s.id()
	if s.has(`,"by":`) {
		d.By = s.id()
	}
	s.expect(`}`)
	s.ok = s.ok && d.known()
	return d
}

// has skips text if it comes next.
func (s *scanner) has(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

func (s *scanner) expect(text string) { s.ok = s.has(text) && s.ok }

// number is a whole number as JSON writes it, of no more digits than surely fit.
func (s *scanner) number() int64 {
	const maxDigits = 18
	digits := s.rest
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	n, i := int64(0), 0
	for i < len(digits) && '0' <= digits[i] && digits[i] <= '9' {
		n = 10*n + int64(digits[i]-'0')
		if i++; i > maxDigits {
			break
		}
	}
	if i == 0 || i > maxDigits || i > 1 && digits[0] == '0' {
		s.ok = false
		return 0
	}
	s.rest = digits[i:]
	if negative {
		n = -n
	}
	return n
}

func (s *scanner) time() time.Duration { return time.Duration(s.number()) }

// small is a number that fits an int on every machine.
func (s *scanner) small() int {
	n := s.number()
	if int64(int32(n)) != n {
		s.ok = false
	}
	return int(n)
}

// text is what stands between quotes, and whether any of it is escaped.
func (s *scanner) text() (raw []byte, escaped bool) {
	if !s.has(`"`) {
		s.ok = false
		return nil, false
	}
	wide := false
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			raw, s.rest = s.rest[:i], s.rest[i+1:]
			s.ok = s.ok && (!wide || utf8.Valid(raw)) // what is not valid is replaced by encoding/json
			return raw, escaped
		case c == '\\':
			escaped = true
			i++ // whatever follows, it does not end the text
		case c < ' ':
			s.ok = false
			return nil, false
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	s.ok = false
	return nil, false
}

// word is one of few texts.
func (s *scanner) word() string {
	raw, escaped := s.text()
	word, ok := s.texts.word(raw, escaped)
	s.ok = s.ok && ok
	return word
}

// id is one of many texts.
func (s *scanner) id() string {
	raw, escaped := s.text()
	if escaped {
		word, ok := unescape(raw)
		s.ok = s.ok && ok
		return word
	}
	return s.texts.id(raw)
}

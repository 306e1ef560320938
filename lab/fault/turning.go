package fault

import (
	"slices"
	"time"
)

// agreeing is how many answers of the probe have to say the same before they are believed.
const agreeing = 2

// answer is one of the probe's that says what is waited for.
type answer struct {
	by    time.Duration // it had turned by then, if the answer is right
	after bool          // it was asked for when the order had been carried out
}

// confirmation is what the one who carried the order out says of it.
type confirmation struct {
	at               time.Duration
	vouched, already bool // vouched: the order was carried out; already: it is in force by now, and not only on its way
}

// turning is when a fault turned, in force or healed, as it follows from the answers of the probe. None of them is
// believed by itself, since a busy machine makes a wrong one now and then:
//
//   - It turned after the last but one answer to the contrary was asked for. Two say so, and one of them is right.
//   - It had turned by the second answer in an unbroken row, for the same reason. The row has to reach beyond the
//     moment at which the order had been carried out: before, it may be a hiccup of the machine that carries it out.
//   - A confirmation that vouches for it is as good as an answer: with it, one of the probe's is enough. If it is
//     that all is done, it had turned when that was said, unless an answer that came afterwards makes it doubtful.
type turning struct {
	since    time.Duration   // the order was given
	contrary []time.Duration // when the last two answers to the contrary were asked for
	doubted  bool            // one of all those was asked for when the order had been carried out
	row      []answer
}

// deny takes an answer to the contrary, which breaks the row.
func (t *turning) deny(asked time.Duration, after bool) {
	t.contrary = append(t.contrary, asked)
	if n := len(t.contrary); n > agreeing {
		t.contrary = t.contrary[n-agreeing:]
	}
	t.doubted = t.doubted || after
	t.row = nil
}

// agree takes an answer that says what is waited for.
func (t *turning) agree(a answer) { t.row = append(t.row, a) }

// window is when it turned; false as long as nobody can say.
func (t *turning) window(w confirmation) (Window, bool) {
	if n := len(t.row); n == 0 || !t.row[n-1].after {
		return Window{}, false
	}
	var by []time.Duration
	if len(t.row) >= agreeing {
		by = append(by, t.row[agreeing-1].by)
	}
	switch {
	case !w.vouched || w.already && t.doubted:
	case w.already:
		by = append(by, w.at)
	default:
		by = append(by, t.row[slices.IndexFunc(t.row, func(a answer) bool { return a.after })].by)
	}
	if len(by) == 0 {
		return Window{}, false
	}
	lo := t.since
	if len(t.contrary) == agreeing {
		lo = max(lo, t.contrary[0])
	}
	return Window{Lo: lo, Hi: slices.Min(by)}, true
}

package history

import "fmt"

// ordering is what the lines of events so far say of their number and order. A recorder writes them as they happen; a
// history that was put together by hand has no closing line, and may have them in any order.
type ordering struct {
	lines, misplaced int // misplaced is the first line that was recorded before the one above it
	last             int64
}

func (o *ordering) add(e event) {
	o.lines++
	if e.At < o.last && o.misplaced == 0 {
		o.misplaced = o.lines
	}
	o.last = e.At
}

func (o *ordering) complete(c Closing) error {
	switch {
	case o.lines != c.Events:
		return fmt.Errorf("%d events were recorded, and %d are here", c.Events, o.lines)
	case o.misplaced > 0:
		return fmt.Errorf("line %d was recorded before the one above it: the lines are in another order than they were",
			o.misplaced)
	}
	return nil
}

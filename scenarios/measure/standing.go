package measure

import (
	"slices"

	"github.com/regionfall/regionfall/scenarios/history"
)

// follows says whether another region than the one in charge answered by its database: by a timeline that began with
// it.
func (t *tenure) follows(op *history.Op) bool {
	return t.timeline > 0 && op.Timeline > t.timeline && op.Region != t.region
}

// standing is what to think of an answer by who gave it.
type standing int

const (
	rightful  standing = iota
	doubtful           // it was sent when somebody else may have been in charge already
	forbidden          // it was sent when somebody else surely was, or by a region that was lost
)

// standing of an answer: one by a region that a fault took away and that was not given back, or, whatever the fault, by
// any but the region in charge to something sent after its promotion. The second holds also when all is healed: the old
// primary is none any more, and two that acknowledge are a split brain; one that writes to the database in charge, as
// its timeline shows, is none.
func (c *charge) standing(op *history.Op, causes []cause) standing {
	if lost(op, causes) {
		return forbidden
	}
	is := rightful
	for i := range c.changes {
		t := &c.changes[i]
		if i+1 < len(c.changes) && c.changes[i+1].from.Lo <= op.Done &&
			(c.changes[i+1].from.Hi < op.Sent || c.changes[i+1].region == op.Region) {
			continue // the next one rules it
		}
		if op.Region == "" || op.Region == t.region || t.follows(op) {
			continue
		}
		switch {
		case op.Sent > t.from.Hi:
			is = forbidden
		case t.inferred && op.Sent > t.from.Lo && is == rightful:
			is = doubtful
		}
	}
	return is
}

// lost says whether a fault had taken away the region that an operation was sent to, and had not given it back.
func lost(op *history.Op, causes []cause) bool {
	return slices.ContainsFunc(causes, func(by cause) bool {
		back, is := by.healedAt()
		return by.loses(op.Region) && op.Sent >= by.effect.Hi && (!is || op.Sent < back)
	})
}

// standing is what to think of who answered an operation. Before anything was broken nobody else could be in charge. An
// acknowledgement that names no timeline may come from an app that writes to the database in charge: whether it did is
// told by that.
func (v *view) standing(op *history.Op) standing {
	if len(v.causes) == 0 || op.Sent < v.causes[0].effect.Hi {
		return rightful
	}
	is := v.charge.standing(op, v.causes)
	if is == rightful || op.Timeline > 0 || !acknowledged(op) || lost(op, v.causes) {
		return is
	}
	return v.standingByDatabase(op, is)
}

// standingByDatabase is what the database in charge says of an acknowledgement: it holds the write, or lacks it. It
// says neither where it was not read since, or where another attempt may have put the write there. An app without a
// database has none to ask.
func (v *view) standingByDatabase(op *history.Op, otherwise standing) standing {
	held := v.heldInCharge()
	slot, _ := v.ids().find(op.ID)
	switch {
	case !held.asked:
		return otherwise
	case held.has == nil:
		return doubtful
	case held.has[slot] && v.tries()[slot] == 1:
		return rightful
	case !held.has[slot] && op.Done <= held.at:
		return otherwise
	}
	return doubtful
}

// triesOf is how many writes of each id may have been applied.
func (v *view) triesOf() []int {
	tries := make([]int, v.ids().count())
	for i, slot := range v.ids().of {
		if op := &v.Ops[i]; op.Kind == history.Write && op.Outcome != history.Failed {
			tries[slot]++
		}
	}
	return tries
}

package measure

import "github.com/regionfall/regionfall/scenarios/history"

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
	for i := range causes {
		by := &causes[i]
		back, is := by.healedAt()
		if by.loses(op.Region) && op.Sent >= by.effect.Hi && (!is || op.Sent < back) {
			return forbidden
		}
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
